public import MSSSASL

/// How one entry point speaks SMTP, as a value: what it offers, requires and limits.
public struct SMTPSessionConfiguration: Sendable, Hashable {
    /// The protocol spoken.
    public enum Dialect: Sendable, Hashable {
        /// RFC 5321.
        case smtp
        /// RFC 2033: `LHLO`, and a reply for each recipient at the end of a message.
        case lmtp
    }

    /// How TLS begins.
    public enum Security: Sendable, Hashable {
        /// Never: a local socket.
        case none
        /// By `STARTTLS`, when the client wants it.
        case startTLSOffered
        /// By `STARTTLS`, before anything else (EX_3.1_5020, EX_LPS_0400).
        case startTLSRequired
        /// From the first octet.
        case immediate
    }

    /// The protocol spoken.
    public var dialect = Dialect.smtp
    /// The name in the greeting and the answer to `EHLO`.
    public var serverName: String
    /// How TLS begins.
    public var security: Security
    /// SASL mechanisms offered once TLS is in place, in this order; `EXTERNAL` to clients with a certificate only.
    public var mechanisms: [SASLMechanism] = []
    /// Whether `MAIL` is refused before authentication.
    public var requiresAuthentication = false
    /// Whether a refused `XOAUTH2` token is first answered with a challenge that says why, as some clients expect;
    /// EX_LPS_0710 shows the failure at once. (For `OAUTHBEARER`, RFC 7628 §3.2.3 leaves no choice.)
    public var challengesRefusedXOAUTH2 = false
    /// Whether `CHUNKING` is offered (RFC 3030).
    public var offersChunking = true
    /// Whether `SMTPUTF8` is offered (RFC 6531).
    public var offersSMTPUTF8 = true
    /// Whether `DSN` is offered (RFC 3461).
    public var offersDSN = true
    /// Whether a client that does not wait where it must is refused (RFC 2920 §3.1). It must be, on a network; after
    /// `STARTTLS` it is in any case.
    public var checksSynchronisation = true
    /// What a session may cost.
    public var limits: SMTPSessionLimits
    /// What the server says.
    public var replies = SMTPReplies()

    /// A configuration.
    public init(serverName: String, security: Security, limits: SMTPSessionLimits = .operator) {
        self.serverName = serverName
        self.security = security
        self.limits = limits
    }

    /// For other operators (TM3.1P): STARTTLS required, no authentication but the certificate's.
    public static func `operator`(serverName: String) -> SMTPSessionConfiguration {
        SMTPSessionConfiguration(serverName: serverName, security: .startTLSRequired)
    }

    /// For client software with a token of Pro Santé Connect (TM5.2P, EX_LPS_0700).
    public static func submissionPSC(serverName: String) -> SMTPSessionConfiguration {
        var configuration = SMTPSessionConfiguration(
            serverName: serverName, security: .startTLSRequired, limits: .apiLPS)
        configuration.mechanisms = [.xoauth2, .oauthBearer]
        configuration.requiresAuthentication = true
        return configuration
    }

    /// For applications with an AUTH_CLI certificate (TM5.4P, EX_LPS_1200): the login of `PLAIN` names the mailbox.
    public static func submissionCertificate(serverName: String) -> SMTPSessionConfiguration {
        var configuration = SMTPSessionConfiguration(
            serverName: serverName, security: .startTLSRequired, limits: .apiLPS)
        configuration.mechanisms = [.plain, .login, .external]
        configuration.requiresAuthentication = true
        return configuration
    }

    /// For delivery on the same host (RFC 2033).
    public static func lmtp(serverName: String) -> SMTPSessionConfiguration {
        var configuration = SMTPSessionConfiguration(serverName: serverName, security: .none)
        configuration.dialect = .lmtp
        return configuration
    }
}

/// A configuration as the sessions of one entry point share it: with its fifty replies it has two kilobytes, which each
/// idle session would hold again.
final class SharedSessionConfiguration: Sendable {
    let value: SMTPSessionConfiguration

    init(_ value: SMTPSessionConfiguration) { self.value = value }
}
