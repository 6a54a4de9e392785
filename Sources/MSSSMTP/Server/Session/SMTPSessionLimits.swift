public import NIOCore

/// What one session may cost the server, and how long it may last.
public struct SMTPSessionLimits: Sendable, Hashable {
    // MARK: Sizes

    /// Octets of a command line, CRLF included. RFC 5321 §4.5.3.1.4 has 512; the extensions offered add 26 (SIZE), 17
    /// (8BITMIME), 10 (SMTPUTF8), 500 (AUTH=) and 116 (RET, ENVID) to `MAIL`, 528 (NOTIFY, ORCPT) to `RCPT`.
    public var commandLine = 2048
    /// Octets of a line of `AUTH`, CRLF included (RFC 4954 §4): an access token has thousands of them.
    public var authenticationLine = 12_288
    /// Octets of a line of the message, without CRLF. RFC 5321 §4.5.3.1.6 has 1000 as what everyone must accept; its
    /// §4.5.3.1 asks to accept more, and software of hospitals sends base64 in one line. The bound is what readers of
    /// lines after us may have to hold.
    public var textLine = 65_536
    /// Octets of a message. EX_GBM_4410: 10 MB at least; messages to patients have up to 25 MB.
    public var messageSize = 25 << 20
    /// Octets read and thrown away so that the client can read why its message was refused; more, and the connection
    /// ends: nobody is obliged to receive without end.
    public var discardedOctets = 64 << 20
    /// Octets of a message that wait for the backend at most; the client is read no further one reading before, since one
    /// more may be on its way. A long message reaches half of it on a fast line, because its backend is woken seldom
    /// then.
    public var bufferedBody = 1 << 20

    /// The most octets that one session holds for its client, but for those of a message that wait for the backend
    /// (``bufferedBody``): what two readings bring, a line that has not ended, a piece of a message that grows to 16 KB,
    /// and replies that the client leaves unread: up to the socket's mark of 64 KB, and 16 KB gathered for it.
    public var mostOctetsHeld: Int {
        let reading = 2 * (64 << 10)
        let piece = 16 << 10
        let replies = (64 << 10) + (16 << 10) + commandLine
        return reading + max(commandLine, authenticationLine) + piece + replies
    }

    // MARK: Counts

    /// Recipients of a transaction (EX_GBM_4420); the backend may allow others more.
    public var recipients = 40
    /// Transactions of a session; announced as `MAILMAX` (RFC 9422). Connections are best limited by time, so this is
    /// only what keeps one from being held for ever.
    public var transactions = 1000
    /// Chunks of a message. Senders use 8 KB and more; 20,000 of those are 160 MB.
    public var chunks = 20_000
    /// Commands that are wrong in form or order, until the session ends.
    public var protocolErrors = 20
    /// Commands refused by the backend or a limit, until the session ends: a mailing to a domain that lost half of its
    /// mailboxes must still get through.
    public var refusals = 200
    /// Failed authentications, until the session ends.
    public var authenticationFailures = 5
    /// Commands since the start or the last accepted message, until the session ends: `NOOP` each minute for four hours
    /// is 240, a transaction of 40 recipients 43.
    public var commandsWithoutMessage = 1000

    // MARK: Times

    /// Time without a complete command (RFC 5321 §4.5.3.2.7: 5 minutes at least; EX_LPS_1000: 15 minutes).
    public var idle: TimeAmount = .minutes(5)
    /// Time of a whole session (EX_LPS_1000: 4 hours).
    public var session: TimeAmount = .hours(4)
    /// Time in which a message must advance by ``dataProgress`` octets or end: one octet a second is no mail.
    public var dataStall: TimeAmount = .minutes(5)
    /// See ``dataStall``.
    public var dataProgress = 4096
    /// Time that the backend may take for an answer; senders wait 10 minutes for the last (RFC 5321 §4.5.3.2.6).
    public var backendAnswer: TimeAmount = .minutes(9)
    /// Time in which the client must read replies that wait for it.
    public var replyStall: TimeAmount = .minutes(5)

    /// Limits of RFC 5321, for other operators (TM3.1P).
    public init() {}

    /// For other operators (TM3.1P): the times of RFC 5321.
    public static let `operator` = SMTPSessionLimits()

    /// For client software (TM5.2P, TM5.4P): EX_LPS_1000.
    public static let apiLPS: SMTPSessionLimits = {
        var limits = SMTPSessionLimits()
        limits.idle = .minutes(15)
        limits.session = .hours(4)
        return limits
    }()
}
