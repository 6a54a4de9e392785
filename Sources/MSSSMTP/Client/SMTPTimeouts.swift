/// How long the client waits in each phase. The time runs from what the client sent to the end of the whole reply, so
/// that a server cannot stretch it by sending one byte a minute.
public struct SMTPTimeouts: Sendable, Hashable {
    /// The TCP connection.
    public var connect: Duration
    /// The greeting (RFC 5321 §4.5.3.2.1).
    public var greeting: Duration
    /// EHLO, STARTTLS, AUTH, RSET: as MAIL.
    public var command: Duration
    /// The TLS handshake and the peer check together.
    public var tls: Duration
    /// MAIL (RFC 5321 §4.5.3.2.2).
    public var mail: Duration
    /// RCPT (RFC 5321 §4.5.3.2.3).
    public var recipient: Duration
    /// DATA's go-ahead (RFC 5321 §4.5.3.2.4).
    public var data: Duration
    /// Each block of the message that the server is slow to take (RFC 5321 §4.5.3.2.5).
    public var block: Duration
    /// The answer after the end of the message (RFC 5321 §4.5.3.2.6).
    public var endOfData: Duration
    /// A transaction from MAIL to its last answer: whatever the server does, it ends.
    public var transaction: Duration
    /// QUIT: nothing is lost when its answer never comes.
    public var quit: Duration

    /// The minima of RFC 5321 §4.5.3.2; the connection, which it leaves open, 30 seconds.
    public static let rfc5321 = SMTPTimeouts(
        connect: .seconds(30), greeting: .seconds(300), command: .seconds(300), tls: .seconds(60), mail: .seconds(300),
        recipient: .seconds(300), data: .seconds(120), block: .seconds(180), endOfData: .seconds(600),
        transaction: .seconds(7_200), quit: .seconds(5))

    /// For delivery to many destinations: a dead host must not hold a place for minutes, and the next host or the next
    /// attempt makes up for it (decision 0122). From MAIL on, the minima of RFC 5321 stand.
    public static let delivery = SMTPTimeouts(
        connect: .seconds(10), greeting: .seconds(60), command: .seconds(60), tls: .seconds(30), mail: .seconds(300),
        recipient: .seconds(300), data: .seconds(120), block: .seconds(180), endOfData: .seconds(600),
        transaction: .seconds(3_600), quit: .seconds(2))
}
