public import MSSCore

/// What a folder is for (RFC 6154, RFC 9051 §7.3.1).
public enum MailFolderUse: Int64, Sendable, Hashable, CaseIterable {
    /// No special use.
    case ordinary = 0
    /// `INBOX`: where messages arrive.
    case inbox = 1
    /// `\Sent`.
    case sent = 2
    /// `\Drafts`.
    case drafts = 3
    /// `\Trash`.
    case trash = 4
    /// `\Junk`.
    case junk = 5
    /// `\Archive`.
    case archive = 6

    /// The name that the folder has in a new mailbox.
    public var name: String {
        switch self {
        case .ordinary: ""
        case .inbox: "INBOX"
        case .sent: "Sent"
        case .drafts: "Drafts"
        case .trash: "Trash"
        case .junk: "Junk"
        case .archive: "Archive"
        }
    }
}

/// The flags of a message that have a meaning in the standard (RFC 9051 §2.3.2).
public struct MailFlags: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: Int64
    /// Flags from their bits.
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// `\Seen`.
    public static let seen = MailFlags(rawValue: 1)
    /// `\Answered`.
    public static let answered = MailFlags(rawValue: 2)
    /// `\Flagged`.
    public static let flagged = MailFlags(rawValue: 4)
    /// `\Deleted`.
    public static let deleted = MailFlags(rawValue: 8)
    /// `\Draft`.
    public static let draft = MailFlags(rawValue: 16)
}

/// Names a mailbox of a store: letters, digits and whatever else the operator's accounts need.
public struct MailboxName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name.
    public let rawValue: String
    /// A name.
    public init(_ rawValue: String) { self.rawValue = rawValue }
    /// The name itself.
    public var description: String { rawValue }
    /// By Unicode scalars.
    public static func < (left: MailboxName, right: MailboxName) -> Bool { left.rawValue < right.rawValue }
}

/// What is known of a mailbox.
public struct MailboxStatus: Sendable, Hashable {
    /// Its name.
    public var name: MailboxName
    /// When it was made.
    public var created: Timestamp
    /// The octets allowed; `nil` for no bound.
    public var quota: Int64?
    /// The octets of all its messages.
    public var octets: Int64
    /// All its messages.
    public var messages: Int
    /// Grows with each change of the mailbox.
    public var changeNumber: Int64
}

/// Names a folder of a store for good; no other folder ever has this number.
public struct MailFolderID: Sendable, Hashable {
    let rawValue: Int64
}

/// What is known of a folder.
public struct MailFolder: Sendable, Hashable {
    /// Names it whatever it is called.
    public var id: MailFolderID
    /// Its mailbox.
    public var mailbox: MailboxName
    /// Its name, levels parted by `/`.
    public var name: String
    /// What it is for.
    public var use: MailFolderUse
    /// `UIDVALIDITY` (RFC 9051 §2.3.1.1).
    public var validity: UInt32
    /// `UIDNEXT`.
    public var nextUID: UInt32
    /// `HIGHESTMODSEQ` (RFC 7162 §3.1.2.1).
    public var changeNumber: Int64
    /// Messages in it.
    public var messages: Int
    /// Octets of them.
    public var octets: Int64
    /// Those without `\Seen`.
    public var unseen: Int
    /// Whether clients show it.
    public var isSubscribed: Bool
}

/// A message of a folder.
public struct MailMessage: Sendable, Hashable {
    /// The folder.
    public var folder: MailFolderID
    /// `UID`.
    public var uid: UInt32
    /// Octets.
    public var size: Int
    /// `INTERNALDATE`.
    public var received: Timestamp
    /// Its flags.
    public var flags: MailFlags
    /// Its keywords, sorted.
    public var keywords: [String]
    /// `MODSEQ` (RFC 7162).
    public var changeNumber: Int64
}

/// Where a message goes.
public struct MailTarget: Sendable, Hashable {
    /// A folder of a mailbox.
    public enum Folder: Sendable, Hashable {
        /// By its use.
        case use(MailFolderUse)
        /// By its name; made when it is not there.
        case named(String)
    }

    /// The mailbox.
    public var mailbox: MailboxName
    /// The folder.
    public var folder: Folder
    /// `INTERNALDATE`.
    public var received: Timestamp
    /// Flags to begin with.
    public var flags: MailFlags
    /// Keywords to begin with.
    public var keywords: [String]
    /// Names this delivery within the mailbox: a second one of the same name is not made (for a week at least).
    public var key: String?
    /// Another bound than the mailbox's quota, when the caller keeps quotas.
    public var quota: Int64?

    /// A target.
    public init(
        _ mailbox: MailboxName, _ folder: Folder = .use(.inbox), received: Timestamp, flags: MailFlags = [],
        keywords: [String] = [], key: String? = nil, quota: Int64? = nil
    ) {
        self.mailbox = mailbox
        self.folder = folder
        self.received = received
        self.flags = flags
        self.keywords = keywords
        self.key = key
        self.quota = quota
    }
}

/// A store's word that it keeps a message.
public struct MailReceipt: Sendable, Hashable {
    /// The folder.
    public var folder: MailFolderID
    /// `UIDVALIDITY` of the folder.
    public var validity: UInt32
    /// `UID` of the message.
    public var uid: UInt32
    /// Octets.
    public var size: Int
    /// Whether it was there already, under the same ``MailTarget/key``.
    public var isRepeated: Bool
}

/// What to do with flags.
public enum MailFlagChange: Sendable, Hashable {
    /// Adds these to those that are set.
    case add
    /// Removes these.
    case remove
    /// Sets these and no others.
    case replace
}

/// What became of a change of flags.
public struct MailFlagOutcome: Sendable, Hashable {
    /// The messages as they are now, those that were changed or had not to be.
    public var messages: [MailMessage]
    /// Those that somebody else changed after the number given: left alone (`UNCHANGEDSINCE`, RFC 7162 §3.1.3).
    public var conflicts: [UInt32]
}
