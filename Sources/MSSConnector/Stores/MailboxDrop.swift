public import MSSAccounts
public import MSSCore
public import MSSSMTP

/// A mailbox of the operator, as stores know it: by the number of the accounts' base, and by its address where the mail
/// is kept by a system that knows nothing else.
public struct MailboxReference: Sendable, Hashable {
    /// The number in the accounts' base.
    public var id: MailboxID
    /// The address.
    public var address: DirectoryMailAddress

    /// A reference.
    public init(id: MailboxID, address: DirectoryMailAddress) {
        self.id = id
        self.address = address
    }

    /// A reference to an account.
    public init(_ mailbox: MSSAccounts.Mailbox) { self.init(id: mailbox.id, address: mailbox.address) }
}

/// A folder of a mailbox.
public enum MailboxFolder: Sendable, Hashable {
    /// Where messages arrive; always there.
    case inbox
    /// What was sent (RFC 6154 `\Sent`).
    case sent
    /// A folder by its name; made when it is not there.
    case named(String)
}

/// A message for a mailbox.
public struct MailboxDelivery: Sendable {
    /// The mailbox.
    public var mailbox: MailboxReference
    /// The folder.
    public var folder: MailboxFolder
    /// Names this delivery: a second one of the same name is the same delivery again, after a crash or a lost answer, and
    /// must not double the message.
    public var key: String
    /// When the operator took the message: the internal date (RFC 9051 §2.3.3).
    public var received: Timestamp
    /// Whether it counts as read.
    public var isSeen: Bool
    /// The octets allowed in the mailbox; one that holds as many or more refuses (EX_GBM_4470). `nil` for no quota.
    public var quota: Int64?
    /// The message as it is to be kept, `Return-Path` and all, lines ended by CRLF.
    public var content: SMTPContent

    /// A delivery.
    public init(
        _ content: SMTPContent, to mailbox: MailboxReference, folder: MailboxFolder = .inbox, key: String,
        received: Timestamp, isSeen: Bool = false, quota: Int64? = nil
    ) {
        self.content = content
        self.mailbox = mailbox
        self.folder = folder
        self.key = key
        self.received = received
        self.isSeen = isSeen
        self.quota = quota
    }
}

/// A mailbox's word that it keeps a message.
public struct MailboxReceipt: Sendable, Hashable {
    /// The message's name in the mailbox, as the store gives it (for IMAP stores `UIDVALIDITY` and `UID`).
    public var id: String
    /// Octets kept.
    public var size: Int
    /// Whether the message was there already, under the same ``MailboxDelivery/key``.
    public var isRepeated: Bool

    /// A receipt.
    public init(id: String, size: Int, isRepeated: Bool = false) {
        self.id = id
        self.size = size
        self.isRepeated = isRepeated
    }
}

/// What a mailbox holds.
public struct MailboxUsage: Sendable, Hashable {
    /// Octets, as they count for the quota.
    public var octets: Int64
    /// Messages.
    public var messages: Int

    /// What a mailbox holds.
    public init(octets: Int64, messages: Int) {
        self.octets = octets
        self.messages = messages
    }
}

/// Why a mailbox did not take a message.
public enum MailboxDropError: Error, Sendable, Hashable {
    /// The mailbox was destroyed, or the mail system does not know it: no later attempt will help.
    case noMailbox
    /// The quota is reached (EX_GBM_4470).
    case overQuota
    /// Not now: disk full, store busy or not reachable. The text is English, for logs.
    case unavailable(String)
}

/// Where the mail of the operator's mailboxes is kept.
///
/// An embedded store implements it, and so may a gateway to an existing mail system (LMTP, IMAP APPEND).
public protocol MailboxDrop: Sendable {
    /// Puts a message into a mailbox. Once this returns, the message survives a crash and a power cut.
    ///
    /// - Throws: ``MailboxDropError``; any other error counts as ``MailboxDropError/unavailable(_:)``.
    func deliver(_ delivery: MailboxDelivery) async throws -> MailboxReceipt

    /// What a mailbox holds; one in which nothing was ever put holds nothing.
    func usage(of mailbox: MailboxReference) async throws -> MailboxUsage

    /// Destroys the messages received before a time (EX_GBM_4030, EX_GBP_3050).
    ///
    /// - Parameter folder: the folder; `nil` for all of them.
    /// - Returns: how many were destroyed.
    func purge(_ mailbox: MailboxReference, _ folder: MailboxFolder?, receivedBefore time: Timestamp) async throws
        -> Int

    /// Destroys a mailbox's messages irrevocably (EX_GBM_6010). It is no error when there is nothing left.
    func destroy(_ mailbox: MailboxReference) async throws
}
