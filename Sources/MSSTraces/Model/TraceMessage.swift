public import MSSCore

/// What a trace tells of a message sent or received (EX_GDT_5050). There is no room for its content.
public struct TraceMessage: Sendable, Hashable {
    /// The operator's own unique identifier of the message, or the one that it bears itself; at most
    /// ``TraceText/maximumLength`` octets.
    public var identifier: String { didSet { identifier = TraceText.bounded(identifier) } }
    /// The envelope's sender; `nil` for the empty reverse-path of a notice.
    public var sender: MailAddress?
    /// The envelope's recipients.
    public var recipients: [MailAddress]
    /// The subject: kept under version 1.6 of the Référentiel, dropped by the store under 1.7. At most
    /// ``TraceText/maximumLength`` octets: a header may hold half a megabyte, and every recipient has a trace.
    public var subject: String? { didSet { subject = subject.map { TraceText.bounded($0) } } }
    /// The size of the encoded message with its attachments, in bytes.
    public var size: Int?

    /// The facts of one message.
    public init(
        identifier: String, sender: MailAddress?, recipients: [MailAddress], subject: String? = nil, size: Int? = nil
    ) {
        self.identifier = TraceText.bounded(identifier)
        self.sender = sender
        self.recipients = recipients
        self.subject = subject.map { TraceText.bounded($0) }
        self.size = size
    }
}

/// One attribute before and after a change.
public struct TraceChange: Sendable, Hashable {
    /// The name of the attribute.
    public let attribute: String
    /// Its value before; `nil` when it had none.
    public let before: String?
    /// Its value after; `nil` when it has none any more.
    public let after: String?

    /// A change of one attribute.
    public init(_ attribute: String, before: String?, after: String?) {
        self.attribute = attribute
        self.before = before
        self.after = after
    }
}
