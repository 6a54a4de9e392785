/// Why a text is not a mail domain.
public enum DomainError: Error, Sendable, Hashable {
    /// The text is empty.
    case empty
    /// Longer than ``Domain/maximumLength`` once in ASCII form.
    case tooLong
    /// Two dots in a row, or a dot at the start or the end.
    case emptyLabel
    /// A label of more than 63 characters in ASCII form.
    case labelTooLong
    /// A label that starts or ends with a hyphen.
    case misplacedHyphen
    /// An ASCII character other than letters, digits, hyphen and dot.
    case forbiddenCharacter
    /// The last label is all digits: the text looks like an IPv4 address (RFC 1123 §2.1).
    case numericTopLabel
    /// A character outside ASCII that this library does not convert: write the label in its `xn--` form.
    case unsupportedUnicode
    /// A label that starts with `xn--` and is not the Punycode of anything (RFC 5890 §2.3.2.1).
    case invalidPunycode
}

extension DomainError: ExplainedFailure {
    /// EX_GBM_4300: addresses follow RFC 5321.
    public var requirement: RequirementID? { "EX_GBM_4300" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .empty: "Le nom de domaine est vide."
        case .tooLong: "Le nom de domaine dépasse \(Domain.maximumLength) caractères."
        case .emptyLabel: "Le nom de domaine contient un point de trop."
        case .labelTooLong: "Une partie du nom de domaine dépasse 63 caractères."
        case .misplacedHyphen: "Une partie du nom de domaine commence ou finit par un tiret."
        case .forbiddenCharacter: "Le nom de domaine contient un caractère interdit."
        case .numericTopLabel: "Le nom de domaine se termine par un nombre, comme une adresse IP."
        case .unsupportedUnicode: "Le nom de domaine contient un caractère accentué ou non latin non pris en charge."
        case .invalidPunycode: "Une partie du nom de domaine commence par « xn-- » sans être un nom internationalisé."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .empty: "empty domain"
        case .tooLong: "domain longer than \(Domain.maximumLength) characters"
        case .emptyLabel: "empty label in domain"
        case .labelTooLong: "domain label longer than 63 characters"
        case .misplacedHyphen: "domain label with a leading or trailing hyphen"
        case .forbiddenCharacter: "forbidden character in domain"
        case .numericTopLabel: "domain whose last label is numeric"
        case .unsupportedUnicode: "domain label outside the supported Unicode repertoire"
        case .invalidPunycode: "domain label with an xn-- prefix that is not Punycode"
        }
    }
}
