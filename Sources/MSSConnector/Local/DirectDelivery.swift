import MSSAccounts
import MSSCore
import MSSSMTP
import MSSTraces

/// Delivers a short message into the mailbox of its only recipient before its sender reads `250`, without the queue
/// (decision 0222): it is written and synced once.
///
/// Only where the mailbox's commit is all that there is to promise: one recipient, nothing to send, nothing that follows.
/// Whatever stands in the way leaves the message to the queue, under the same name: had the mailbox taken it all the same,
/// it would recognise it.
final class DirectDelivery: Sendable {
    /// Octets that such a message has less of; 0 has all go through the queue.
    let limit: Int
    /// So many at once: when mailboxes are slow, no more senders wait for them, and the queue takes what they send.
    private let places: Int
    private let underWay = Guarded(0)

    /// A delivery, for the trace and the log of its message.
    struct Made {
        let trace: TraceEvent
        let deposit: MailboxDeposit
        let mailbox: MSSAccounts.Mailbox
    }

    init(limit: Int, places: Int = 256) {
        self.limit = limit
        self.places = places
    }

    /// Delivers a message that has passed every check.
    ///
    /// - Returns: `nil` when the queue must take it.
    func deliver(
        _ taken: MessageIntake.Taken, _ id: DeliveryID, _ envelope: OutgoingEnvelope, at now: Timestamp,
        _ flow: MailFlow
    ) async -> Made? {
        // A notice to the sender about what was cut out is committed together with its message.
        if case .cleaned = taken.screened { return nil }
        guard taken.size < limit, envelope.recipients.count == 1 else { return nil }
        guard underWay.increment(below: places) else { return nil }
        defer { underWay.withLock { $0 -= 1 } }
        let deposit = MailboxDeposit(flow: flow, key: id.rawValue, arrival: now, recipient: envelope.recipients[0])
        do {
            let mailbox = try await deposit.mailbox()
            guard !Consequences.areDue(of: envelope, for: deposit.recipient, mailbox) else { return nil }
            let made = try await deposit.put(try await taken.draft.content(), envelope, into: mailbox)
            await taken.draft.discard()
            var event = deposit.trace(sender: envelope.sender, size: taken.size)
            deposit.describe(made, in: &event)
            flow.metrics.settled(delivered: 1, here: true, failed: 0, deferred: 0, after: flow.clock.now() - now)
            return Made(trace: event, deposit: deposit, mailbox: mailbox)
        } catch {
            // Attempts, their log and what the sender is told in the end are the queue's.
            return nil
        }
    }
}
