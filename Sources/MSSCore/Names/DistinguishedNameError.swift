/// Why a text or DER value is not a distinguished name.
public enum DistinguishedNameError: Error, Sendable, Hashable {
    /// Longer than ``DistinguishedName/maximumLength`` octets.
    case tooLong
    /// More than ``DistinguishedName/maximumAttributes`` attributes.
    case tooManyAttributes
    /// An attribute without `=`, or without a type before it.
    case missingType
    /// An attribute type that is neither a known short name nor a dotted identifier.
    case unknownType(String)
    /// A separator with no attribute after it.
    case missingAttribute
    /// A backslash that no special character or pair of hexadecimal digits follows.
    case invalidEscape
    /// A `#` value that is not the hexadecimal of one DER value.
    case invalidHexadecimal
    /// A quoted value that does not end, or that text follows.
    case malformedQuotedValue
    /// A value that holds a NUL character, or is not UTF-8.
    case invalidText
    /// DER that is not a `Name` (RFC 5280 §4.1.2.4); says what was expected.
    case malformedDER(String)
}

extension DistinguishedNameError: ExplainedFailure {
    /// No requirement: the formats are those of RFC 4514 and X.501.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .tooLong, .tooManyAttributes: "Le nom distinctif (DN) du certificat est trop long."
        case .missingType, .missingAttribute: "Le nom distinctif (DN) contient un champ incomplet."
        case .unknownType(let name): "Le nom distinctif (DN) contient un champ inconnu : « \(name) »."
        case .invalidEscape, .invalidHexadecimal, .malformedQuotedValue, .invalidText:
            "Le nom distinctif (DN) contient une valeur mal écrite."
        case .malformedDER: "Le nom distinctif (DN) du certificat est illisible."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .tooLong: "distinguished name longer than \(DistinguishedName.maximumLength) octets"
        case .tooManyAttributes: "distinguished name of more than \(DistinguishedName.maximumAttributes) attributes"
        case .missingType: "attribute without type"
        case .unknownType(let name): "unknown attribute type \(name.debugDescription)"
        case .missingAttribute: "separator without attribute"
        case .invalidEscape: "invalid escape"
        case .invalidHexadecimal: "invalid hexadecimal value"
        case .malformedQuotedValue: "malformed quoted value"
        case .invalidText: "value that is not text"
        case .malformedDER(let expected): "malformed DER name: expected \(expected)"
        }
    }
}

extension DistinguishedName {
    /// Longest text or DER read, in octets: real names take fewer than 300.
    public static let maximumLength = 8192
    /// Most attributes in a name: real names have fewer than ten.
    public static let maximumAttributes = 64
}
