extension Timestamp {
    /// Reads an XML Schema `dateTime`: `[-]CCYY-MM-DDThh:mm:ss[.f…][Z|±hh:mm]` (Référentiel tables 42 and 43).
    ///
    /// - Fractions beyond the nanosecond are dropped; `24:00:00` is the next day's midnight; surrounding white space
    ///   is ignored (the type's `whiteSpace` facet); years are those of XML Schema 1.1 (`0000` is 1 BCE).
    /// - Parameter offsetWhenMissing: the offset from UTC, in seconds, assumed when the text names no zone. By default
    ///   such a text is refused: a whitelist or an assertion dated in an unknown zone is up to 14 hours wrong.
    public init(xsdDateTime text: some StringProtocol, offsetWhenMissing: Int? = nil) throws(TimestampError) {
        var scanner = try DateTimeScanner(text)
        scanner.skipWhitespace()
        let negative = scanner.skip(UInt8(ascii: "-"))
        let year = try scanner.xsdYear()
        try scanner.expect(UInt8(ascii: "-"), before: .month)
        let month = try scanner.number(2, .month)
        try scanner.expect(UInt8(ascii: "-"), before: .day)
        let day = try scanner.number(2, .day)
        try scanner.expect(UInt8(ascii: "T"), before: .hour)
        let hour = try scanner.number(2, .hour)
        try scanner.expect(UInt8(ascii: ":"), before: .minute)
        let minute = try scanner.number(2, .minute)
        try scanner.expect(UInt8(ascii: ":"), before: .second)
        let second = try scanner.number(2, .second)
        let nanosecond = scanner.skip(UInt8(ascii: ".")) ? try scanner.fraction() : 0
        let zone = try scanner.zone()
        scanner.skipWhitespace()
        try scanner.end()
        // XML Schema part 2 §3.2.7.3: at most fourteen hours.
        if let zone, abs(zone) > 14 * 3600 { throw .outOfRange(.zone) }
        guard let offset = zone ?? offsetWhenMissing else { throw .missingZone }
        let endOfDay = hour == 24 && minute == 0 && second == 0 && nanosecond == 0
        let midnightOrTime = try Timestamp(
            year: negative ? -year : year, month: month, day: day, hour: endOfDay ? 0 : hour, minute: minute,
            second: second, nanosecond: nanosecond, offsetSeconds: offset)
        self = endOfDay ? midnightOrTime + .seconds(86_400) : midnightOrTime
    }

    /// The time as an XML Schema `dateTime` in UTC, for example `2025-03-13T14:54:10Z`.
    public var xsdDateTime: String {
        let civil = civil
        var text = ""
        text.append(civil.year, width: 4)
        text.append(monthToSecond: civil)
        text.append("Z")
        return text
    }
}

extension DateTimeScanner {
    /// Four digits, or more without a leading zero (XML Schema part 2 §3.2.7.1).
    fileprivate mutating func xsdYear() throws(TimestampError) -> Int {
        let leadingZero = next == UInt8(ascii: "0")
        var year = try number(4, .year)
        var digits = 4
        while let digit = digit() {
            digits += 1
            guard !leadingZero else { throw .malformed(.year) }
            guard digits <= 9 else { throw .outOfRange(.year) }
            year = year * 10 + digit
        }
        return year
    }
}

extension String {
    /// Appends `-MM-DDThh:mm:ss[.f]`.
    mutating func append(monthToSecond civil: CivilTime) {
        append("-")
        append(civil.month, width: 2)
        append("-")
        append(civil.day, width: 2)
        append("T")
        append(civil.hour, width: 2)
        append(":")
        append(civil.minute, width: 2)
        append(":")
        append(civil.second, width: 2)
        append(fraction: civil.nanosecond)
    }
}
