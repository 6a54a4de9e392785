/// Reads the parts of a date and time from bytes; every method throws on the first byte that does not fit.
struct DateTimeScanner {
    private let bytes: [UInt8]
    private var position = 0

    /// Longest text that can be a time: more is refused before any work.
    static let maximumLength = 128

    init(_ text: some StringProtocol) throws(TimestampError) {
        try self.init(bytes: Array(text.utf8.prefix(DateTimeScanner.maximumLength + 1)))
    }

    init(bytes: [UInt8]) throws(TimestampError) {
        guard bytes.count <= DateTimeScanner.maximumLength else { throw .trailingText }
        self.bytes = bytes
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    mutating func expect(_ byte: UInt8, before field: TimestampError.Field) throws(TimestampError) {
        guard skip(byte) else { throw .malformed(field) }
    }

    /// XML Schema's white space (`whiteSpace="collapse"`).
    mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D { position += 1 }
    }

    /// Exactly `count` digits.
    mutating func number(_ count: Int, _ field: TimestampError.Field) throws(TimestampError) -> Int {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { throw .malformed(field) }
            value = value * 10 + digit
        }
        return value
    }

    mutating func digit() -> Int? {
        guard let byte = next, (0x30...0x39).contains(byte) else { return nil }
        position += 1
        return Int(byte - 0x30)
    }

    /// One or more digits after a decimal separator, as nanoseconds; digits beyond the ninth are dropped.
    mutating func fraction() throws(TimestampError) -> Int {
        guard var value = digit() else { throw .malformed(.fraction) }
        var places = 1
        while let digit = digit() {
            if places < 9 {
                value = value * 10 + digit
                places += 1
            }
        }
        while places < 9 {
            value *= 10
            places += 1
        }
        return value
    }

    /// `Z` or `±hh:mm`, in seconds east of UTC; `nil` when neither follows.
    mutating func zone() throws(TimestampError) -> Int? {
        if skip(UInt8(ascii: "Z")) { return 0 }
        let sign: Int
        if skip(UInt8(ascii: "+")) { sign = 1 } else if skip(UInt8(ascii: "-")) { sign = -1 } else { return nil }
        let hours = try number(2, .zone)
        try expect(UInt8(ascii: ":"), before: .zone)
        let minutes = try number(2, .zone)
        guard hours <= 23, minutes <= 59 else { throw .outOfRange(.zone) }
        return sign * (hours * 3600 + minutes * 60)
    }

    func end() throws(TimestampError) {
        guard position == bytes.count else { throw .trailingText }
    }
}

extension String {
    /// Appends a number padded with zeros to `width` digits; a minus sign, if any, comes first and is not counted.
    mutating func append(_ number: Int, width: Int) {
        let digits = String(number.magnitude)
        if number < 0 { append("-") }
        append(String(repeating: "0", count: max(0, width - digits.count)))
        append(digits)
    }

    /// Appends `.` and the significant digits of a fraction of a second; nothing for zero.
    mutating func append(fraction nanoseconds: Int) {
        guard nanoseconds != 0 else { return }
        var digits = ""
        digits.append(nanoseconds, width: 9)
        while digits.last == "0" { digits.removeLast() }
        append(".")
        append(digits)
    }
}
