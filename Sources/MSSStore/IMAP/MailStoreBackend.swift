import MSSCore
public import MSSIMAP
import NIOCore

/// Gives IMAP clients the mailboxes of a ``MailStore``.
public struct MailStoreBackend: MailboxBackend {
    /// The store's name of an identity's mailbox.
    public typealias Naming = @Sendable (IMAPIdentity) async throws -> MailboxName

    private let store: MailStore
    private let name: Naming

    /// A backend.
    ///
    /// - Parameter name: the store's name of an identity's mailbox; by default the mailbox as the identity has it.
    public init(_ store: MailStore, name: @escaping Naming = { MailboxName($0.mailbox) }) {
        self.store = store
        self.name = name
    }

    /// Opens the account of an identity.
    ///
    /// - Throws: ``IMAPRefusal`` with `AUTHORIZATIONFAILED` when the store has no such mailbox.
    public func open(_ identity: IMAPIdentity, _ facts: IMAPSessionFacts) async throws -> any MailboxAccount {
        let mailbox = try await name(identity)
        guard try await store.status(mailbox) != nil else {
            throw IMAPRefusal(.authorizationFailed, "Authentication failed", cause: "no such mailbox in the store")
        }
        return MailStoreAccount(store: store, mailbox: mailbox)
    }
}

/// One mailbox (BAL) of a ``MailStore`` as IMAP sees it. Every call names it: a folder of another one is none here.
struct MailStoreAccount: MailboxAccount {
    let store: MailStore
    let mailbox: MailboxName
    private let ahead = ReadAhead()

    init(store: MailStore, mailbox: MailboxName) { (self.store, self.mailbox) = (store, mailbox) }

