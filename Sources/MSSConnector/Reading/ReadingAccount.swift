import MSSAccounts
import MSSCore
import MSSIMAP
import MSSTraces

/// One mailbox as one grant lets it be read: the right is asked for at every step, since a session lasts up to four hours
/// and a delegation may end before it (EX_LPS_0900 step 8); what is done is traced in the author's name (EX_GDT_5030,
/// EX_GBM_5414).
struct ReadingAccount: MailboxAccount {
    let base: any MailboxAccount
    let grant: AccessGrant
    let accounts: LocalAccounts
    let clock: any WallClock
    let journal: ReadingJournal
    let session: String
    let means: TraceMeans

    // MARK: Rights

    private func judge() async throws {
        let decision: AccessDecision
        do {
            decision = try await accounts.directory.decide(
                grant.actor, .read, at: grant.mailbox.address, time: clock.now())
        } catch { throw IMAPRefusal.unavailable(cause: "accounts: \(type(of: error))") }
        switch decision {
        // As somebody else than at the login, traces would name the wrong author.
        case .allowed(let capacity):
            guard capacity == grant.capacity else { throw Self.ended("another capacity") }
        case .denied(let denial):
            throw denial.isTemporary ? .unavailable(cause: denial.description) : Self.ended(denial.description)
        }
        // An address that was given to another mailbox since.
        guard try await mailbox().id == grant.mailbox.id else { throw Self.ended("another mailbox") }
    }

    private static func ended(_ cause: String) -> IMAPRefusal {
        IMAPRefusal(.noPermission, "Access to this mailbox has ended: log in again", cause: cause)
    }

    private func mailbox() async throws -> MSSAccounts.Mailbox {
        guard let mailbox = try await accounts.directory.mailbox(at: grant.mailbox.address) else {
            throw Self.ended("no mailbox")
        }
        return mailbox
    }

    /// EX_GBM_4470: a full mailbox takes nothing more.
    private func requireRoom(for octets: Int64) async throws {
        guard let quota = try await quota() else { return }
        guard quota.used < quota.limit, quota.used + octets <= quota.limit else { throw IMAPRefusal.overQuota }
    }

    func quota() async throws -> IMAPQuota? {
        let mailbox = try await mailbox()
        guard let limit = mailbox.quota else { return nil }
        return IMAPQuota(used: try await accounts.usage(of: mailbox) ?? 0, limit: limit)
    }

    // MARK: Traces

    private func event(_ action: TraceAction, _ request: String) -> TraceEvent {
        TraceEvent(
            action, by: grant.author, at: clock.now(), mailbox: grant.mailbox.address.address, means: means,
            authentication: grant.authentication, request: TraceText(request))
    }

    private func trace(_ action: TraceAction, _ request: String) async {
        await journal.trace(event(action, request))
    }

    /// A folder as traces name it.
    private func name(_ id: IMAPMailboxID) async -> String {
        let name = try? await base.mailboxes().first { $0.id == id }?.name.text
        return "« \(name ?? "n° \(id.rawValue)") »"
    }

    private func note(_ action: TraceAction, _ verb: String, _ uids: [UInt32], in id: IMAPMailboxID) async {
        guard !uids.isEmpty else { return }
        let key = ReadingJournal.Key(session: session, folder: id, action: action, verb: verb)
        // The name is looked up once for many messages.
        let request = journal.isNew(key) ? "\(verb) \(await name(id))" : verb
        await journal.note(uids, key, event(action, request))
    }

    private static func text(_ uids: [UInt32]) -> String { "UID \(NumberRanges(uids.sorted()).wire)" }

    // MARK: Mailboxes

    func mailboxes() async throws -> [IMAPMailbox] {
        try await judge()
        return try await base.mailboxes()
    }

    func create(_ name: IMAPMailboxName, use: IMAPSpecialUse?) async throws {
        try await judge()
        try await base.create(name, use: use)
        await trace(.changeFolder, "CREATE « \(name.text) »")
    }

    func delete(_ id: IMAPMailboxID) async throws {
        try await judge()
        let name = await name(id)
        try await base.delete(id)
        await trace(.changeFolder, "DELETE \(name)")
    }

    func rename(_ id: IMAPMailboxID, to new: IMAPMailboxName) async throws {
        try await judge()
        let name = await name(id)
        try await base.rename(id, to: new)
        await trace(.changeFolder, "RENAME \(name) « \(new.text) »")
    }

    func setSubscribed(_ isSubscribed: Bool, _ id: IMAPMailboxID) async throws {
        try await judge()
        try await base.setSubscribed(isSubscribed, id)
    }

    // MARK: Messages

