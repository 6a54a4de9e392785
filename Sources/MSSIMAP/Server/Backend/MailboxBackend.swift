import MSSCore
import NIOCore

/// Where the mail of authenticated clients is kept. One backend serves all sessions of an entry point.
public protocol MailboxBackend: Sendable {
    /// Opens the account of an identity for one session.
    ///
    /// - Throws: ``IMAPRefusal``; another error is answered `NO [SERVERBUG]`.
    func open(_ identity: IMAPIdentity, _ facts: IMAPSessionFacts) async throws -> any MailboxAccount
}

/// One account: a BAL, in the Référentiel's words, with its folders, which IMAP calls mailboxes.
///
/// Calls of one session never overlap, but for ``contents(_:in:)``, of which a search makes two at once; several sessions
/// may have the same account open. Every method may throw an ``IMAPRefusal``; what names a mailbox that is gone throws
/// ``IMAPRefusal/noMailbox``. To return from a change is to promise that it is kept.
public protocol MailboxAccount: Sendable {
    /// All mailboxes.
    func mailboxes() async throws -> [IMAPMailbox]
    /// Makes a mailbox, and those above it that are missing.
    func create(_ name: IMAPMailboxName, use: IMAPSpecialUse?) async throws
    /// Deletes a mailbox with its messages.
    func delete(_ mailbox: IMAPMailboxID) async throws
    /// Gives a mailbox, and those below it, another name; of INBOX, moves the messages (RFC 9051 §6.3.6).
    func rename(_ mailbox: IMAPMailboxID, to name: IMAPMailboxName) async throws
    /// Marks a mailbox as one that clients show, or not.
    func setSubscribed(_ isSubscribed: Bool, _ mailbox: IMAPMailboxID) async throws

    /// What changed in a mailbox: the messages with a greater change number than `number`, and the UIDs that vanished
    /// with a greater one than `vanishedSince`; all in one moment. 0 asks for all messages.
    func changes(
        in mailbox: IMAPMailboxID, since number: Int64, vanishedSince: Int64
    ) async throws -> IMAPMailboxChanges
    /// Messages by their UIDs, ascending; those that are gone are left out.
    func messages(_ uids: NumberRanges, in mailbox: IMAPMailboxID) async throws -> [IMAPMessage]
    /// The octets of a message; `nil` when it is gone.
    func content(of uid: UInt32, in mailbox: IMAPMailboxID) async throws -> (any IMAPMessageContent)?

    /// What a session must know of a mailbox that it selects, in one moment.
    func overview(of mailbox: IMAPMailboxID) async throws -> IMAPMailboxOverview
    /// Messages by their UIDs (at most some dozens), ascending, with what is needed of them; those that are gone are left
    /// out.
    func fetch(
        _ uids: NumberRanges, _ needs: IMAPFetchNeeds, in mailbox: IMAPMailboxID
    ) async throws -> [IMAPFetched]
    /// What is prepared of messages by their UIDs (at most some dozens); a message may be left out, and is then read.
    func summaries(_ uids: NumberRanges, in mailbox: IMAPMailboxID) async throws -> [UInt32: IMAPMessageSummary]
    /// The headers of messages by their UIDs (at most some hundreds), ascending, each with the empty line after it, as a
    /// search reads them; a message may be left out, and is then read.
    func headers(
        _ uids: NumberRanges, in mailbox: IMAPMailboxID
    ) async throws -> [(uid: UInt32, header: ArraySlice<UInt8>)]
    /// The octets of messages by their UIDs (at most some dozens), without those that are gone.
    func contents(_ uids: NumberRanges, in mailbox: IMAPMailboxID) async throws -> [UInt32: any IMAPMessageContent]

    /// Begins a message that arrives piece by piece.
    func draft(size: Int) async throws -> any IMAPMessageDraft
    /// Keeps messages, all or none.
    func append(_ messages: [(IMAPAppendItem, any IMAPMessageDraft)], to mailbox: IMAPMailboxID) async throws
        -> IMAPAppended
    /// Changes flags of messages; those in `unchangedSince` that somebody changed after that number are left alone
    /// (RFC 7162 §3.1.3).
    func setFlags(
        _ change: IMAPStoreRequest.Change, _ flags: [IMAPFlag], of uids: [UInt32], in mailbox: IMAPMailboxID,
        unchangedSince: Int64?
    ) async throws -> IMAPFlagOutcome
    /// Takes messages with `\Deleted` out for good; `nil` for all of them. Returns the UIDs of those that went.
    func expunge(_ uids: [UInt32]?, in mailbox: IMAPMailboxID) async throws -> [UInt32]
    /// Copies or moves messages, all or none; pairs of old and new UIDs, ascending, without those that are gone.
    func copy(
        _ uids: [UInt32], from mailbox: IMAPMailboxID, to target: IMAPMailboxID, moves: Bool
    ) async throws -> IMAPCopied

