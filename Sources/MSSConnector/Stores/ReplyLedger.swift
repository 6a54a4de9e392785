public import MSSAccounts
public import MSSCore

/// Remembers who was answered automatically and when, so that nobody is answered at each message (RFC 3834 §2).
public protocol ReplyLedger: Sendable {
    /// When a mailbox last answered a correspondent; `nil` for never, or too long ago to matter.
    func lastReply(of mailbox: MailboxID, to correspondent: String) async throws -> Timestamp?

    /// Notes an answer. Notes older than `forgetBefore` may be dropped.
    func note(_ mailbox: MailboxID, to correspondent: String, at time: Timestamp, forgetBefore: Timestamp) async throws
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

    /// When a mailbox last answered a correspondent.
    public func lastReply(of mailbox: MailboxID, to correspondent: String) -> Timestamp? {
        replies[Pair(mailbox: mailbox, correspondent: correspondent)]
    }

    /// Notes an answer.
    public func note(_ mailbox: MailboxID, to correspondent: String, at time: Timestamp, forgetBefore: Timestamp) {
        replies[Pair(mailbox: mailbox, correspondent: correspondent)] = time
        if replies.count > 10_000 { replies = replies.filter { $0.value >= forgetBefore } }
    }
}
