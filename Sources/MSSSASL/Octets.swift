// Octets of lines as SASL, SMTP and IMAP write them: kept once, for this package's protocols. Inlinable: they are asked
// for each octet that comes.

extension UInt8 {
    @inlinable package static var carriageReturn: UInt8 { 0x0D }
    @inlinable package static var lineFeed: UInt8 { 0x0A }
    @inlinable package static var space: UInt8 { 0x20 }
    @inlinable package static var controlA: UInt8 { 0x01 }

    @inlinable package var isDigit: Bool { (0x30...0x39).contains(self) }
    @inlinable package var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }
    @inlinable package var isLetterOrDigit: Bool { isDigit || isLetter }
    /// Visible ASCII: neither space nor control character.
    @inlinable package var isGraphic: Bool { (0x21...0x7E).contains(self) }
    @inlinable package var uppercased: UInt8 { (0x61...0x7A).contains(self) ? self & 0xDF : self }
}

extension Collection where Element == UInt8 {
    /// Compares with ASCII text in upper case, without regard to case.
    package func equalsIgnoringCase(_ upper: StaticString) -> Bool {
        count == upper.utf8CodeUnitCount
            && zip(self, UnsafeBufferPointer(start: upper.utf8Start, count: upper.utf8CodeUnitCount))
                .allSatisfy { $0.uppercased == $1 }
    }

    /// The decimal number that all octets make: `maximumDigits` of them at most, no sign.
    package func decimal(maximumDigits: Int = 18) -> Int? {
        guard !isEmpty, count <= maximumDigits, allSatisfy(\.isDigit) else { return nil }
        return reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
