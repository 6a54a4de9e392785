extension Timestamp {
    /// Reads an RFC 3339 date and time: `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`; `t`, `z` and a space for `T` are
    /// allowed (§5.6). A leap second (`23:59:60Z`) becomes the second after, as in POSIX time.
    public init(rfc3339 text: some StringProtocol) throws(TimestampError) {
        var scanner = try DateTimeScanner(text)
        let year = try scanner.number(4, .year)
        try scanner.expect(UInt8(ascii: "-"), before: .month)
        let month = try scanner.number(2, .month)
        try scanner.expect(UInt8(ascii: "-"), before: .day)
        let day = try scanner.number(2, .day)
        guard
            scanner.skip(UInt8(ascii: "T")) || scanner.skip(UInt8(ascii: "t")) || scanner.skip(UInt8(ascii: " "))
        else { throw .malformed(.hour) }
        let hour = try scanner.number(2, .hour)
        try scanner.expect(UInt8(ascii: ":"), before: .minute)
        let minute = try scanner.number(2, .minute)
        try scanner.expect(UInt8(ascii: ":"), before: .second)
        var second = try scanner.number(2, .second)
        let nanosecond = scanner.skip(UInt8(ascii: ".")) ? try scanner.fraction() : 0
        let zone = scanner.skip(UInt8(ascii: "z")) ? 0 : try scanner.zone()
        try scanner.end()
        guard let zone else { throw .missingZone }
        let leap = second == 60
        if leap { second = 59 }
        let time = try Timestamp(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond,
            offsetSeconds: zone)
        // §5.7: a leap second falls at the end of a UTC month.
        guard leap else {
            self = time
            return
        }
        let next = Timestamp(seconds: time.seconds + 1)
        guard next.civil.day == 1, next.seconds % 86_400 == 0 else { throw .outOfRange(.second) }
        self = next
    }

    /// The time as RFC 3339 in UTC; years outside 0000 to 9999, which the format cannot write, give `nil`.
    public var rfc3339: String? { (0...9999).contains(civil.year) ? xsdDateTime : nil }
}

extension Timestamp: CustomStringConvertible {
    /// The time in UTC as XML Schema and RFC 3339 write it.
    public var description: String { xsdDateTime }
}
