import MSSCore

extension DERReader {
    /// A time as RFC 5280 §4.1.2.5 allows it: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, no fraction.
    mutating func readTime() throws(DERError) -> Timestamp {
        let element = try readAny()
        guard isPlainTime(element) else { throw .invalidValue }
        return try time(element)
    }

    /// A GeneralizedTime where the standard allows nothing else (RFC 6960 §4.2.1).
    mutating func readGeneralizedTime() throws(DERError) -> Timestamp {
        try time(try read(DERTag.generalizedTime))
    }

    /// Passes over a time, its form checked but not its calendar: for long lists.
    mutating func skipTime() throws(DERError) {
        guard isPlainTime(try readAny()) else { throw .invalidValue }
    }

    private func isPlainTime(_ element: DERElement) -> Bool {
        guard element.content.count == (element.tag == DERTag.utcTime ? 13 : 15),
            element.tag == DERTag.utcTime || element.tag == DERTag.generalizedTime
        else { return false }
        for index in element.content.dropLast() where bytes[index] < 0x30 || bytes[index] > 0x39 { return false }
        return bytes[element.content.upperBound - 1] == UInt8(ascii: "Z")
    }

    private func time(_ element: DERElement) throws(DERError) -> Timestamp {
        do throws(TimestampError) {
            return element.tag == DERTag.utcTime
                ? try Timestamp(asn1UTCTime: bytes[element.content])
                : try Timestamp(asn1GeneralizedTime: bytes[element.content])
        } catch {
            throw .invalidValue
        }
    }
}
