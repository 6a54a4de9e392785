public import MSSSASL

/// A command of SMTP (RFC 5321), of its extensions known here, or of LMTP (RFC 2033): what is read on reception
/// (EX_3.1_5040) and what is written when sending (EX_3.2_5070).
public enum SMTPCommand: Sendable, Hashable {
    /// `EHLO` with the client's name.
    case ehlo(SMTPHostName)
    /// `HELO` with the client's name.
    case helo(SMTPHostName)
    /// `LHLO` with the client's name (RFC 2033 §4.1).
    case lhlo(SMTPHostName)
    /// `STARTTLS` (RFC 3207).
    case startTLS
    /// `AUTH` with a mechanism and, when the client sends it at once, its first message (RFC 4954 §4).
    case auth(SASLMechanism, initialResponse: SASLMessage?)
    /// `MAIL FROM:` with the sender.
    case mail(ReversePath, MailParameters)
    /// `RCPT TO:` with a recipient.
    case rcpt(ForwardPath, RecipientParameters)
    /// `DATA`.
    case data
    /// `BDAT` with the octets of the chunk that follows (RFC 3030 §2).
    case bdat(count: Int, isLast: Bool)
    /// `RSET`.
    case rset
    /// `NOOP`, whose argument has no meaning.
    case noop
    /// `VRFY` with what it asks about.
    case vrfy(String)
    /// `EXPN` with what it asks about.
    case expn(String)
    /// `HELP`, on a subject or in general.
    case help(String?)
    /// `QUIT`.
    case quit

    /// The verb, as written.
    public var verb: String {
        switch self {
        case .ehlo: "EHLO"
        case .helo: "HELO"
        case .lhlo: "LHLO"
        case .startTLS: "STARTTLS"
        case .auth: "AUTH"
        case .mail: "MAIL"
        case .rcpt: "RCPT"
        case .data: "DATA"
        case .bdat: "BDAT"
        case .rset: "RSET"
        case .noop: "NOOP"
        case .vrfy: "VRFY"
        case .expn: "EXPN"
        case .help: "HELP"
        case .quit: "QUIT"
        }
    }

    /// The command as sent, with CRLF. No argument can hold a line break: their types exclude it, and it is removed
    /// from the free text of `VRFY`, `EXPN` and `HELP`.
    public var wire: String {
        switch self {
        case .ehlo(let name), .helo(let name), .lhlo(let name): "\(verb) \(name)\r\n"
        case .auth(let mechanism, let response):
            // An empty response is written "=" (RFC 4954 §4).
            "AUTH \(mechanism)\(response.map { $0.bytes.isEmpty ? " =" : " " + $0.base64 } ?? "")\r\n"
        case .mail(let path, let parameters): "MAIL FROM:\(path.wire)\(parameters.wire)\r\n"
        case .rcpt(let path, let parameters): "RCPT TO:\(path.wire)\(parameters.wire)\r\n"
        case .bdat(let count, let isLast): "BDAT \(count)\(isLast ? " LAST" : "")\r\n"
        case .vrfy(let text), .expn(let text): "\(verb) \(SMTPCommand.withoutControls(text))\r\n"
        case .help(let text?): "HELP \(SMTPCommand.withoutControls(text))\r\n"
        case .startTLS, .data, .rset, .noop, .help(nil), .quit: "\(verb)\r\n"
        }
    }

    private static func withoutControls(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}

extension SMTPCommand: CustomStringConvertible {
    /// The command for logs: addresses without patients' identities, no secret, no free text.
    public var description: String {
        switch self {
        case .ehlo(let name), .helo(let name), .lhlo(let name): "\(verb) \(name)"
        case .auth(let mechanism, _): "AUTH \(mechanism)"
        case .mail(let path, _): "MAIL FROM:\(path)"
        case .rcpt(let path, _): "RCPT TO:\(path)"
        case .bdat(let count, let isLast): "BDAT \(count)\(isLast ? " LAST" : "")"
        case .startTLS, .data, .rset, .noop, .vrfy, .expn, .help, .quit: verb
        }
    }
}
