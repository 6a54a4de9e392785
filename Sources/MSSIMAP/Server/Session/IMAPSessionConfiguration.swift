public import MSSSASL

/// How one entry point speaks IMAP, as a value: what it offers, requires and limits.
public struct IMAPSessionConfiguration: Sendable, Hashable {
    /// How TLS begins.
    public enum Security: Sendable, Hashable {
        /// By `STARTTLS`, before authentication (EX_LPS_0500).
        case startTLSRequired
        /// From the first octet.
        case immediate
        /// Never: for tests and for a proxy on the same host, which has ended TLS. Authentication in clear is allowed.
        case none
    }

    /// The name in the greeting.
    public var serverName: String
    /// How TLS begins.
    public var security: Security
    /// SASL mechanisms offered once TLS is in place, in this order; `EXTERNAL` to clients with a certificate only. With
    /// `PLAIN`, `LOGIN` is allowed too.
    public var mechanisms: [SASLMechanism]
    /// Whether a refused `XOAUTH2` token is first answered with a challenge that says why; EX_LPS_0710 shows the failure
    /// at once. (For `OAUTHBEARER`, RFC 7628 §3.2.3 leaves no choice.)
    public var challengesRefusedXOAUTH2 = false
    /// Whether `COMPRESS=DEFLATE` is offered (RFC 4978). Attackers who can have mail sent to a mailbox and see the sizes
    /// of its encrypted answers learn a little of what stands beside it.
    public var offersCompression = true
    /// What the server tells of itself by `ID` (RFC 2971).
    public var identification: [String: String] = ["name": "swift-mssante"]
    /// What a session may cost.
    public var limits = IMAPSessionLimits()

    /// A configuration.
    public init(serverName: String, security: Security = .startTLSRequired, mechanisms: [SASLMechanism]) {
        self.serverName = serverName
        self.security = security
        self.mechanisms = mechanisms
    }

    /// For client software with a token of Pro Santé Connect (TM5.3P, EX_LPS_0700).
    public static func psc(serverName: String) -> IMAPSessionConfiguration {
        IMAPSessionConfiguration(serverName: serverName, mechanisms: [.xoauth2, .oauthBearer])
    }

    /// For applications with an AUTH_CLI certificate (TM5.4P, EX_LPS_1200): the login of `PLAIN` names the mailbox.
    public static func certificate(serverName: String) -> IMAPSessionConfiguration {
        IMAPSessionConfiguration(serverName: serverName, mechanisms: [.plain, .external])
    }
}

/// A configuration as the sessions of one entry point share it.
final class SharedIMAPConfiguration: Sendable {
    let value: IMAPSessionConfiguration

    init(_ value: IMAPSessionConfiguration) { self.value = value }
}
