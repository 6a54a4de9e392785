public import MSSSASL
public import MSSTLS
public import NIOCore
public import NIOPosix

/// Where a client finds its mailbox, and how it speaks there.
public struct IMAPClientConfiguration: Sendable {
    /// How TLS begins.
    public enum Security: Sendable, Hashable {
        /// By `STARTTLS`, before anything else is said (EX_LPS_0500).
        case startTLS
        /// From the first octet.
        case immediate
        /// Never: for tests and for a server on the same machine.
        case none
    }

    /// Gives the credentials of a new session: asked at each, since tokens live for minutes (client requirement 1.10).
    public typealias CredentialSource = @Sendable () async throws -> SASLCredentials

    /// The server.
    public var host: String
    /// Its port.
    public var port: Int
    /// The name in its certificate.
    public var serverName: String
    /// How TLS begins.
    public var security: Security
    /// TLS, with the client's certificate when it has one (EX_LPS_1100).
    public var tls: ReloadableTLSContext?
    /// Where credentials come from.
    public var credentials: CredentialSource
    /// Told of credentials that the server refused: a token source gets another one before it is asked again.
    public var refused: @Sendable (SASLCredentials) async -> Void = { _ in }
    /// What the client tells of itself by `ID` (RFC 2971); empty for nothing.
    public var identification: [String: String] = [:]
    /// Whether to compress when the server offers it (RFC 4978).
    public var compresses = false
    /// Time to connect.
    public var connectTime: TimeAmount = .seconds(30)
    /// Time without an octet while something is awaited.
    public var silence: TimeAmount = .minutes(2)
    /// After this time `IDLE` is renewed: servers end sessions without a command for 15 minutes (EX_LPS_1000).
    public var idleRenewal: TimeAmount = .minutes(10)
    /// Octets of one response, of a message that is not streamed with it.
    public var responseLimit = 32 << 20
    /// Octets of responses that wait to be taken; with as many, the server waits.
    public var bufferedResponses = 256 << 10
    /// The event loops that connections run on.
    public var group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    /// A configuration.
    public init(
        host: String, port: Int = 143, serverName: String? = nil, security: Security = .startTLS,
        tls: ReloadableTLSContext?, credentials: @escaping CredentialSource
    ) {
        precondition(security == .none || tls != nil, "TLS without a context")
        self.host = host
        self.port = port
        self.serverName = serverName ?? host
        self.security = security
        self.tls = tls
        self.credentials = credentials
    }
}
