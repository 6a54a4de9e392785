/// How a user or an application was authenticated (EX_GDT_5060).
public enum TraceAuthentication: String, Sendable, Hashable, CaseIterable {
    /// Pro Santé Connect.
    case proSanteConnect = "psc"
    /// Card of the CPx family.
    case cpx
    /// Software certificate of a structure (AUTH-CLI).
    case clientCertificate = "auth-cli"
    /// Server certificate of another operator (mutual TLS).
    case mutualTLS = "mutual-tls"
    /// Password and a second factor.
    case multiFactor = "multi-factor"
    /// Password alone.
    case password
    /// Federation with an identity provider of the structure.
    case federation
    /// None.
    case none
}

/// "Les moyens techniques utilisés" (EX_GDT_5040): what the author used, as far as it made itself known.
public struct TraceMeans: Sendable, Hashable {
    /// The client software: SMTP `EHLO` argument, IMAP `ID` answer, HTTP `User-Agent`; `NIL` when it stays silent.
    public var software: String
    /// Kind and version of the operating system, when known.
    public var system: String?
    /// The way in: `smtp`, `submission`, `imap`, `webmail`, `api-lps`, `console`…
    public var channel: String?
    /// The network address, with the port when known; or the technical identifier of the source.
    public var address: String?

    /// What a silent client is written as, after IMAP's `NIL` (RFC 2971 §3.1).
    public static let unknownSoftware = "NIL"

    /// The means, each part when known.
    public init(software: String? = nil, system: String? = nil, channel: String? = nil, address: String? = nil) {
        self.software = software ?? TraceMeans.unknownSoftware
        self.system = system
        self.channel = channel
        self.address = address
    }
}
