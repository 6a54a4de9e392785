public import MSSCore
public import MSSSASL

/// A command of a client, read to the end but for the messages of `APPEND`, which stream.
public enum IMAPCommand: Sendable, Hashable {
    // MARK: Any state (RFC 9051 §6.1)

    /// `CAPABILITY`.
    case capability
    /// `NOOP`.
    case noop
    /// `LOGOUT`.
    case logout
    /// `ID`, with names and values; `nil` for `NIL` (RFC 2971).
    case id([String: String?]?)

    // MARK: Not authenticated (§6.2)

    /// `STARTTLS`.
    case startTLS
    /// `AUTHENTICATE`, with the initial response when there is one (RFC 4959).
    case authenticate(SASLMechanism, SASLMessage?)
    /// `LOGIN`.
    case login(user: String, password: SASLSecret)

    // MARK: Authenticated (§6.3)

    /// `ENABLE`: names in upper case (RFC 5161).
    case enable([String])
    /// `SELECT` or `EXAMINE`.
    case select(IMAPSelection)
    /// `CREATE`, with the special uses asked for (RFC 6154), for example `\Sent`.
    case create(IMAPMailboxName, uses: [String])
    /// `DELETE`.
    case delete(IMAPMailboxName)
    /// `RENAME`.
    case rename(IMAPMailboxName, to: IMAPMailboxName)
    /// `SUBSCRIBE` or `UNSUBSCRIBE`.
    case subscribe(IMAPMailboxName, Bool)
    /// `LIST` or `LSUB`.
    case list(IMAPListRequest)
    /// `NAMESPACE` (RFC 2342).
    case namespace
    /// `STATUS`.
    case status(IMAPMailboxName, [IMAPStatusItem])
    /// `APPEND` up to its first message (RFC 3502: others may follow).
    case append(IMAPMailboxName, IMAPAppendItem)
    /// `IDLE` (RFC 2177).
    case idle
    /// `COMPRESS`: the algorithm in upper case (RFC 4978).
    case compress(String)
    /// `GETQUOTA` (RFC 9208).
    case getQuota(root: String)
    /// `GETQUOTAROOT`.
    case getQuotaRoot(IMAPMailboxName)
    /// `SETQUOTA`; the limits are not read.
    case setQuota(root: String)

    // MARK: Selected (§6.4)

    /// `CHECK`, of RFC 3501.
    case check
    /// `CLOSE`.
    case close
    /// `UNSELECT` (RFC 3691).
    case unselect
    /// `EXPUNGE`, or `UID EXPUNGE` of a set (RFC 4315).
    case expunge(IMAPSequenceSet?)
    /// `SEARCH` or `UID SEARCH`.
    case search(IMAPSearchRequest)
    /// `SORT` or `UID SORT` (RFC 5256).
    case sort(IMAPSearchRequest, [IMAPSortCriterion])
    /// `THREAD` or `UID THREAD` (RFC 5256): the algorithm in upper case.
    case thread(IMAPSearchRequest, algorithm: String)
    /// `FETCH` or `UID FETCH`.
    case fetch(IMAPFetchRequest)
    /// `STORE` or `UID STORE`.
    case store(IMAPStoreRequest)
    /// `COPY` or `MOVE` (RFC 6851), or either by `UID`.
    case copy(IMAPCopyRequest)
}

/// A command with its tag.
public struct IMAPTaggedCommand: Sendable, Hashable {
    /// The tag.
    public var tag: String
    /// The command.
    public var command: IMAPCommand

    /// A command with its tag.
    public init(tag: String, _ command: IMAPCommand) {
        self.tag = tag
        self.command = command
    }
}

/// What `SELECT` or `EXAMINE` asks for.
public struct IMAPSelection: Sendable, Hashable {
    /// What the client knows of the mailbox (RFC 7162 §3.2.5).
    public struct Known: Sendable, Hashable {
        /// `UIDVALIDITY`.
        public var validity: UInt32
        /// The greatest `MODSEQ` seen.
        public var changeNumber: Int64
        /// The UIDs known; `nil` for all.
        public var uids: IMAPSequenceSet?
        /// Message numbers and their UIDs, by which a server without records of what vanished finds it out.
        public var match: [IMAPSequenceSet]

        /// What the client knows.
        public init(
            validity: UInt32, changeNumber: Int64, uids: IMAPSequenceSet? = nil, match: [IMAPSequenceSet] = []
        ) {
            self.validity = validity
            self.changeNumber = changeNumber
            self.uids = uids
            self.match = match
        }
    }

    /// The mailbox.
    public var mailbox: IMAPMailboxName
    /// Whether it is `EXAMINE`.
    public var isReadOnly: Bool
    /// Whether `CONDSTORE` is asked for (RFC 7162 §3.1.8).
    public var condstore: Bool
    /// `QRESYNC`.
    public var known: Known?

