/// The value of an attribute of a distinguished name: text in one of ASN.1's string types, or some other DER value.
///
/// The string type is kept so that a name read from a certificate is written back byte for byte, and does not count
/// in comparisons (RFC 5280 §7.1).
public struct AttributeValue: Sendable {
    /// How a value is, or will be, encoded in DER.
    public enum Encoding: Sendable, Hashable {
        /// `PrintableString`
        case printableString
        /// `UTF8String`
        case utf8String
        /// `TeletexString`, read and written as Latin-1, as every issuer in practice means it.
        case teletexString
        /// `BMPString`: UCS-2, big endian.
        case bmpString
        /// `IA5String`: ASCII.
        case ia5String
        /// `UniversalString`: UCS-4, big endian.
        case universalString
        /// `NumericString`: digits and spaces.
        case numericString
        /// Any other type; its whole DER encoding, tag included.
        case other([UInt8])
    }

    /// The text; empty for a value that is not text.
    public let text: String
    /// The encoding in DER.
    public let encoding: Encoding

    /// A text whose encoding is chosen when it is written (RFC 5280 §4.1.2.4): `PrintableString` or `IA5String` for
    /// the attribute types that demand them, `UTF8String` for the others.
    public init(_ text: String, for type: AttributeType) {
        self.text = text
        encoding =
            switch type {
            case .countryName, .serialNumber, .dnQualifier:
                AttributeValue.isPrintable(text) ? .printableString : .utf8String
            case .emailAddress, .domainComponent:
                text.utf8.allSatisfy { $0 < 0x80 } ? .ia5String : .utf8String
            default: .utf8String
            }
    }

    init(text: String, encoding: Encoding) {
        self.text = text
        self.encoding = encoding
    }

    /// True for a value that is not text.
    public var isOpaque: Bool { if case .other = encoding { true } else { false } }

    /// The alphabet of `PrintableString` (X.680 §41.4).
    static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            $0.isASCIIAlphanumeric
                || [0x20, 0x27, 0x28, 0x29, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x3F].contains($0)
        }
    }

    /// The form that is compared: two values are equal when these bytes are.
    var matchingForm: [UInt8] {
        if case .other(let der) = encoding { return [1] + der }
        return NameMatching.form(of: text, after: 0)
    }
}

extension AttributeValue: Hashable {
    /// Equal by RFC 5280 §7.1: without regard to case, white space runs and string type.
    public static func == (left: AttributeValue, right: AttributeValue) -> Bool {
        left.matchingForm == right.matchingForm
    }

    /// Hashes the form that is compared.
    public func hash(into hasher: inout Hasher) { hasher.combine(matchingForm) }
}
