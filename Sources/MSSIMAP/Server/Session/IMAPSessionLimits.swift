public import NIOCore

/// What one session may cost the server, and how long it may last.
public struct IMAPSessionLimits: Sendable, Hashable {
    // MARK: Sizes

    /// Octets of a line before authentication, CRLF included: a token of Pro Santé Connect has some thousands, as
    /// RFC 4954 §4 allows in SMTP.
    public var lineBeforeLogin = 12_288
    /// Octets of a line after it. RFC 7162 §4 asks for 8,192; clients that name thousands of UIDs write more.
    public var line = 64 << 10
    /// Octets of a literal before authentication: the user or password of `LOGIN`.
    public var literalBeforeLogin = 1024
    /// Octets of a literal that becomes part of a command: names and texts to search for.
    public var literal = 16 << 10
    /// Octets of a command, all its lines and literals together, but for messages.
    public var command = 128 << 10
    /// Octets of a message to append (RFC 7889). Messages to patients have up to 25 MB (EX_GBM_4410: 10 MB at least).
    public var appendSize = 25 << 20
    /// Messages of one `APPEND` (RFC 3502): they are kept together or not at all.
    public var appendMessages = 100
    /// Octets of a refused literal that are read over so that the client reads why; more, and the connection ends.
    public var discardedOctets: Int64 = 64 << 20
    /// Octets of responses that wait for the client; with as many, its command waits.
    public var bufferedResponses = 256 << 10

    // MARK: Counts

    /// Commands not understood or out of place, until the session ends.
    public var protocolErrors = 20
    /// Failed authentications, until the session ends.
    public var authenticationFailures = 5
    /// Commands before authentication, until the session ends: an honest client needs five.
    public var commandsBeforeLogin = 50
    /// Messages of one mailbox that a session shows: each takes four octets for as long as it is selected.
    public var messages = 2_000_000

    // MARK: Times

    /// Time without a command (EX_LPS_1000: 15 minutes). `IDLE` is one command: a client that idles renews it, as
    /// RFC 2177 has it, before this time.
    public var idle: TimeAmount = .minutes(15)
    /// Time of a whole session (EX_LPS_1000: 4 hours).
    public var session: TimeAmount = .hours(4)
    /// Time from the connection to the end of authentication, while no command runs.
    public var login: TimeAmount = .minutes(3)
    /// Time between the pieces of a literal: what is announced is sent, or the session ends.
    public var literalStall: TimeAmount = .minutes(2)
    /// Time that the backend may take without putting out anything.
    public var backendAnswer: TimeAmount = .minutes(9)
    /// Time in which the client must read responses that wait for it.
    public var responseStall: TimeAmount = .minutes(5)
    /// Time between the signs of life that a client receives while it idles: middle boxes forget silent connections.
    public var keepalive: TimeAmount = .minutes(2)

    /// The limits of the API LPS.
    public init() {}
}
