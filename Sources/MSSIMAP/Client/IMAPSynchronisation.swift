/// What a client knows of a mailbox: enough to ask for what changed since (RFC 7162).
public struct IMAPKnownMailbox: Sendable, Hashable {
    /// `UIDVALIDITY`.
    public var validity: UInt32
    /// The change number up to which ``messages`` are known; 0 with a server that keeps none.
    public var changeNumber: Int64
    /// Flags by UID.
    public var messages: [UInt32: [IMAPFlag]]

    /// What is known.
    public init(validity: UInt32 = 0, changeNumber: Int64 = 0, messages: [UInt32: [IMAPFlag]] = [:]) {
        self.validity = validity
        self.changeNumber = changeNumber
        self.messages = messages
    }
}

/// What was found to have changed.
public struct IMAPMailboxDifference: Sendable, Hashable {
    /// Whether the mailbox is another one: nothing that was known of it holds (RFC 9051 §2.3.1.1).
    public var isAnother = false
    /// New messages, ascending.
    public var new: [UInt32] = []
    /// Messages with other flags, ascending.
    public var changed: [UInt32] = []
    /// Messages that are gone, ascending.
    public var vanished: [UInt32] = []

    /// Whether nothing changed.
    public var isEmpty: Bool { !isAnother && new.isEmpty && changed.isEmpty && vanished.isEmpty }
}

extension IMAPConnection {
    /// Selects a mailbox and brings what is known of it up to date: by QRESYNC in one step, by CONDSTORE in two, else by
    /// asking for all flags.
    public func synchronise(
        _ mailbox: IMAPMailboxName, _ known: inout IMAPKnownMailbox, readOnly: Bool = false
    ) async throws(IMAPClientFailure) -> IMAPMailboxDifference {
        let asks = known.validity != 0 && known.changeNumber > 0
        let selected = try await select(
            mailbox, readOnly: readOnly,
            known: asks ? IMAPSelection.Known(validity: known.validity, changeNumber: known.changeNumber) : nil)
        var difference = IMAPMailboxDifference()
        if known.validity != selected.validity {
            difference.isAnother = known.validity != 0
            known = IMAPKnownMailbox(validity: selected.validity)
        }
        let before = known
        var told: [IMAPFetchedMessage]
        if known.changeNumber > 0, let now = selected.changeNumber {
            if enabled.contains(.qresync) {
                told = selected.changed
                for range in selected.vanished.ranges { known.remove(range) }
            } else {
                told =
                    now == known.changeNumber
                    ? [] : try await messages(.all, [.flags], changedSince: known.changeNumber).collect()
                if known.messages.count + told.count { known.messages[$0.uid ?? 0] == nil } != selected.messages {
                    let present = Set(try await search(.all))
                    known.messages = known.messages.filter { present.contains($0.key) }
                }
            }
        } else {
            told = selected.messages == 0 ? [] : try await messages(.all, [.flags]).collect()
            let present = Set(told.compactMap(\.uid))
            known.messages = known.messages.filter { present.contains($0.key) }
        }
        for message in told {
            if let uid = message.uid, let flags = message.flags { known.messages[uid] = flags }
        }
        known.changeNumber = selected.changeNumber ?? 0
        difference.compare(before, known)
        return difference
    }

    /// Brings what is known of the selected mailbox up to date, without selecting it again where the server offers QRESYNC.
    public func refresh(
        _ mailbox: IMAPMailboxName, _ known: inout IMAPKnownMailbox
    ) async throws(IMAPClientFailure) -> IMAPMailboxDifference {
        guard enabled.contains(.qresync), known.changeNumber > 0 else {
            return try await synchronise(mailbox, &known)
        }
        // RFC 7162 §3.2.6
        let replies = try await execute(
            IMAPExchange.Request([.text("UID FETCH 1:* (FLAGS) (CHANGEDSINCE \(known.changeNumber) VANISHED)")]) {
                switch $0 {
                case .message, .vanished: true
                default: false
                }
            })
        let before = known
        for response in replies.responses {
            switch response {
            case .vanished(let uids, _): for range in uids.ranges { known.remove(range) }
            case .message(let message):
                if let uid = message.uid, let flags = message.flags { known.messages[uid] = flags }
                known.changeNumber = max(known.changeNumber, message.changeNumber ?? 0)
            default: break
            }
        }
        var difference = IMAPMailboxDifference()
        difference.compare(before, known)
        return difference
    }
}

extension IMAPKnownMailbox {
    /// Forgets a range, however large the server says it is.
    fileprivate mutating func remove(_ range: ClosedRange<UInt32>) {
        if range.count > messages.count {
            messages = messages.filter { !range.contains($0.key) }
        } else {
            for uid in range { messages[uid] = nil }
        }
    }
}

extension IMAPMailboxDifference {
    fileprivate mutating func compare(_ before: IMAPKnownMailbox, _ now: IMAPKnownMailbox) {
        for (uid, flags) in now.messages {
            guard let old = before.messages[uid] else {
                new.append(uid)
                continue
            }
            if Set(old) != Set(flags) { changed.append(uid) }
        }
        vanished = before.messages.keys.filter { now.messages[$0] == nil }.sorted()
        new.sort()
        changed.sort()
    }
}