    /// What the store throws, in words for clients.
    private func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as StoreError {
            switch error {
            case .unknownFolder, .unknownMailbox: throw IMAPRefusal.noMailbox
            case .folderExists: throw IMAPRefusal.mailboxExists
            case .folderIsFixed: throw IMAPRefusal(.cannot, "INBOX stays")
            case .overQuota: throw IMAPRefusal.overQuota
            case .unknownMessage: throw IMAPRefusal(.expungeIssued, "The message no longer exists")
            case .damaged: throw IMAPRefusal(.corruption, "The message cannot be read", cause: "\(error)")
            case .diskFull, .busy, .closed: throw IMAPRefusal.unavailable(cause: "\(error)")
            default: throw error
            }
        }
    }

    /// The folder of an identifier, of this mailbox only.
    private func folder(_ id: IMAPMailboxID) async throws -> MailFolder {
        guard let folder = try await store.folder(MailFolderID(rawValue: id.rawValue)), folder.mailbox == mailbox else {
            throw IMAPRefusal.noMailbox
        }
        return folder
    }

    // MARK: Mailboxes

    func mailboxes() async throws -> [IMAPMailbox] {
        try await refusing { try await store.folders(of: mailbox).compactMap(IMAPMailbox.init) }
    }

    func create(_ name: IMAPMailboxName, use: IMAPSpecialUse?) async throws {
        try await refusing {
            let present = Set(try await store.folders(of: mailbox).map(\.name))
            guard !present.contains(name.text) else { throw IMAPRefusal.mailboxExists }
            var above: [IMAPMailboxName] = []
            var parent = name.parent
            while let next = parent, !present.contains(next.text) {
                above.append(next)
                parent = next.parent
            }
            for name in above.reversed() { try await store.createFolder(name.text, in: mailbox) }
            try await store.createFolder(name.text, in: mailbox, use: use.map(MailFolderUse.init) ?? .ordinary)
        }
    }

    func delete(_ id: IMAPMailboxID) async throws {
        try await refusing { try await store.deleteFolder(try await folder(id).id) }
    }

    func rename(_ id: IMAPMailboxID, to name: IMAPMailboxName) async throws {
        try await refusing {
            let folder = try await folder(id)
            guard folder.use == .inbox else { return try await store.rename(folder.id, to: name.text) }
            // RFC 9051 §6.3.6: the messages move, INBOX stays.
            let target = try await store.createFolder(name.text, in: mailbox)
            let uids = try await store.messages(in: folder.id).map(\.uid)
            try await store.move(uids, from: folder.id, to: target)
        }
    }

    func setSubscribed(_ isSubscribed: Bool, _ id: IMAPMailboxID) async throws {
        try await refusing { try await store.setSubscribed(isSubscribed, try await folder(id).id) }
    }

    // MARK: Messages

    func changes(
        in id: IMAPMailboxID, since number: Int64, vanishedSince: Int64
    ) async throws -> IMAPMailboxChanges {
        try await refusing {
            let changes = try await store.changes(
                in: MailFolderID(rawValue: id.rawValue), of: mailbox, since: number, vanishedSince: vanishedSince)
            guard let folder = IMAPMailbox(changes.folder) else { throw IMAPRefusal.noMailbox }
            return IMAPMailboxChanges(
                mailbox: folder, messages: changes.messages.map(IMAPMessage.init), vanished: changes.vanished)
        }
    }

    func messages(_ uids: NumberRanges, in id: IMAPMailboxID) async throws -> [IMAPMessage] {
        try await refusing {
            try await store.messages(in: MailFolderID(rawValue: id.rawValue), of: mailbox, uids.ranges)
                .map(IMAPMessage.init)
        }
    }

    func content(of uid: UInt32, in id: IMAPMailboxID) async throws -> (any IMAPMessageContent)? {
        do {
            let folder = MailFolderID(rawValue: id.rawValue)
            return MailStoreContent(store, folder, uid, try await store.place(of: uid, in: folder, of: mailbox))
        } catch StoreError.unknownMessage { return nil }
    }

    func overview(of id: IMAPMailboxID) async throws -> IMAPMailboxOverview {
        try await refusing {
            let found = try await store.overview(of: MailFolderID(rawValue: id.rawValue), of: mailbox)
            guard let folder = IMAPMailbox(found.folder) else { throw IMAPRefusal.noMailbox }
            return IMAPMailboxOverview(
                mailbox: folder, uids: found.uids, keywords: Set(found.keywords.compactMap { IMAPFlag($0) }),
                firstUnseen: found.firstUnseen)
        }
    }

    func fetch(
        _ uids: NumberRanges, _ needs: IMAPFetchNeeds, in id: IMAPMailboxID
    ) async throws -> [IMAPFetched] {
        try await refusing {
            let folder = MailFolderID(rawValue: id.rawValue)
            return try await read(uids, needs, in: folder).map { fetched in
                IMAPFetched(
                    IMAPMessage(fetched.message), summary: fetched.summary,
                    content: fetched.place.map {
                        MailStoreContent(store, folder, fetched.message.uid, $0, fetched.octets)
                    })
            }
        }
    }

    /// Messages with what is needed of them: one that is asked for by itself from memory, where it was read ahead.
    private func read(
        _ uids: NumberRanges, _ needs: IMAPFetchNeeds, in folder: MailFolderID
    ) async throws -> [MailFetched] {
        guard needs == .content, let uid = uids.ranges.first?.lowerBound, uids.count == 1 else {
            ahead.forget()
            return try await store.fetch(uids.ranges, needs, in: folder, of: mailbox)
        }
        // Before anything is read: what changes from now on is no longer what was read.
        let look = ReadAhead.Look(folder: folder, pulse: store.listeners.pulse(of: mailbox))
        if let message = ahead.take(uid, look) { return [message] }
        let range = ahead.range(uid, look)
        let messages = try await store.fetch([range], needs, in: folder, of: mailbox, ahead: ReadAhead.octets)
        ahead.keep(messages, look)
        return messages.filter { $0.message.uid == uid }
    }

    func summaries(_ uids: NumberRanges, in id: IMAPMailboxID) async throws -> [UInt32: IMAPMessageSummary] {
        var summaries: [UInt32: IMAPMessageSummary] = [:]
        for fetched in try await fetch(uids, .summary, in: id) { summaries[fetched.message.uid] = fetched.summary }
        return summaries
    }

    func headers(
        _ uids: NumberRanges, in id: IMAPMailboxID
    ) async throws -> [(uid: UInt32, header: ArraySlice<UInt8>)] {
        try await refusing {
            try await store.headers(uids.ranges, in: MailFolderID(rawValue: id.rawValue), of: mailbox)
        }
    }

    func contents(_ uids: NumberRanges, in id: IMAPMailboxID) async throws -> [UInt32: any IMAPMessageContent] {
        var contents: [UInt32: any IMAPMessageContent] = [:]
        for fetched in try await fetch(uids, .content, in: id) { contents[fetched.message.uid] = fetched.content }
        return contents
    }

    func draft(size: Int) async throws -> any IMAPMessageDraft { MailStoreDraft(draft: try store.draft()) }

    func append(
        _ messages: [(IMAPAppendItem, any IMAPMessageDraft)], to id: IMAPMailboxID
    ) async throws -> IMAPAppended {
        try await refusing {
            let folder = try await folder(id)
            var uids: [UInt32] = []
            do {
                for (item, draft) in messages {
                    guard let draft = draft as? MailStoreDraft else { throw StoreError.closed }
                    let (flags, keywords) = MailFlags.both(item.flags)
                    let target = MailTarget(
                        mailbox, .named(folder.name), received: item.date ?? SystemWallClock().now(), flags: flags,
                        keywords: keywords)
                    // One result: the mailbox is the only target.
                    let receipt = try await draft.draft.deliver(to: [target])[0].get()
                    guard receipt.folder == folder.id else { throw StoreError.unknownFolder }
                    uids.append(receipt.uid)
                }
            } catch {
                // RFC 3502 §6.3.11: all or none.
                try await store.expunge(uids, from: folder.id, onlyDeleted: false)
                throw error
            }
            return IMAPAppended(validity: folder.validity, uids: uids)
        }
    }

    func setFlags(
        _ change: IMAPStoreRequest.Change, _ flags: [IMAPFlag], of uids: [UInt32], in id: IMAPMailboxID,
        unchangedSince: Int64?
    ) async throws -> IMAPFlagOutcome {
        try await refusing {
            let (known, keywords) = MailFlags.both(flags)
            let outcome = try await store.setFlags(
                MailFlagChange(change), known, keywords: keywords, of: uids, in: try await folder(id).id,
                unchangedSince: unchangedSince)
            return IMAPFlagOutcome(messages: outcome.messages.map(IMAPMessage.init), conflicts: outcome.conflicts)
        }
    }

    func expunge(_ uids: [UInt32]?, in id: IMAPMailboxID) async throws -> [UInt32] {
        try await refusing { try await store.expunge(uids, from: try await folder(id).id) }
    }

    func copy(
        _ uids: [UInt32], from id: IMAPMailboxID, to target: IMAPMailboxID, moves: Bool
    ) async throws -> IMAPCopied {
        try await refusing {
            let (source, target) = (try await folder(id), try await folder(target))
            let pairs =
                moves
                ? try await store.move(uids, from: source.id, to: target.id)
                : try await store.copy(uids, from: source.id, to: target.id)
            return IMAPCopied(
                validity: target.validity, sources: pairs.map(\.source), copies: pairs.map(\.copy))
        }
    }

    func quota() async throws -> IMAPQuota? {
        guard let status = try await store.status(mailbox) else { throw IMAPRefusal.noMailbox }
        return status.quota.map { IMAPQuota(used: status.octets, limit: $0) }
    }

    func notifications() -> AsyncStream<Int64> {
        ahead.forget()
        return store.changes(of: mailbox)
    }
    func pulse() async -> UInt64? { store.listeners.pulse(of: mailbox) }
}

/// A message that arrives for a store.
private struct MailStoreDraft: IMAPMessageDraft {
    let draft: MailDraft
    func add(_ piece: ByteBuffer) async throws { try await draft.append(piece) }
    func discard() async { await draft.discard() }
}

/// A message of a store: its place is looked up once, its frames are read as they are asked for, if they were not before.
private struct MailStoreContent: IMAPMessageContent {
    private let store: MailStore
    private let folder: MailFolderID
    private let uid: UInt32
    private let place: MailPlace
    private let whole: ByteBuffer?
    var size: Int { place.size }

    init(_ store: MailStore, _ folder: MailFolderID, _ uid: UInt32, _ place: MailPlace, _ whole: ByteBuffer? = nil) {
        (self.store, self.folder, self.uid, self.place, self.whole) = (store, folder, uid, place, whole)
    }

    func octets(_ range: Range<Int>) async throws -> ByteBuffer {
        if let slice = whole?.getSlice(at: range.lowerBound, length: range.count) { return slice }
        return ByteBuffer(bytes: try await store.octets(range, place, of: uid, in: folder))
    }
}
