/// A FINESS number, of a juridical or a geographic entity: nine characters, the second possibly a letter (`2A`, `2B`;
/// `0B` for the test structures of the ANS), the last one Luhn's check digit.
///
/// Nothing in the number tells the two kinds of entity apart: see ``FINESS/Entity``.
public struct FINESS: Sendable, Hashable {
    /// What a FINESS number designates; known from where the number was found, not from its digits.
    public enum Entity: String, Sendable, Hashable {
        /// Entité juridique.
        case juridical = "EJ"
        /// Entité géographique, also called établissement (ET).
        case geographic = "EG"
    }

    /// The nine characters, letters in upper case.
    public let text: String

    /// Checks the length, the characters and the check digit.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        let upper = text.uppercased()
        let bytes = try NationalNumber.bytes(upper, length: 9, .finess) { index, byte in
            byte.isASCIIDigit || (index == 1 && (0x41...0x46).contains(byte))
        }
        guard CheckDigit.luhn(bytes) else { throw IdentifierError(.finess, .checkDigit) }
        self.text = upper
    }
}

/// The SIREN number of an enterprise: nine digits, the last one Luhn's.
public struct SIREN: Sendable, Hashable {
    /// The nine digits.
    public let text: String

    /// Checks the length, the digits and the check digit.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        let bytes = try NationalNumber.bytes(text, length: 9, .siren) { $1.isASCIIDigit }
        guard CheckDigit.luhn(bytes) else { throw IdentifierError(.siren, .checkDigit) }
        self.text = String(text)
    }

    private init(known text: String) { self.text = text }

    /// The Agence du Numérique en Santé (formerly ASIP Santé).
    public static let ans = SIREN(known: "187512751")
}

/// The SIRET number of an establishment: its enterprise's SIREN and five digits, the last one Luhn's over all.
///
/// La Poste (SIREN 356000000) has more establishments than Luhn leaves room for: the digits of its SIRET sum to a
/// multiple of five instead, but for its head office.
public struct SIRET: Sendable, Hashable {
    /// The fourteen digits.
    public let text: String
    /// The number of the enterprise.
    public let siren: SIREN

    /// Checks the length, the digits and both check digits.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        let bytes = try NationalNumber.bytes(text, length: 14, .siret) { $1.isASCIIDigit }
        let siren: SIREN
        do { siren = try SIREN(String(decoding: bytes.prefix(9), as: UTF8.self)) } catch {
            throw IdentifierError(.siret, .checkDigit)
        }
        let laPoste = siren.text == "356000000" && CheckDigit.digitSum(bytes) % 5 == 0
        guard CheckDigit.luhn(bytes) || laPoste else { throw IdentifierError(.siret, .checkDigit) }
        self.siren = siren
        self.text = String(text)
    }
}

extension FINESS: CustomStringConvertible {
    /// The characters.
    public var description: String { text }
}

extension SIREN: CustomStringConvertible {
    /// The digits.
    public var description: String { text }
}

extension SIRET: CustomStringConvertible {
    /// The digits.
    public var description: String { text }
}