    /// A selection.
    public init(_ mailbox: IMAPMailboxName, isReadOnly: Bool = false, condstore: Bool = false, known: Known? = nil) {
        self.mailbox = mailbox
        self.isReadOnly = isReadOnly
        self.condstore = condstore
        self.known = known
    }
}

/// What `LIST` or `LSUB` asks for (RFC 5258, RFC 5819, RFC 6154).
public struct IMAPListRequest: Sendable, Hashable {
    /// Selection and return options.
    public struct Options: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt8
        /// Options from their bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// `SUBSCRIBED`.
        public static let subscribed = Options(rawValue: 1)
        /// `CHILDREN`, to be returned.
        public static let children = Options(rawValue: 2)
        /// `SPECIAL-USE`.
        public static let specialUse = Options(rawValue: 4)
        /// `RECURSIVEMATCH`, to select by.
        public static let recursiveMatch = Options(rawValue: 8)
        /// `REMOTE`, to select by: there are no remote mailboxes here.
        public static let remote = Options(rawValue: 16)
    }

    /// Whether it is `LSUB`.
    public var isLSUB = false
    /// The reference, before each pattern.
    public var reference: String
    /// Patterns with `*` and `%`.
    public var patterns: [String]
    /// Whether the command has a form of RFC 5258.
    public var isExtended = false
    /// What selects.
    public var selection: Options = []
    /// What is returned beside the names.
    public var returns: Options = []
    /// Status to return with each name.
    public var status: [IMAPStatusItem] = []

    /// A request in the form of RFC 3501.
    public init(reference: String = "", patterns: [String]) {
        self.reference = reference
        self.patterns = patterns
    }
}

/// What `STATUS` tells (RFC 9051 §6.3.11, RFC 7162, RFC 7889, RFC 8438, RFC 9208).
public enum IMAPStatusItem: String, Sendable, Hashable, CaseIterable {
    /// Messages in it.
    case messages = "MESSAGES"
    /// Of RFC 3501; always 0 here.
    case recent = "RECENT"
    /// The next UID.
    case uidNext = "UIDNEXT"
    /// The validity of UIDs.
    case uidValidity = "UIDVALIDITY"
    /// Messages without `\Seen`.
    case unseen = "UNSEEN"
    /// Messages with `\Deleted`.
    case deleted = "DELETED"
    /// Octets of all messages.
    case size = "SIZE"
    /// The greatest change number.
    case highestModSeq = "HIGHESTMODSEQ"
    /// Octets that a message may have.
    case appendLimit = "APPENDLIMIT"
}

/// One message of `APPEND`, without its content.
public struct IMAPAppendItem: Sendable, Hashable {
    /// Flags to begin with.
    public var flags: [IMAPFlag]
    /// `INTERNALDATE`; `nil` for now.
    public var date: Timestamp?
    /// Whether it comes as `literal8` (RFC 3516 §4.4).
    public var isBinary: Bool

    /// A message without its content.
    public init(flags: [IMAPFlag] = [], date: Timestamp? = nil, isBinary: Bool = false) {
        self.flags = flags
        self.date = date
        self.isBinary = isBinary
    }
}

/// What `STORE` changes.
public struct IMAPStoreRequest: Sendable, Hashable {
    /// How flags are changed.
    public enum Change: Sendable, Hashable {
        /// `FLAGS`.
        case replace
        /// `+FLAGS`.
        case add
        /// `-FLAGS`.
        case remove
    }

    /// The messages.
    public var messages: IMAPSequenceSet
    /// Whether they are named by UID.
    public var byUID: Bool
    /// How flags are changed.
    public var change: Change
    /// Whether the new flags are not to be told.
    public var isSilent: Bool
    /// The flags.
    public var flags: [IMAPFlag]
    /// `UNCHANGEDSINCE` (RFC 7162 §3.1.3).
    public var unchangedSince: Int64?

    /// A change.
    public init(
        _ messages: IMAPSequenceSet, byUID: Bool, _ change: Change, _ flags: [IMAPFlag], isSilent: Bool = false,
        unchangedSince: Int64? = nil
    ) {
        self.messages = messages
        self.byUID = byUID
        self.change = change
        self.flags = flags
        self.isSilent = isSilent
        self.unchangedSince = unchangedSince
    }
}

/// What `COPY` or `MOVE` does.
public struct IMAPCopyRequest: Sendable, Hashable {
    /// The messages.
    public var messages: IMAPSequenceSet
    /// Whether they are named by UID.
    public var byUID: Bool
    /// Where they go.
    public var mailbox: IMAPMailboxName
    /// Whether they leave their mailbox.
    public var moves: Bool

    /// A copy, or a move.
    public init(_ messages: IMAPSequenceSet, byUID: Bool, to mailbox: IMAPMailboxName, moves: Bool) {
        self.messages = messages
        self.byUID = byUID
        self.mailbox = mailbox
        self.moves = moves
    }
}
