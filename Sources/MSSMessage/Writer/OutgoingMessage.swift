/// A message to write.
public struct OutgoingMessage: Sendable {
    /// Authors.
    public var from: [Mailbox]
    /// Who sends for the authors; required by RFC 5322 §3.6.2 when there are several.
    public var sender: Mailbox?
    /// Where replies go, when not to the authors.
    public var replyTo: [AddressEntry] = []
    /// Recipients.
    public var to: [AddressEntry]
    /// Recipients of copies.
    public var cc: [AddressEntry] = []
    /// The subject; no field is written for `nil`.
    public var subject: String?
    /// The date; `nil` takes the clock of ``WriterOptions``.
    public var date: MessageDate?
    /// The message identifier without angle brackets; `nil` has one made.
    public var messageID: String?
    /// Identifiers of the messages answered, without angle brackets.
    public var inReplyTo: [String] = []
    /// Identifiers of the conversation so far, without angle brackets.
    public var references: [String] = []
    /// Further fields, in order.
    public var fields: [OutgoingField] = []
    /// The content.
    public var content: OutgoingPart

    /// A message between mailboxes. Blind copies are a matter of the envelope and never written.
    public init(from: Mailbox, to: [Mailbox], subject: String?, content: OutgoingPart) {
        self.from = [from]
        self.to = to.map { .mailbox($0) }
        self.subject = subject
        self.content = content
    }
}
