public import MSSCore
public import NIOCore

/// A message of a mailbox, without its content.
public struct IMAPMessage: Sendable, Hashable {
    /// `UID`.
    public var uid: UInt32
    /// Octets.
    public var size: Int
    /// `INTERNALDATE`.
    public var received: Timestamp
    /// Flags and keywords.
    public var flags: [IMAPFlag]
    /// `MODSEQ`.
    public var changeNumber: Int64

    /// A message.
    public init(uid: UInt32, size: Int, received: Timestamp, flags: [IMAPFlag], changeNumber: Int64) {
        self.uid = uid
        self.size = size
        self.received = received
        self.flags = flags
        self.changeNumber = changeNumber
    }
}

/// What changed in a mailbox.
public struct IMAPMailboxChanges: Sendable {
    /// The mailbox as it is now.
    public var mailbox: IMAPMailbox
    /// Messages that are new or changed, by UID.
    public var messages: [IMAPMessage]
    /// UIDs that vanished, ascending.
    public var vanished: [UInt32]

    /// Changes.
    public init(mailbox: IMAPMailbox, messages: [IMAPMessage], vanished: [UInt32]) {
        self.mailbox = mailbox
        self.messages = messages
        self.vanished = vanished
    }
}

/// The octets of a message: read in pieces, never altered.
public protocol IMAPMessageContent: Sendable {
    /// Octets.
    var size: Int { get }
    /// A range of them, within the size. Readers ask for 64 KiB or less.
    func octets(_ range: Range<Int>) async throws -> ByteBuffer
}

/// A message that is arriving. What is not appended to a mailbox is gone with the last reference.
public protocol IMAPMessageDraft: Sendable {
    /// Adds a piece. Returning late is what slows the client down.
    func add(_ piece: ByteBuffer) async throws
    /// Forgets the message.
    func discard() async
}

/// What became of an append.
public struct IMAPAppended: Sendable, Hashable {
    /// `UIDVALIDITY` of the mailbox.
    public var validity: UInt32
    /// The new UIDs, in the order of the messages.
    public var uids: [UInt32]

    /// What became of an append.
    public init(validity: UInt32, uids: [UInt32]) {
        self.validity = validity
        self.uids = uids
    }
}

/// What became of a change of flags.
public struct IMAPFlagOutcome: Sendable, Hashable {
    /// The messages as they are now, whether they had to be changed or not.
    public var messages: [IMAPMessage]
    /// Those left alone because somebody else had changed them.
    public var conflicts: [UInt32]

    /// What became of a change.
    public init(messages: [IMAPMessage], conflicts: [UInt32] = []) {
        self.messages = messages
        self.conflicts = conflicts
    }
}

/// What became of a copy or move.
public struct IMAPCopied: Sendable, Hashable {
    /// `UIDVALIDITY` of the target.
    public var validity: UInt32
    /// The UIDs that the messages had.
    public var sources: [UInt32]
    /// Those that the copies have, in the same order.
    public var copies: [UInt32]

    /// What became of a copy.
    public init(validity: UInt32, sources: [UInt32], copies: [UInt32]) {
        self.validity = validity
        self.sources = sources
        self.copies = copies
    }
}

/// Octets used and allowed.
public struct IMAPQuota: Sendable, Hashable {
    /// Octets used.
    public var used: Int64
    /// Octets allowed.
    public var limit: Int64

    /// A quota.
    public init(used: Int64, limit: Int64) {
        self.used = used
        self.limit = limit
    }
}
