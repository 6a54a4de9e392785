public import MSSCore

/// Why octets are not what the grammar of RFC 3501 §9, RFC 9051 §9 and the extensions offered allows.
public enum IMAPSyntaxError: Error, Sendable, Hashable {
    /// The line does not begin with a tag.
    case malformedTag
    /// The word after the tag is no command known here.
    case unknownCommand
    /// Something else was expected at this place.
    case unexpected(String)
    /// A number that is none, or too large for its place.
    case malformedNumber
    /// A set of numbers that is none.
    case malformedSet
    /// A string that holds what none may hold, or is not UTF-8 where text is needed.
    case malformedString
    /// A mailbox name that is neither modified UTF-7 nor UTF-8 as the session has it.
    case malformedMailboxName
    /// A date or time that is none.
    case malformedDate
    /// A flag that is none, or one that a client cannot set.
    case malformedFlag
    /// What stands where base64 is needed is not base64.
    case malformedBase64
    /// A charset other than UTF-8 and US-ASCII: answered with `NO [BADCHARSET …]`.
    case unknownCharset
    /// More nested than ``IMAPGrammarLimits/depth``.
    case tooDeep
    /// More elements than ``IMAPGrammarLimits/elements``.
    case tooMany
    /// Octets are left where the command should end.
    case trailing
}

extension IMAPSyntaxError: ExplainedFailure {
    /// The form of a command is that of RFC 3501 or RFC 9051 (EX_LPS_0500).
    public var requirement: RequirementID? { "EX_LPS_0500" }

    /// The French sentence for the reader.
    public var explanation: String { "La commande IMAP n'est pas conforme à la RFC 3501 ou à la RFC 9051." }

    /// The English text for logs and responses; it repeats nothing of what the peer sent.
    public var description: String {
        switch self {
        case .malformedTag: "tag missing or malformed"
        case .unknownCommand: "command not recognized"
        case .unexpected(let wanted): "expected \(wanted)"
        case .malformedNumber: "not a number"
        case .malformedSet: "not a set of numbers"
        case .malformedString: "not a string"
        case .malformedMailboxName: "not a mailbox name"
        case .malformedDate: "not a date"
        case .malformedFlag: "not a flag"
        case .malformedBase64: "not base64"
        case .unknownCharset: "charset not known"
        case .tooDeep: "nested too deeply"
        case .tooMany: "too many elements"
        case .trailing: "command should end here"
        }
    }
}

/// What one command or response may hold, whatever its length: bounds on recursion and on lists.
public enum IMAPGrammarLimits {
    /// Levels of parentheses, `NOT` and `OR` in a search program. People write three; recursion must end somewhere.
    public static let depth = 50
    /// Elements of any list: sequence sets, fetch items, search keys, flags. Clients that name each message write some
    /// thousands of ranges.
    public static let elements = 20_000
    /// Octets of a tag. Clients use a handful.
    public static let tag = 64
    /// Octets of a mailbox name, all levels, in UTF-8.
    public static let mailboxName = 1000
}
