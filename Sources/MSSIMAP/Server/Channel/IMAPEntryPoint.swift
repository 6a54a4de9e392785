// Whoever writes an entry point writes its address: ``ListeningAddress`` comes with this library.
@_exported public import MSSSessions
public import MSSTLS

/// A place where an IMAP server can be reached, with how it speaks there and for whom.
public struct IMAPEntryPoint: Sendable {
    /// Where to listen.
    public typealias Address = ListeningAddress

    /// A name for logs and facts.
    public var name: String
    /// Where to listen.
    public var address: Address
    /// How to speak.
    public var session: IMAPSessionConfiguration
    /// TLS of this entry point; needed unless ``IMAPSessionConfiguration/Security/none``.
    public var tls: ReloadableTLSContext?
    /// Who decides who clients are.
    public var authenticator: any IMAPAuthenticator
    /// Where their mail is.
    public var backend: any MailboxBackend

    /// An entry point. A configuration that speaks TLS without a context for it is a programming error.
    public init(
        name: String, address: Address, session: IMAPSessionConfiguration, tls: ReloadableTLSContext?,
        authenticator: any IMAPAuthenticator, backend: any MailboxBackend
    ) {
        precondition(session.security == .none || tls != nil, "\(name): TLS without a context")
        self.name = name
        self.address = address
        self.session = session
        self.tls = tls
        self.authenticator = authenticator
        self.backend = backend
    }
}

/// An entry point as its sessions share it.
final class SharedIMAPEntryPoint: Sendable {
    let value: IMAPEntryPoint
    let configuration: SharedIMAPConfiguration

    init(_ value: IMAPEntryPoint) {
        self.value = value
        configuration = SharedIMAPConfiguration(value.session)
    }
}

/// What all sessions of a server together may cost.
public struct IMAPServerLimits: Sendable, Hashable {
    /// Connections in all: 5,000 clients that idle, and room beside them.
    public var connections = 6000
    /// Connections of one peer: an IPv4 address, or the 64 bits of an IPv6 network. The software of a whole hospital may
    /// stand behind one address, with an idle connection for each person (EX_LPS_0110: no filtering by address, so this
    /// only bounds what one address can hold).
    public var connectionsPerPeer = 2000
    /// Sessions that read one mailbox (BAL) at once. Thunderbird opens five, a telephone two; an organisation's mailbox
    /// has twenty holders.
    public var sessionsPerMailbox = 100

    /// The limits of a server of medium size.
    public init() {}
}
