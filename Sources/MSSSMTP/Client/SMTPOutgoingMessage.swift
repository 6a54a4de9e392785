/// A message ready to be sent: envelope and content.
public struct SMTPOutgoingMessage: Sendable {
    /// The envelope.
    public var envelope: OutgoingEnvelope
    /// The message.
    public var content: SMTPContent
    /// The same message in seven bits, sent to a server without 8BITMIME; `nil` refuses such a server, since encoding
    /// a message anew would break its signatures (RFC 6152 §3).
    public var sevenBitContent: SMTPContent?
    /// What is done about a CR or LF alone in the content.
    public var lineEnds: SMTPLineEnds

    /// A message ready to be sent.
    public init(
        _ envelope: OutgoingEnvelope, _ content: SMTPContent, sevenBitContent: SMTPContent? = nil,
        lineEnds: SMTPLineEnds = .refuse
    ) {
        self.envelope = envelope
        self.content = content
        self.sevenBitContent = sevenBitContent
        self.lineEnds = lineEnds
    }
}
