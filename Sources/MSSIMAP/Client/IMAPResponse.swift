public import MSSCore

/// A response of a server, read to the end.
public enum IMAPResponse: Sendable, Hashable {
    /// `OK`, `NO`, `BAD`, `BYE` or `PREAUTH`; with a tag it ends a command.
    case status(IMAPStatusResponse)
    /// `+`: the server waits for the rest of a command.
    case goOn(String)
    /// `CAPABILITY`.
    case capabilities([IMAPCapability])
    /// `ENABLED`.
    case enabled([IMAPCapability])
    /// `EXISTS`: messages in the mailbox.
    case exists(UInt32)
    /// `RECENT`.
    case recent(UInt32)
    /// `EXPUNGE`: the message of this number is gone, those after it have moved up.
    case expunged(UInt32)
    /// `VANISHED` (RFC 7162): these UIDs are gone; whether the client may have known it before.
    case vanished(NumberRanges, isEarlier: Bool)
    /// `FLAGS` that messages of the mailbox have.
    case flags([IMAPFlag])
    /// `LIST` or `LSUB`.
    case mailbox(IMAPListedMailbox)
    /// `STATUS`.
    case mailboxStatus(IMAPMailboxName, [IMAPStatusItem: Int64])
    /// `SEARCH`, `SORT` or `ESEARCH`.
    case found(IMAPFoundMessages)
    /// `THREAD`.
    case threads([IMAPThread])
    /// `FETCH`.
    case message(IMAPFetchedMessage)
    /// `ID`.
    case id([String: String])
    /// `QUOTA` of a root: octets used and allowed, when storage is bounded.
    case quota(root: String, IMAPQuota?)
    /// Something that this library has no use for: its word.
    case other(String)
}

/// A mailbox as `LIST` tells it.
public struct IMAPListedMailbox: Sendable, Hashable {
    /// Its name, levels parted by `/` whatever the server's separator.
    public var name: IMAPMailboxName
    /// Its name as the server writes it: for servers with another separator.
    public var serverName: String
    /// Attributes in lower case, for example `\hasnochildren`.
    public var attributes: Set<String>

    /// What it is for.
    public var use: IMAPSpecialUse? {
        IMAPSpecialUse.allCases.first { attributes.contains($0.rawValue.lowercased()) }
    }
    /// Whether it can be selected.
    public var isSelectable: Bool { attributes.isDisjoint(with: ["\\noselect", "\\nonexistent"]) }
}

/// What a search found.
public struct IMAPFoundMessages: Sendable, Hashable {
    /// Numbers or UIDs, in the order told.
    public var numbers: [UInt32] = []
    /// How many, when told.
    public var count: Int?
    /// The smallest and largest, when asked for.
    public var ends: ClosedRange<UInt32>?
    /// The greatest change number among them, when `MODSEQ` was searched.
    public var changeNumber: Int64?
}

/// A conversation: messages that answer each other in a row, and where it divides, the conversations that follow.
public struct IMAPThread: Sendable, Hashable {
    /// The row.
    public var messages: [UInt32]
    /// What follows its last message.
    public var branches: [IMAPThread]

    /// All messages.
    public var all: [UInt32] { messages + branches.flatMap(\.all) }
}

/// What `FETCH` tells of a message: what was asked for, and perhaps more.
public struct IMAPFetchedMessage: Sendable, Hashable {
    /// Its number in the mailbox.
    public var number: UInt32
    /// `UID`.
    public var uid: UInt32?
    /// `FLAGS`.
    public var flags: [IMAPFlag]?
    /// `INTERNALDATE`.
    public var received: Timestamp?
    /// `RFC822.SIZE`.
    public var size: Int?
    /// `MODSEQ`.
    public var changeNumber: Int64?
    /// `ENVELOPE`.
    public var envelope: IMAPEnvelope?
    /// `BODYSTRUCTURE` or `BODY`.
    public var structure: IMAPBodyPart?
    /// Sections by their names; `NIL` ones are left out.
    public var sections: [IMAPSection: [UInt8]] = [:]
    /// Parts with their transfer encoding undone (RFC 3516).
    public var decodedParts: [[Int]: [UInt8]] = [:]

    /// A message of a number.
    public init(number: UInt32) { self.number = number }
}

/// `ENVELOPE`: fields of a header; encoded words as they stand.
public struct IMAPEnvelope: Sendable, Hashable {
    /// An address.
    public struct Address: Sendable, Hashable {
        /// The display name.
        public var name: String?
        /// The local part; of a group's beginning its name.
        public var mailbox: String?
        /// The domain; `nil` at the beginning and end of groups.
        public var host: String?

        /// `local@domain`; `nil` for marks of groups.
        public var text: String? { host.flatMap { host in mailbox.map { "\($0)@\(host)" } } }
    }

    /// `Date` as written.
    public var date: String?
    /// `Subject`.
    public var subject: String?
    /// Authors.
    public var from: [Address] = []
    /// The sender.
    public var sender: [Address] = []
    /// Where answers go.
    public var replyTo: [Address] = []
    /// Recipients.
    public var to: [Address] = []
    /// Recipients of copies.
    public var cc: [Address] = []
    /// Recipients of blind copies.
    public var bcc: [Address] = []
    /// `In-Reply-To`.
    public var inReplyTo: String?
    /// `Message-ID`.
    public var messageID: String?
}

/// A part of a message as `BODYSTRUCTURE` tells it.
public struct IMAPBodyPart: Sendable, Hashable {
    /// Its number, to be asked for by ``IMAPSection``.
    public var number: [Int]
    /// Type and subtype in lower case, for example `application/zip`.
    public var type: String
    /// Parameters of the type, names in lower case.
    public var parameters: [String: String] = [:]
    /// `Content-ID`.
    public var id: String?
    /// The transfer encoding in lower case.
    public var encoding = "7bit"
    /// Octets, encoded.
    public var size = 0
    /// `attachment`, `inline` …
    public var disposition: String?
    /// Parameters of the disposition, names in lower case.
    public var dispositionParameters: [String: String] = [:]
    /// Parts within.
    public var parts: [IMAPBodyPart] = []

    /// The name under which to keep it, as the sender gave it.
    public var fileName: String? { dispositionParameters["filename"] ?? parameters["name"] }
    /// This part and all within, in order.
    public var all: [IMAPBodyPart] { [self] + parts.flatMap(\.all) }
}
