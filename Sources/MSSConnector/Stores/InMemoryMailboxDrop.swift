public import MSSAccounts
public import MSSCore
import MSSSMTP
import NIOCore

/// Mailboxes in memory: the reference implementation.
public actor InMemoryMailboxDrop: MailboxDrop {
    /// A message in a mailbox.
    public struct Kept: Sendable, Hashable {
        /// Its name.
        public var id: String
        /// The key of its delivery.
        public var key: String
        /// The folder.
        public var folder: MailboxFolder
        /// The internal date.
        public var received: Timestamp
        /// The message.
        public var content: [UInt8]

        /// The message as text, for tests.
        public var text: String { String(decoding: content, as: UTF8.self) }
    }

    private var mailboxes: [MailboxID: [Kept]] = [:]
    private var destroyed: Set<MailboxID> = []
    private var lastID = 0
    private var failure: MailboxDropError?
    private var waiting: [(id: MailboxID, count: Int, continuation: CheckedContinuation<[Kept], Never>)] = []

    /// No mailbox holds anything.
    public init() {}

    /// Makes each delivery fail from now on; `nil` ends it.
    public func fail(with failure: MailboxDropError?) { self.failure = failure }

    /// What a mailbox holds, in the order of arrival.
    public func messages(in mailbox: MailboxID) -> [Kept] { mailboxes[mailbox] ?? [] }

    /// What a mailbox holds, as soon as there are so many messages.
    public func messages(in mailbox: MailboxID, atLeast count: Int) async -> [Kept] {
        if messages(in: mailbox).count >= count { return messages(in: mailbox) }
        return await withCheckedContinuation { waiting.append((mailbox, count, $0)) }
    }

    /// Puts a message into a mailbox.
    public func deliver(_ delivery: MailboxDelivery) async throws -> MailboxReceipt {
        var content: [UInt8] = []
        try await delivery.content.forEachChunk { content += $0.readableBytesView }
        let id = delivery.mailbox.id
        if let failure { throw failure }
        guard !destroyed.contains(id) else { throw MailboxDropError.noMailbox }
        if let known = messages(in: id).first(where: { $0.key == delivery.key }) {
            return MailboxReceipt(id: known.id, size: known.content.count, isRepeated: true)
        }
        if let quota = delivery.quota, octets(id) >= quota { throw MailboxDropError.overQuota }
        lastID += 1
        let kept = Kept(
            id: "\(lastID)", key: delivery.key, folder: delivery.folder, received: delivery.received, content: content)
        mailboxes[id, default: []].append(kept)
        let messages = messages(in: id)
        waiting.removeAll { one in
            guard one.id == id, messages.count >= one.count else { return false }
            one.continuation.resume(returning: messages)
            return true
        }
        return MailboxReceipt(id: kept.id, size: content.count)
    }

    private func octets(_ id: MailboxID) -> Int64 { messages(in: id).reduce(0) { $0 + Int64($1.content.count) } }

    /// What a mailbox holds.
    public func usage(of mailbox: MailboxReference) -> MailboxUsage {
        MailboxUsage(octets: octets(mailbox.id), messages: messages(in: mailbox.id).count)
    }

    /// Destroys old messages.
    public func purge(_ mailbox: MailboxReference, _ folder: MailboxFolder?, receivedBefore time: Timestamp) -> Int {
        let before = messages(in: mailbox.id).count
        mailboxes[mailbox.id]?.removeAll { $0.received < time && (folder == nil || $0.folder == folder) }
        return before - messages(in: mailbox.id).count
    }

    /// Destroys all messages.
    public func destroy(_ mailbox: MailboxReference) {
        mailboxes[mailbox.id] = nil
        destroyed.insert(mailbox.id)
    }
}
