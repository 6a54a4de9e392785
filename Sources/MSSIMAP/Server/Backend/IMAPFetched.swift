/// What is needed of messages beside their flags and sizes.
public struct IMAPFetchNeeds: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// Needs from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The header of the summary; where there is none, the octets.
    public static let header = IMAPFetchNeeds(rawValue: 1)
    /// The octets.
    public static let content = IMAPFetchNeeds(rawValue: 2)
    /// What the summary says of the structure; where there is none, the octets.
    public static let structure = IMAPFetchNeeds(rawValue: 4)
    /// The summary; where there is none, the octets.
    public static let summary: IMAPFetchNeeds = [.header, .structure]

    /// What items of a `FETCH` need.
    init(_ items: [IMAPFetchItem]) {
        self = []
        for item in items { formUnion(item.needs) }
    }
}

/// A message with what was asked for of it.
public struct IMAPFetched: Sendable {
    /// Its flags and size.
    public var message: IMAPMessage
    /// What is prepared of it, as far as it was asked for.
    public var summary: IMAPMessageSummary?
    /// Its octets.
    public var content: (any IMAPMessageContent)?

    /// A message.
    public init(
        _ message: IMAPMessage, summary: IMAPMessageSummary? = nil, content: (any IMAPMessageContent)? = nil
    ) {
        self.message = message
        self.summary = summary
        self.content = content
    }
}

/// What a session must know of a mailbox that it selects.
public struct IMAPMailboxOverview: Sendable {
    /// The mailbox as it is now.
    public var mailbox: IMAPMailbox
    /// The UIDs of all messages, ascending.
    public var uids: [UInt32]
    /// The keywords that messages have.
    public var keywords: Set<IMAPFlag>
    /// The number of the first message without `\Seen`.
    public var firstUnseen: Int?

    /// An overview.
    public init(mailbox: IMAPMailbox, uids: [UInt32], keywords: Set<IMAPFlag>, firstUnseen: Int?) {
        self.mailbox = mailbox
        self.uids = uids
        self.keywords = keywords
        self.firstUnseen = firstUnseen
    }

    /// From all messages of a mailbox.
    init(_ changes: IMAPMailboxChanges) {
        self.init(
            mailbox: changes.mailbox, uids: changes.messages.map(\.uid),
            keywords: Set(changes.messages.lazy.flatMap(\.flags).filter(\.isKeyword)),
            firstUnseen: changes.messages.firstIndex { !$0.flags.contains(.seen) }.map { $0 + 1 })
    }
}
