// Whoever writes an entry point writes its address: ``ListeningAddress`` comes with this library.
@_exported public import MSSSessions
public import MSSTLS

/// A place where an SMTP server can be reached, with how it speaks there and for whom.
public struct SMTPEntryPoint: Sendable {
    /// Where to listen.
    public typealias Address = ListeningAddress

    /// A name for logs and facts.
    public var name: String
    /// Where to listen.
    public var address: Address
    /// How to speak.
    public var session: SMTPSessionConfiguration
    /// TLS of this entry point; needed unless ``SMTPSessionConfiguration/Security/none``.
    public var tls: ReloadableTLSContext?
    /// Who decides and takes the messages.
    public var backend: any SMTPBackend

    /// An entry point. A configuration that speaks TLS without a context for it is a programming error.
    public init(
        name: String, address: Address, session: SMTPSessionConfiguration, tls: ReloadableTLSContext?,
        backend: any SMTPBackend
    ) {
        precondition(session.security == .none || tls != nil, "\(name): TLS without a context")
        self.name = name
        self.address = address
        self.session = session
        self.tls = tls
        self.backend = backend
    }
}

/// What all sessions of a server together may cost.
public struct SMTPServerLimits: Sendable, Hashable {
    /// Connections in all. Each costs some 35 KB when idle.
    public var connections = 2000
    /// Connections of one peer: an IPv4 address, or the 64 bits of an IPv6 network. Operators open few; a hospital's
    /// client software may stand behind one address.
    public var connectionsPerPeer = 100
    /// Octets of messages that wait for backends, in all sessions; above it, a session is read only while it holds
    /// none.
    public var bufferedBodies = 64 << 20
    /// What a client reads that is one too many.
    public var replies = SMTPReplies()

    /// The limits of a server of medium size.
    public init() {}

    /// The most octets that all clients together can make the server hold, messages included: what a server of such
    /// limits must have free. ``connections`` and ``bufferedBodies`` are what to turn when it is too much.
    public func mostOctetsHeld(_ session: SMTPSessionLimits) -> Int {
        bufferedBodies + connections * session.mostOctetsHeld
    }
}
