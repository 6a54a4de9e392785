public import MSSCore
public import NIOCore

/// Accounts in memory: for tests and trials. Nothing outlives the process.
public final class InMemoryMailboxes: MailboxBackend {
    private let accounts = Guarded<[String: InMemoryAccount]>([:])
    private let clock: any WallClock

    /// No account yet: each is made with its first session, with INBOX and the folders of RFC 6154.
    public init(clock: any WallClock = SystemWallClock()) { self.clock = clock }

    /// The account of a mailbox (BAL).
    public func account(_ mailbox: String) -> InMemoryAccount {
        accounts.withLock { accounts in
            if let known = accounts[mailbox] { return known }
            let new = InMemoryAccount(clock: clock)
            accounts[mailbox] = new
            return new
        }
    }

    /// Opens the account of an identity.
    public func open(_ identity: IMAPIdentity, _ facts: IMAPSessionFacts) async throws -> any MailboxAccount {
        account(identity.mailbox)
    }
}

/// An account in memory.
public final class InMemoryAccount: MailboxAccount {
    struct Stored {
        var message: IMAPMessage
        var octets: ByteBuffer
    }

    struct Folder {
        var mailbox: IMAPMailbox
        var messages: [Stored] = []
        var vanished: [(uid: UInt32, number: Int64)] = []
    }

    struct State {
        var folders: [Folder] = []
        var lastID: Int64 = 0
        var changeNumber: Int64 = 1
        var pulse: UInt64 = 0
        var quota: Int64?
        var listeners: [Int: AsyncStream<Int64>.Continuation] = [:]
        var lastListener = 0
    }

    private let state = Guarded(State())
    private let clock: any WallClock

    init(clock: any WallClock) {
        self.clock = clock
        state.withLock { state in
            state.add(.inbox, nil)
            for use in [IMAPSpecialUse.sent, .drafts, .trash, .junk, .archive] {
                state.add(IMAPMailboxName(String(use.rawValue.dropFirst()))!, use)
            }
        }
    }

    /// Sets the octets allowed; `nil` for no bound.
    public func setQuota(_ quota: Int64?) { state.withLock { $0.quota = quota } }

    /// Delivers a message to INBOX.
    @discardableResult
    public func deliver(_ octets: ByteBuffer, flags: [IMAPFlag] = []) -> UInt32 {
        try! change { state in  // INBOX is always there
            state.store(octets, IMAPAppendItem(flags: flags), in: 0, self.clock.now())
        }
    }

