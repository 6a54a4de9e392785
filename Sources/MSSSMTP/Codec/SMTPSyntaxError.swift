public import MSSCore
import MSSSASL

/// Why a line is not the SMTP command that it began as.
public enum SMTPSyntaxError: Error, Sendable, Hashable {
    /// The verb is none that RFC 5321 or an extension known here defines.
    case unknownCommand
    /// The command needs an argument.
    case missingArgument
    /// The command takes no argument, or no more than it already has.
    case unexpectedArgument
    /// The line holds a control character, or octets outside ASCII where none are allowed.
    case forbiddenCharacter
    /// The name after `EHLO`, `HELO` or `LHLO` is not one.
    case malformedHostName
    /// What follows `FROM:` or `TO:` is no path in angle brackets.
    case malformedPath
    /// The mailbox in the path is not acceptable.
    case address(MailAddressError)
    /// A parameter that is not `keyword` or `keyword=value`.
    case malformedParameter
    /// A known parameter whose value is not acceptable; the keyword is in upper case.
    case malformedParameterValue(keyword: String)
    /// A parameter given twice.
    case repeatedParameter(keyword: String)
    /// What follows `BDAT` is not a size, with `LAST` or not.
    case malformedChunkSize
    /// The name of a SASL mechanism is not one (RFC 4422 §3.1).
    case malformedMechanism
    /// The initial response of `AUTH` is not base64 (RFC 4954 §4).
    case malformedBase64
}

extension SMTPSyntaxError: ExplainedFailure {
    /// The form of a command is RFC 5321's (EX_3.1_5040).
    public var requirement: RequirementID? { "EX_3.1_5040" }

    /// The French sentence for the reader.
    public var explanation: String {
        if case .address(let error) = self { return error.explanation }
        return "La commande SMTP n'est pas conforme à la RFC 5321."
    }

    /// The English text for logs and replies; it repeats nothing of what the peer sent but a parameter's keyword.
    public var description: String {
        switch self {
        case .unknownCommand: "command not recognized"
        case .missingArgument: "argument missing"
        case .unexpectedArgument: "no argument allowed there"
        case .forbiddenCharacter: "character not allowed in a command"
        case .malformedHostName: "not a host name"
        case .malformedPath: "a path in angle brackets is needed"
        case .address(let error): "bad address: \(error.description)"
        case .malformedParameter: "malformed parameter"
        case .malformedParameterValue(let keyword): "bad value of \(keyword)"
        case .repeatedParameter(let keyword): "\(keyword) given twice"
        case .malformedChunkSize: "bad chunk size"
        case .malformedMechanism: "not a mechanism name"
        case .malformedBase64: "not base64"
        }
    }
}
