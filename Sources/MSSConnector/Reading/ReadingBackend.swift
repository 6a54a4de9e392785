import MSSCore
import MSSIMAP
import MSSTraces

/// Opens to IMAP clients the mailboxes that the gate granted, and no other.
struct ReadingBackend: MailboxBackend {
    let base: any MailboxBackend
    let flow: MailFlow
    let journal: ReadingJournal

    func open(_ identity: IMAPIdentity, _ facts: IMAPSessionFacts) async throws -> any MailboxAccount {
        guard let grant = identity.grant as? AccessGrant else {
            throw IMAPRefusal.authenticationFailed(cause: "no grant")
        }
        let account = try await base.open(identity, facts)
        return ReadingAccount(
            base: account, grant: grant, accounts: flow.accounts, clock: flow.clock, journal: journal,
            session: facts.id, means: TraceMeans(facts))
    }
}

/// Tells of messages that were shown and marked (EX_GDT_5030) without a trace for each: what one session does within a
/// second with one folder is one trace. A client that fetches ten thousand messages would otherwise wait for ten thousand
/// writes to the disk (decision 0215).
final class ReadingJournal: Sendable {
    /// What belongs into one trace.
    struct Key: Hashable {
        var session: String
        var folder: IMAPMailboxID
        var action: TraceAction
        /// What was asked.
        var verb: String
    }

    private struct Entry {
        var event: TraceEvent
        var uids: Set<UInt32>
    }

    /// The longest time between a message's being shown and its trace.
    static let delay = Duration.seconds(1)
    /// Messages that wait at most; with more, they are traced at once.
    static let most = 50_000

    private struct State {
        var entries: [Key: Entry] = [:]
        var count = 0
        var timer: Task<Void, Never>?
    }

    private let journal: ExchangeJournal
    private let state = Guarded(State())

    init(_ journal: ExchangeJournal) { self.journal = journal }

    /// Traces at once.
    func trace(_ event: TraceEvent) async { await journal.trace([event]) }

    /// Notes messages; `event` says the rest when they are the first of their trace.
    func note(_ uids: [UInt32], _ key: Key, _ event: @autoclosure () -> TraceEvent) async {
        let isFull = state.withLock { state in
            // In place: a copy for each message of a long list would cost its square.
            let before = state.entries[key]?.uids.count ?? 0
            state.entries[key, default: Entry(event: event(), uids: [])].uids.formUnion(uids)
            state.count += (state.entries[key]?.uids.count ?? 0) - before
            if state.timer == nil {
                state.timer = Task { [weak self] in
                    try? await Task.sleep(for: Self.delay)
                    await self?.flush()
                }
            }
            return state.count >= Self.most
        }
        if isFull { await flush() }
    }

    /// Whether the first note under this key is still to come.
    func isNew(_ key: Key) -> Bool { state.withLock { $0.entries[key] == nil } }

    /// Traces what waits.
    func flush() async {
        let entries = state.withLock { state in
            state.timer = nil
            state.count = 0
            defer { state.entries = [:] }
            return state.entries
        }
        await journal.trace(entries.flatMap { Self.events($0.key, $0.value) })
    }

    /// Ranges in one trace: a text of ``TraceText`` holds them all.
    private static let ranges = 40

    private static func events(_ key: Key, _ entry: Entry) -> [TraceEvent] {
        let all = NumberRanges(entry.uids.sorted()).ranges
        return stride(from: 0, to: all.count, by: ranges).map { start in
            var event = entry.event
            let part = NumberRanges(joining: Array(all[start..<min(start + ranges, all.count)]))
            event.request = TraceText("\(entry.event.request?.text ?? key.verb) UID \(part.wire)")
            return event
        }
    }
}
