extension Timestamp {
    /// Reads the content of a DER `UTCTime`: `YYMMDDhhmmssZ`, years 1950 to 2049 (RFC 5280 §4.1.2.5.1).
    public init(asn1UTCTime content: some Sequence<UInt8>) throws(TimestampError) {
        var scanner = try DateTimeScanner(bytes: Array(content.prefix(DateTimeScanner.maximumLength + 1)))
        let year = try scanner.number(2, .year)
        self = try scanner.asn1(year: year < 50 ? 2000 + year : 1900 + year, fractions: false)
    }

    /// Reads the content of a DER `GeneralizedTime`: `YYYYMMDDhhmmss[.f]Z` (RFC 5280 §4.1.2.5.2; the fraction, which
    /// OCSP and time stamps may carry, without trailing zeros as X.690 §11.7 wants).
    public init(asn1GeneralizedTime content: some Sequence<UInt8>) throws(TimestampError) {
        var scanner = try DateTimeScanner(bytes: Array(content.prefix(DateTimeScanner.maximumLength + 1)))
        let year = try scanner.number(4, .year)
        self = try scanner.asn1(year: year, fractions: true)
    }

    /// The content of a DER `UTCTime`, whole seconds; `nil` outside 1950 to 2049.
    public var asn1UTCTime: String? {
        let civil = civil
        guard (1950...2049).contains(civil.year) else { return nil }
        var text = ""
        text.append(civil.year % 100, width: 2)
        text.appendASN1(civil)
        return text
    }

    /// The content of a DER `GeneralizedTime`, whole seconds; `nil` outside years 0 to 9999.
    public var asn1GeneralizedTime: String? {
        let civil = civil
        guard (0...9999).contains(civil.year) else { return nil }
        var text = ""
        text.append(civil.year, width: 4)
        text.appendASN1(civil)
        return text
    }
}

extension DateTimeScanner {
    fileprivate mutating func asn1(year: Int, fractions: Bool) throws(TimestampError) -> Timestamp {
        let month = try number(2, .month)
        let day = try number(2, .day)
        let hour = try number(2, .hour)
        let minute = try number(2, .minute)
        let second = try number(2, .second)
        var nanosecond = 0
        if fractions, skip(UInt8(ascii: ".")) {
            nanosecond = try derFraction()
        }
        guard skip(UInt8(ascii: "Z")) else { throw .missingZone }
        try end()
        return try Timestamp(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond)
    }

    private mutating func derFraction() throws(TimestampError) -> Int {
        var probe = self
        var last: Int?
        while let digit = probe.digit() { last = digit }
        guard let last, last != 0 else { throw .malformed(.fraction) }
        return try fraction()
    }
}

extension String {
    fileprivate mutating func appendASN1(_ civil: CivilTime) {
        for part in [civil.month, civil.day, civil.hour, civil.minute, civil.second] { append(part, width: 2) }
        append("Z")
    }
}
