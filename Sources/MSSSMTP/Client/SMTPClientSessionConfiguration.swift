/// How a client session goes.
public struct SMTPClientSessionConfiguration: Sendable, Hashable {
    /// The protocol spoken.
    public enum Mode: Sendable, Hashable {
        /// SMTP (RFC 5321).
        case smtp
        /// LMTP (RFC 2033): LHLO, and an answer for each recipient after the message.
        case lmtp
    }

    /// The name that the client gives itself: a domain name, or an address literal where it has none.
    public var clientName: SMTPHostName
    /// The protocol spoken.
    public var mode: Mode
    /// Whether TLS is required, by STARTTLS (EX_3.2_5050). Without it, everything goes in clear: for LMTP on this
    /// machine.
    public var requiresTLS: Bool
    /// Whether the client authenticates with AUTH before it sends.
    public var authenticates: Bool
    /// How long it waits.
    public var timeouts: SMTPTimeouts
    /// Whether a server that gives itself the client's name is refused: mail to it would go round in a circle.
    public var refusesOwnName: Bool
    /// Whether commands are sent together where the server allows it (RFC 2920).
    public var usesPipelining: Bool
    /// Whether messages are sent with BDAT where the server allows it (RFC 3030).
    public var usesChunking: Bool
    /// Octets gathered into one BDAT chunk.
    public var chunkSize: Int

    /// A configuration.
    public init(
        clientName: SMTPHostName, mode: Mode = .smtp, requiresTLS: Bool = true, authenticates: Bool = false,
        timeouts: SMTPTimeouts = .rfc5321, refusesOwnName: Bool = false, usesPipelining: Bool = true,
        usesChunking: Bool = true, chunkSize: Int = 256 << 10
    ) {
        precondition(chunkSize > 0)
        self.clientName = clientName
        self.mode = mode
        self.requiresTLS = requiresTLS
        self.authenticates = authenticates
        self.timeouts = timeouts
        self.refusesOwnName = refusesOwnName
        self.usesPipelining = usesPipelining
        self.usesChunking = usesChunking
        self.chunkSize = chunkSize
    }
}