    /// Octets used and allowed; `nil` without a quota.
    func quota() async throws -> IMAPQuota?
    /// Tells that something has changed in any mailbox of the account, by whomever, until the iteration ends. A slow
    /// reader may miss all but the last.
    func notifications() -> AsyncStream<Int64>
    /// A number that is another one after every change in any mailbox of the account, before whoever made the change is
    /// told that it is done: while it stays the same, ``changes(in:since:vanishedSince:)`` has nothing new. `nil` when
    /// that is not known without asking.
    func pulse() async -> UInt64?
}

extension MailboxAccount {
    /// From all messages.
    public func overview(of mailbox: IMAPMailboxID) async throws -> IMAPMailboxOverview {
        IMAPMailboxOverview(try await changes(in: mailbox, since: 0, vanishedSince: .max))
    }

    /// One step after the other.
    public func fetch(
        _ uids: NumberRanges, _ needs: IMAPFetchNeeds, in mailbox: IMAPMailboxID
    ) async throws -> [IMAPFetched] {
        let messages = try await messages(uids, in: mailbox)
        let summaries = !needs.isDisjoint(with: .summary) ? try await summaries(uids, in: mailbox) : [:]
        let read = needs.contains(.content) ? messages.map(\.uid) : messages.map(\.uid).filter { summaries[$0] == nil }
        let contents = needs.isEmpty || read.isEmpty ? [:] : try await contents(NumberRanges(read), in: mailbox)
        return messages.map { IMAPFetched($0, summary: summaries[$0.uid], content: contents[$0.uid]) }
    }

    /// Not known.
    public func pulse() async -> UInt64? { nil }

    /// Nothing is prepared.
    public func summaries(
        _ uids: NumberRanges, in mailbox: IMAPMailboxID
    ) async throws -> [UInt32: IMAPMessageSummary] { [:] }

    /// Of the summaries.
    public func headers(
        _ uids: NumberRanges, in mailbox: IMAPMailboxID
    ) async throws -> [(uid: UInt32, header: ArraySlice<UInt8>)] {
        try await summaries(uids, in: mailbox).compactMap { uid, summary in summary.header.map { (uid, $0) } }
            .sorted { $0.uid < $1.uid }
    }

    /// One after the other.
    public func contents(
        _ uids: NumberRanges, in mailbox: IMAPMailboxID
    ) async throws -> [UInt32: any IMAPMessageContent] {
        var found: [UInt32: any IMAPMessageContent] = [:]
        for message in try await messages(uids, in: mailbox) {
            found[message.uid] = try await content(of: message.uid, in: mailbox)
        }
        return found
    }
}

/// Names a mailbox of an account whatever it is called; no other one ever has the number.
public struct IMAPMailboxID: Sendable, Hashable {
    /// The number.
    public let rawValue: Int64
    /// A name.
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// What a mailbox is for (RFC 6154).
public enum IMAPSpecialUse: String, Sendable, Hashable, CaseIterable {
    /// Old messages.
    case archive = "\\Archive"
    /// Unfinished messages.
    case drafts = "\\Drafts"
    /// Unwanted messages.
    case junk = "\\Junk"
    /// Sent messages.
    case sent = "\\Sent"
    /// Deleted messages.
    case trash = "\\Trash"
}

/// A mailbox as it is now.
public struct IMAPMailbox: Sendable, Hashable {
    /// Names it whatever it is called.
    public var id: IMAPMailboxID
    /// Its name.
    public var name: IMAPMailboxName
    /// What it is for.
    public var use: IMAPSpecialUse?
    /// Whether clients show it.
    public var isSubscribed = true
    /// `UIDVALIDITY`.
    public var validity: UInt32
    /// `UIDNEXT`.
    public var nextUID: UInt32
    /// `HIGHESTMODSEQ`.
    public var changeNumber: Int64
    /// Messages in it.
    public var messages: Int
    /// Those without `\Seen`.
    public var unseen: Int
    /// Octets of all.
    public var octets: Int64

    /// A mailbox.
    public init(
        id: IMAPMailboxID, name: IMAPMailboxName, use: IMAPSpecialUse? = nil, isSubscribed: Bool = true,
        validity: UInt32, nextUID: UInt32, changeNumber: Int64, messages: Int, unseen: Int, octets: Int64
    ) {
        self.id = id
        self.name = name
        self.use = use
        self.isSubscribed = isSubscribed
        self.validity = validity
        self.nextUID = nextUID
        self.changeNumber = changeNumber
        self.messages = messages
        self.unseen = unseen
        self.octets = octets
    }
}