    /// Changes something, and tells those who wait.
    private func change<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        let (result, told) = try state.withLock { state -> (Value, [(AsyncStream<Int64>.Continuation, Int64)]) in
            let result = try body(&state)
            state.pulse += 1
            return (result, state.listeners.values.map { ($0, state.changeNumber) })
        }
        for (listener, number) in told { listener.yield(number) }
        return result
    }

    // MARK: Mailboxes

    /// All mailboxes.
    public func mailboxes() async throws -> [IMAPMailbox] { state.withLock { $0.folders.map(\.mailbox) } }

    /// Makes a mailbox, and those above it.
    public func create(_ name: IMAPMailboxName, use: IMAPSpecialUse?) async throws {
        try change { state in
            guard state.index(name) == nil else { throw IMAPRefusal.mailboxExists }
            var above: [IMAPMailboxName] = []
            var parent = name.parent
            while let next = parent, state.index(next) == nil {
                above.append(next)
                parent = next.parent
            }
            for name in above.reversed() { state.add(name, nil) }
            state.add(name, use)
        }
    }

    /// Deletes a mailbox.
    public func delete(_ mailbox: IMAPMailboxID) async throws {
        try change { state in
            state.folders.remove(at: try state.index(mailbox))
            state.changeNumber += 1
        }
    }

    /// Renames a mailbox and those below it.
    public func rename(_ mailbox: IMAPMailboxID, to name: IMAPMailboxName) async throws {
        try change { state in
            let index = try state.index(mailbox)
            let old = state.folders[index].mailbox.name
            guard state.index(name) == nil, !name.text.hasPrefix(old.text + "/") else {
                throw IMAPRefusal.mailboxExists
            }
            state.changeNumber += 1
            if old == .inbox {  // RFC 9051 §6.3.6: the messages move, INBOX stays
                let target = state.add(name, nil)
                let uids = state.folders[index].messages.map(\.message.uid)
                state.transfer(uids, index, target, moves: true)
                return
            }
            for place in state.folders.indices {
                let present = state.folders[place].mailbox.name.text
                if present == old.text {
                    state.folders[place].mailbox.name = name
                } else if present.hasPrefix(old.text + "/") {
                    state.folders[place].mailbox.name = IMAPMailboxName(name.text + present.dropFirst(old.text.count))!
                }
            }
        }
    }

    /// Marks a mailbox as subscribed or not.
    public func setSubscribed(_ isSubscribed: Bool, _ mailbox: IMAPMailboxID) async throws {
        try state.withLock { state in
            state.folders[try state.index(mailbox)].mailbox.isSubscribed = isSubscribed
        }
    }

    // MARK: Messages

    /// What changed.
    public func changes(
        in mailbox: IMAPMailboxID, since number: Int64, vanishedSince: Int64
    ) async throws -> IMAPMailboxChanges {
        try state.withLock { state in
            let folder = state.folders[try state.index(mailbox)]
            return IMAPMailboxChanges(
                mailbox: folder.mailbox,
                messages: folder.messages.map(\.message).filter { $0.changeNumber > number },
                vanished: folder.vanished.filter { $0.number > vanishedSince }.map(\.uid).sorted())
        }
    }

    /// Messages by UID.
    public func messages(_ uids: NumberRanges, in mailbox: IMAPMailboxID) async throws -> [IMAPMessage] {
        try state.withLock { state in
            state.folders[try state.index(mailbox)].messages.map(\.message).filter { uids.contains($0.uid) }
        }
    }

    /// The octets of a message.
    public func content(of uid: UInt32, in mailbox: IMAPMailboxID) async throws -> (any IMAPMessageContent)? {
        try state.withLock { state in
            state.folders[try state.index(mailbox)].messages.first { $0.message.uid == uid }
                .map { InMemoryContent(octets: $0.octets) }
        }
    }

    /// The headers of messages.
    public func headers(
        _ uids: NumberRanges, in mailbox: IMAPMailboxID
    ) async throws -> [(uid: UInt32, header: ArraySlice<UInt8>)] {
        try state.withLock { state in
            state.folders[try state.index(mailbox)].messages.filter { uids.contains($0.message.uid) }
                .compactMap { stored in
                    let octets = Array(stored.octets.readableBytesView)
                    return IMAPMessageReader.headerEnd(octets, from: 0).map { (stored.message.uid, octets[..<$0]) }
                }
        }
    }

    /// A message that arrives.
    public func draft(size: Int) async throws -> any IMAPMessageDraft { InMemoryDraft() }

    /// Keeps messages.
    public func append(
        _ messages: [(IMAPAppendItem, any IMAPMessageDraft)], to mailbox: IMAPMailboxID
    ) async throws -> IMAPAppended {
        let contents = messages.map { ($0.0, ($0.1 as? InMemoryDraft)?.octets ?? ByteBuffer()) }
        return try change { state in
            let index = try state.index(mailbox)
            let uids = contents.map { state.store($0.1, $0.0, in: index, self.clock.now()) }
            return IMAPAppended(validity: state.folders[index].mailbox.validity, uids: uids)
        }
    }

    /// Changes flags.
    public func setFlags(
        _ change: IMAPStoreRequest.Change, _ flags: [IMAPFlag], of uids: [UInt32], in mailbox: IMAPMailboxID,
        unchangedSince: Int64?
    ) async throws -> IMAPFlagOutcome {
        try self.change { state in
            let index = try state.index(mailbox)
            return state.setFlags(change, flags, Set(uids), index, unchangedSince)
        }
    }

    /// Takes deleted messages out.
    public func expunge(_ uids: [UInt32]?, in mailbox: IMAPMailboxID) async throws -> [UInt32] {
        try change { state in
            let index = try state.index(mailbox)
            let wanted = uids.map { Set($0) }
            let gone = state.folders[index].messages.map(\.message)
                .filter { $0.flags.contains(.deleted) && wanted?.contains($0.uid) ?? true }.map(\.uid)
            state.remove(gone, index)
            return gone
        }
    }

    /// Copies or moves messages.
    public func copy(
        _ uids: [UInt32], from mailbox: IMAPMailboxID, to target: IMAPMailboxID, moves: Bool
    ) async throws -> IMAPCopied {
        try change { state in
            let (source, target) = (try state.index(mailbox), try state.index(target))
            return state.transfer(uids, source, target, moves: moves)
        }
    }

    /// Octets used and allowed.
    public func quota() async throws -> IMAPQuota? {
        state.withLock { state in
            state.quota.map { limit in
                IMAPQuota(used: state.folders.reduce(0) { $0 + $1.mailbox.octets }, limit: limit)
            }
        }
    }

    /// Tells of changes.
    public func notifications() -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.listeners[number] = nil } }
        return stream
    }

    /// Counts changes.
    public func pulse() async -> UInt64? { state.withLock { $0.pulse } }
}
