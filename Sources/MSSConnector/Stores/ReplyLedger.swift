public import MSSAccounts
public import MSSCore

/// Remembers who was answered automatically and when, so that nobody is answered at each message (RFC 3834 §2).
public protocol ReplyLedger: Sendable {
    /// Notes that a mailbox answers a correspondent now, unless it did within `interval`: in one step, since several
    /// messages of one correspondent may be delivered at the same moment.
    ///
    /// - Returns: whether it was noted, so that the answer may be sent.
    func claim(
        _ mailbox: MailboxID, to correspondent: String, at time: Timestamp, interval: Duration
    ) async throws -> Bool
}

/// A ledger in memory: for tests.
public actor InMemoryReplyLedger: ReplyLedger {
    private struct Pair: Hashable {
        var mailbox: MailboxID
        var correspondent: String
    }

    private var replies: [Pair: Timestamp] = [:]

    /// Nobody was answered.
    public init() {}

    /// Notes an answer unless there was one within the interval.
    public func claim(
        _ mailbox: MailboxID, to correspondent: String, at time: Timestamp, interval: Duration
    ) -> Bool {
        let pair = Pair(mailbox: mailbox, correspondent: correspondent)
        if let last = replies[pair], AutomaticReplyTime.silences(last, at: time, interval) { return false }
        if replies.count > 10_000 { replies = replies.filter { time - $0.value < interval } }
        replies[pair] = time
        return true
    }
}

/// When an answer of before forbids another one: the same for every ledger.
package enum AutomaticReplyTime {
    /// Whether an answer given at `last` silences one at `time`.
    ///
    /// A time to come is a clock's fault and silences nobody, unless it is within the hour: deliveries at once read the
    /// clock one after the other and ask in any order.
    package static func silences(_ last: Timestamp, at time: Timestamp, _ interval: Duration) -> Bool {
        last <= time ? time - last < interval : last - time < .seconds(3_600)
    }
}