    func changes(
        in id: IMAPMailboxID, since number: Int64, vanishedSince: Int64
    ) async throws -> IMAPMailboxChanges {
        try await judge()
        return try await base.changes(in: id, since: number, vanishedSince: vanishedSince)
    }

    func messages(_ uids: NumberRanges, in id: IMAPMailboxID) async throws -> [IMAPMessage] {
        try await judge()
        return try await base.messages(uids, in: id)
    }

    func content(of uid: UInt32, in id: IMAPMailboxID) async throws -> (any IMAPMessageContent)? {
        try await judge()
        guard let content = try await base.content(of: uid, in: id) else { return nil }
        await note(.readMessage, "FETCH", [uid], in: id)
        return content
    }

    func overview(of id: IMAPMailboxID) async throws -> IMAPMailboxOverview {
        try await judge()
        return try await base.overview(of: id)
    }

    func fetch(
        _ uids: NumberRanges, _ needs: IMAPFetchNeeds, in id: IMAPMailboxID
    ) async throws -> [IMAPFetched] {
        try await judge()
        let fetched = try await base.fetch(uids, needs, in: id)
        if !needs.isEmpty {
            let shown = fetched.filter { $0.summary != nil || $0.content != nil }.map(\.message.uid)
            await note(.readMessage, "FETCH", shown, in: id)
        }
        return fetched
    }

    func summaries(_ uids: NumberRanges, in id: IMAPMailboxID) async throws -> [UInt32: IMAPMessageSummary] {
        try await judge()
        let summaries = try await base.summaries(uids, in: id)
        await note(.readMessage, "FETCH", Array(summaries.keys), in: id)
        return summaries
    }

    func headers(
        _ uids: NumberRanges, in id: IMAPMailboxID
    ) async throws -> [(uid: UInt32, header: ArraySlice<UInt8>)] {
        try await judge()
        let headers = try await base.headers(uids, in: id)
        await note(.readMessage, "SEARCH", headers.map(\.uid), in: id)
        return headers
    }

    func contents(_ uids: NumberRanges, in id: IMAPMailboxID) async throws -> [UInt32: any IMAPMessageContent] {
        try await judge()
        let contents = try await base.contents(uids, in: id)
        await note(.readMessage, "FETCH", Array(contents.keys), in: id)
        return contents
    }

    func draft(size: Int) async throws -> any IMAPMessageDraft {
        try await judge()
        try await requireRoom(for: Int64(size))
        return try await base.draft(size: size)
    }

    func append(
        _ messages: [(IMAPAppendItem, any IMAPMessageDraft)], to id: IMAPMailboxID
    ) async throws -> IMAPAppended {
        try await judge()
        let appended = try await base.append(messages, to: id)
        await trace(.storeMessage, "APPEND \(await name(id)) \(Self.text(appended.uids))")
        return appended
    }

    func setFlags(
        _ change: IMAPStoreRequest.Change, _ flags: [IMAPFlag], of uids: [UInt32], in id: IMAPMailboxID,
        unchangedSince: Int64?
    ) async throws -> IMAPFlagOutcome {
        try await judge()
        let outcome = try await base.setFlags(change, flags, of: uids, in: id, unchangedSince: unchangedSince)
        let sign = change == .add ? "+" : change == .remove ? "-" : ""
        let names = flags.map(\.name).joined(separator: " ").prefix(200)
        await note(.markMessage, "STORE \(sign)FLAGS (\(names))", outcome.messages.map(\.uid), in: id)
        return outcome
    }

    func expunge(_ uids: [UInt32]?, in id: IMAPMailboxID) async throws -> [UInt32] {
        try await judge()
        let gone = try await base.expunge(uids, in: id)
        if !gone.isEmpty { await trace(.deleteMessage, "EXPUNGE \(await name(id)) \(Self.text(gone))") }
        return gone
    }

    func copy(
        _ uids: [UInt32], from id: IMAPMailboxID, to target: IMAPMailboxID, moves: Bool
    ) async throws -> IMAPCopied {
        try await judge()
        if !moves { try await requireRoom(for: 0) }
        let copied = try await base.copy(uids, from: id, to: target, moves: moves)
        if !copied.sources.isEmpty {
            let (from, to) = (await name(id), await name(target))
            await trace(.moveMessage, "\(moves ? "MOVE" : "COPY") \(from) \(to) \(Self.text(copied.sources))")
        }
        return copied
    }

    func notifications() -> AsyncStream<Int64> { base.notifications() }

    /// Not known where the right has ended: what is asked next is told so.
    func pulse() async -> UInt64? {
        guard (try? await judge()) != nil else { return nil }
        return await base.pulse()
    }
}
