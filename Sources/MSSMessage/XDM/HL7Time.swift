public import MSSCore

/// An HL7 time stamp (`TS`, and XDS `DTM`): `YYYY[MM[DD[hh[mm[ss[.f…]]]]]][±ZZZZ]`, as precise as it is long.
public struct HL7Time: Sendable, Hashable {
    /// The text, checked.
    public let text: String
    /// Year, month and day; month and day are `nil` when the text stops before.
    public let year: Int
    /// Month, 1 to 12.
    public let month: Int?
    /// Day of the month.
    public let day: Int?
    /// The point in time, missing parts at their smallest; UTC when the text names no zone.
    public let timestamp: Timestamp

    /// Reads the text; `nil` when it is not a real date and time.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        let digits = bytes.prefix { (0x30...0x39).contains($0) }.count
        guard [4, 6, 8, 10, 12, 14].contains(digits), let year = number(0..<4) else { return nil }
        func part(_ start: Int) -> Int? { digits >= start + 2 ? number(start..<start + 2) : nil }
        var rest = bytes[digits...]
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { (0x30...0x39).contains($0) }.count
            guard digits == 14, fraction > 0 else { return nil }
            rest = rest.dropFirst(1 + fraction)
        }
        var offset = 0
        if let sign = rest.first {
            guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), rest.count == 5,
                let hours = number(rest.startIndex + 1..<rest.startIndex + 3),
                let minutes = number(rest.startIndex + 3..<rest.startIndex + 5), hours <= 14, minutes <= 59
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        guard
            let timestamp = try? Timestamp(
                year: year, month: part(4) ?? 1, day: part(6) ?? 1, hour: part(8) ?? 0, minute: part(10) ?? 0,
                second: part(12) ?? 0, offsetSeconds: offset)
        else { return nil }
        self.text = String(decoding: bytes, as: UTF8.self)
        self.year = year
        month = part(4)
        day = part(6)
        self.timestamp = timestamp
    }

    /// A point in time to the second, in UTC without zone: the form of XDS metadata (ITI TF-3 §4.2.3.1.7).
    public init(utc time: Timestamp) {
        let civil = time.civil
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let year = String(repeating: "0", count: max(0, 4 - "\(civil.year)".count)) + "\(civil.year)"
        text = year + two(civil.month) + two(civil.day) + two(civil.hour) + two(civil.minute) + two(civil.second)
        self.year = civil.year
        month = civil.month
        day = civil.day
        timestamp = Timestamp(seconds: time.seconds)
    }

    /// Day, month and year as French readers write them, as far as they are known: `26/11/1978`, `11/1978`, `1978`.
    public var frenchDate: String {
        [day, month].compactMap { $0.map { $0 < 10 ? "0\($0)" : "\($0)" } }.joined(separator: "/")
            .appending(month == nil ? "" : "/") + text.prefix(4)
    }
}

extension String {
    fileprivate func appending(_ other: String) -> String { self + other }
}
