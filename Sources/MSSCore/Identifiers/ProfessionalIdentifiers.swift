/// The RPPS number of a health professional: 11 digits, the last one Luhn's.
public struct RPPS: Sendable, Hashable {
    /// The eleven digits.
    public let text: String

    /// Checks the length, the digits and the check digit.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        let bytes = try NationalNumber.bytes(text, length: 11, .rpps) { $1.isASCIIDigit }
        guard CheckDigit.luhn(bytes) else { throw IdentifierError(.rpps, .checkDigit) }
        self.text = String(text)
    }
}

/// The ADELI number of a professional: the department (two characters, `2A`, `2B` and `9A` to `9F` included), the
/// profession and order number (six digits) and a check digit.
///
/// No public text states the rule of the check digit, so a wrong one does not refuse the number; ask
/// ``hasExpectedCheckDigit`` where a typing fault is likelier than an odd number (Decision 0013).
public struct ADELI: Sendable, Hashable {
    /// The nine characters, letters in upper case.
    public let text: String

    /// Checks the length and the characters.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        let upper = text.uppercased()
        _ = try NationalNumber.bytes(upper, length: 9, .adeli) { index, byte in
            byte.isASCIIDigit || (index == 1 && (0x41...0x46).contains(byte))
        }
        let department = upper.prefix(2)
        guard department.utf8.last!.isASCIIDigit || department == "2A" || department == "2B" || department.first == "9"
        else { throw IdentifierError(.adeli, .character) }
        self.text = upper
    }

    /// True when the last digit is Luhn's of the others.
    public var hasExpectedCheckDigit: Bool { CheckDigit.luhn(text.utf8) }
}

extension RPPS: CustomStringConvertible {
    /// The digits.
    public var description: String { text }
}

extension ADELI: CustomStringConvertible {
    /// The characters.
    public var description: String { text }
}
