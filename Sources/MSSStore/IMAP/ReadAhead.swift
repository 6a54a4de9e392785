import MSSCore

/// Messages that a session is about to ask for. A client that downloads a mailbox message by message asks the base and the
/// disk for each; from the third on it is given the next ones from memory, forward or backward, as long as nothing changes
/// in the mailbox (decision 0226). One for each session.
final class ReadAhead: Sendable {
    /// Where messages are read.
    struct Look: Equatable {
        var folder: MailFolderID
        /// The store's pulse of the mailbox before it was read.
        var pulse: UInt64
    }

    private struct State {
        var look: Look?
        /// Read and not asked for yet, and the last one asked for.
        var messages: [UInt32: MailFetched] = [:]
        var last: UInt32?
        /// How many are read at once, the one asked for included.
        var depth = 1
        /// Asks until something is read ahead again.
        var pause = 0
    }

    private let state = Guarded(State())

    /// Octets that are kept at most.
    static let octets = 256 << 10
    private static let deepest = 16
    /// UIDs between two messages that still follow each other.
    private static let gap: UInt32 = 16

    /// A message that was read before and is as it was then.
    func take(_ uid: UInt32, _ look: Look) -> MailFetched? {
        state.withLock { state in
            guard state.look == look, let message = state.messages[uid] else { return nil }
            // A client that reads a long message in pieces asks for it again.
            if let last = state.last, last != uid { state.messages[last] = nil }
            state.last = uid
            return message
        }
    }

    /// The UIDs that are to be read when a message is asked for that was not read before.
    func range(_ uid: UInt32, _ look: Look) -> ClosedRange<UInt32> {
        state.withLock { state in
            let before = state.last
            // What was read in vain: the client goes elsewhere, or what it does changes the mailbox each time.
            if state.messages.count > 1 { (state.depth, state.pause) = (1, 64) }
            let isNear = before.map { uid != $0 && max(uid, $0) - min(uid, $0) <= Self.gap } ?? false
            if state.pause > 0 {
                state.pause -= 1
            } else {
                state.depth = isNear && state.look?.folder == look.folder ? min(state.depth * 2, Self.deepest) : 1
            }
            (state.messages, state.last, state.look) = ([:], uid, look)
            let others = UInt32(state.depth - 1)
            if let before, before > uid { return (uid > others ? uid - others : 1)...uid }
            return uid...(uid > .max - others ? .max : uid + others)
        }
    }

    /// Keeps what was read.
    func keep(_ messages: [MailFetched], _ look: Look) {
        state.withLock { state in
            guard state.look == look, messages.count > 1 else { return }
            for message in messages where message.octets != nil { state.messages[message.message.uid] = message }
        }
    }

    /// The session does something else.
    func forget() { state.withLock { $0 = State() } }
}
