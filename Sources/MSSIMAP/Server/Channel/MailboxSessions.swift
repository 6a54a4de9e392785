import MSSCore

/// How many sessions read each mailbox (BAL).
final class MailboxSessions: Sendable {
    private struct State {
        /// By the session's name.
        var mailboxes: [String: String] = [:]
        var counts: [String: Int] = [:]

        mutating func leave(_ session: String) {
            guard let mailbox = mailboxes.removeValue(forKey: session) else { return }
            let left = counts[mailbox, default: 1] - 1
            counts[mailbox] = left == 0 ? nil : left
        }
    }

    private let state = Guarded(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Notes whose mailbox a session reads; `false` when it is one session too many for it. A session that comes again,
    /// since its mailbox could not be opened, is counted once.
    func enter(_ mailbox: String, _ session: String) -> Bool {
        state.withLock { state in
            state.leave(session)
            guard state.counts[mailbox, default: 0] < limit else { return false }
            state.mailboxes[session] = mailbox
            state.counts[mailbox, default: 0] += 1
            return true
        }
    }

    /// The session is over.
    func leave(_ session: String) { state.withLock { $0.leave(session) } }
}
