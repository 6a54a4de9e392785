public import MSSCore

/// What threading needs to know of a message.
public struct ThreadMessage: Hashable, Sendable {
    /// Its `Message-ID` without angle brackets.
    public var messageID: String?
    /// The identifiers of `References`; of `In-Reply-To` the first, when there are no references (RFC 5256 §3).
    public var references: [String]
    /// Its subject, decoded.
    public var subject: String
    /// When it was sent.
    public var date: Timestamp

    /// What threading needs, given apart.
    public init(messageID: String?, references: [String], subject: String, date: Timestamp) {
        self.messageID = messageID
        self.references = references
        self.subject = subject
        self.date = date
    }

    /// What threading needs, from a header; `received` stands for a `Date` that cannot be read.
    public init(_ header: HeaderBlock, received: Timestamp) {
        let references = header.references
        self.init(
            messageID: header.messageID,
            references: references.isEmpty ? Array(header.inReplyTo.prefix(1)) : references,
            subject: header.subject ?? "", date: header.date?.timestamp ?? received)
    }
}
