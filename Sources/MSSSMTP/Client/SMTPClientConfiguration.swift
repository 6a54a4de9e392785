public import MSSSASL
public import MSSTLS
public import NIOCore
public import NIOPosix

/// Everything that decides how a client connects and sends.
public struct SMTPClientConfiguration: Sendable {
    /// Says why a server is refused, before any envelope; `nil` accepts it.
    public typealias PeerCheck = @Sendable (SMTPPeer) async -> SMTPPeerRefusal?
    /// Gives the credentials for a new session; called for each, since tokens live for minutes.
    public typealias CredentialSource = @Sendable () async throws -> SASLCredentials

    /// How the session goes.
    public var session: SMTPClientSessionConfiguration
    /// The TLS context of the moment; `nil` sends in clear, which ``SMTPClientSessionConfiguration/requiresTLS`` forbids.
    public var tls: ReloadableTLSContext?
    /// Whether the server's certificate must carry the destination's server name. Between operators the DN is compared
    /// with the whitelist instead, by the peer check.
    public var comparesServerName: Bool
    /// The peer check; `nil` accepts what TLS verified.
    public var checkPeer: PeerCheck?
    /// Where credentials come from; `nil` sends none: between operators the certificate speaks for the client.
    public var credentials: CredentialSource?
    /// The event loops that connections run on.
    public var group: any EventLoopGroup

    /// A configuration with TLS.
    public init(
        session: SMTPClientSessionConfiguration, tls: ReloadableTLSContext, comparesServerName: Bool,
        checkPeer: PeerCheck? = nil, credentials: CredentialSource? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.session = session
        self.session.requiresTLS = true
        self.session.authenticates = credentials != nil
        self.tls = tls
        self.comparesServerName = comparesServerName
        self.checkPeer = checkPeer
        self.credentials = credentials
        self.group = group
    }

    /// A configuration in clear: for a server on this machine, as local LMTP servers are.
    public init(
        localSession session: SMTPClientSessionConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.session = session
        self.session.requiresTLS = false
        self.session.authenticates = false
        tls = nil
        comparesServerName = false
        self.group = group
    }
}
