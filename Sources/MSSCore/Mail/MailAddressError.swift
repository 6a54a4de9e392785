/// Why a text is not a mail address (RFC 5321 §4.1.2 `Mailbox`). No case carries the text: an address may name a
/// patient.
public enum MailAddressError: Error, Sendable, Hashable {
    /// The text is empty.
    case empty
    /// No `@` separates a local part from a domain.
    case missingAt
    /// Nothing stands before the `@`.
    case emptyLocalPart
    /// The local part is longer than 64 octets (RFC 5321 §4.5.3.1.1).
    case localPartTooLong
    /// The address is longer than 254 octets (RFC 5321 §4.5.3.1.3, without the angle brackets).
    case tooLong
    /// A dot at the start or the end of an unquoted local part, or two in a row.
    case misplacedDot
    /// A character not allowed in the local part: control characters, spaces or specials outside quotes.
    case forbiddenCharacter
    /// A quoted local part that does not end, or that text follows.
    case malformedQuotedString
    /// A character outside ASCII where the caller did not allow internationalised addresses (RFC 6531).
    case internationalized
    /// The domain is wrong.
    case domain(DomainError)
    /// The host is a well-formed address literal: valid mail syntax, but no MSSanté domain.
    case addressLiteral(AddressLiteral)
    /// The host starts with `[` and is no address literal.
    case malformedAddressLiteral
}

extension MailAddressError: ExplainedFailure {
    /// EX_GBM_4300: addresses follow RFC 5321.
    public var requirement: RequirementID? { "EX_GBM_4300" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .empty: "L'adresse est vide."
        case .missingAt: "L'adresse ne contient pas d'arobase (@)."
        case .emptyLocalPart: "L'adresse ne contient rien avant l'arobase (@)."
        case .localPartTooLong: "La partie de l'adresse avant l'arobase dépasse 64 caractères."
        case .tooLong: "L'adresse dépasse 254 caractères."
        case .misplacedDot: "L'adresse contient un point mal placé avant l'arobase."
        case .forbiddenCharacter: "L'adresse contient un caractère interdit avant l'arobase."
        case .malformedQuotedString: "L'adresse contient des guillemets mal fermés."
        case .internationalized: "L'adresse contient des caractères accentués ou non latins."
        case .domain(let error): error.explanation
        case .addressLiteral: "L'adresse désigne une machine par son adresse IP et non par un domaine MSSanté."
        case .malformedAddressLiteral: "L'adresse IP qui suit l'arobase est mal écrite."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .empty: "empty address"
        case .missingAt: "address without @"
        case .emptyLocalPart: "empty local part"
        case .localPartTooLong: "local part longer than 64 octets"
        case .tooLong: "address longer than 254 octets"
        case .misplacedDot: "misplaced dot in local part"
        case .forbiddenCharacter: "forbidden character in local part"
        case .malformedQuotedString: "malformed quoted local part"
        case .internationalized: "internationalized address where SMTPUTF8 is not allowed"
        case .domain(let error): error.description
        case .addressLiteral(let literal): "address literal [\(literal)]"
        case .malformedAddressLiteral: "malformed address literal"
        }
    }
}
