public import MSSCore

/// A queue in memory: for tests, and for programs whose messages are kept elsewhere until they are sent.
public actor InMemoryDeliveryQueue: DeliveryQueue {
    private struct Share {
        var recipients: [OutgoingEnvelope.Recipient]
        var due: Timestamp
        var attempts = 0
        var delayWasNotified = false
        var lease: (number: UInt64, until: Timestamp)?
    }

    private struct Entry {
        var message: SMTPOutgoingMessage
        var arrival: Timestamp
        var isHeld = false
        var shares: [Domain: Share]
    }

    private struct Place: Hashable {
        var id: DeliveryID
        var destination: Domain
    }

    private var entries: [DeliveryID: Entry] = [:]
    private var lastID = 0
    private var lastLease: UInt64 = 0

    /// An empty queue.
    public init() {}

    /// Messages that still have a recipient waiting.
    public var count: Int { entries.count }

    /// The recipients of a message that still wait.
    public func waiting(_ id: DeliveryID) -> [MailAddress] {
        entries[id]?.shares.values.flatMap { $0.recipients.map(\.address) } ?? []
    }

    /// Takes a message.
    public func enqueue(_ delivery: NewDelivery, at now: Timestamp) throws -> DeliveryID {
        guard !delivery.message.envelope.recipients.isEmpty else { throw DeliveryQueueError.noRecipient }
        return insert(delivery, at: now)
    }

    private func insert(_ delivery: NewDelivery, at now: Timestamp) -> DeliveryID {
        if let id = delivery.id, entries[id] != nil { return id }
        lastID += 1
        let id = delivery.id ?? DeliveryID("m\(lastID)")
        let shares = Dictionary(grouping: delivery.message.envelope.recipients, by: \.address.domain)
            .mapValues { Share(recipients: $0, due: now) }
        entries[id] = Entry(message: delivery.message, arrival: now, shares: shares)
        return id
    }

    /// Leases shares that are due, the longest due first.
    public func lease(_ request: DeliveryLeaseRequest) -> [DeliveryJob] {
        var due: [(place: Place, due: Timestamp)] = []
        for (id, entry) in entries where !entry.isHeld {
            for (destination, share) in entry.shares where share.due <= request.now {
                if let lease = share.lease, lease.until > request.now { continue }
                due.append((Place(id: id, destination: destination), share.due))
            }
        }
        due.sort { ($0.due, $0.place.id.rawValue) < ($1.due, $1.place.id.rawValue) }
        var left = request.allowances
        var jobs: [DeliveryJob] = []
        for (place, _) in due {
            guard jobs.count < request.limit else { break }
            let room = left[place.destination] ?? request.perDestination
            guard room > 0 else { continue }
            left[place.destination] = room - 1
            jobs.append(take(place, until: request.until))
        }
        return jobs
    }

    private func take(_ place: Place, until: Timestamp) -> DeliveryJob {
        lastLease += 1
        var entry = entries[place.id]!
        entry.shares[place.destination]!.lease = (lastLease, until)
        entries[place.id] = entry
        let share = entry.shares[place.destination]!
        var message = entry.message
        message.envelope.recipients = share.recipients
        return DeliveryJob(
            id: place.id, lease: lastLease, destination: place.destination, message: message, arrival: entry.arrival,
            attempts: share.attempts, delayWasNotified: share.delayWasNotified)
    }

    /// Keeps a lease longer.
    public func extend(_ job: DeliveryJob, until: Timestamp) throws {
        var share = try leased(job)
        share.lease = (job.lease, until)
        entries[job.id]!.shares[job.destination] = share
    }

    /// Ends a lease.
    public func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) throws {
        var share = try leased(job)
        let done = Set(settlement.delivered + settlement.failed)
        share.recipients.removeAll { done.contains($0.address) }
        share.lease = nil
        share.due = settlement.nextAttempt ?? now
        if settlement.countsAsAttempt { share.attempts += 1 }
        share.delayWasNotified = share.delayWasNotified || settlement.delayWasNotified
        entries[job.id]!.shares[job.destination] = share.recipients.isEmpty ? nil : share
        if entries[job.id]!.shares.isEmpty { entries[job.id] = nil }
        for notice in settlement.notices { _ = insert(notice, at: now) }
    }

    private func leased(_ job: DeliveryJob) throws -> Share {
        guard let share = entries[job.id]?.shares[job.destination], share.lease?.number == job.lease else {
            throw DeliveryQueueError.leaseLost
        }
        return share
    }

    /// Holds a message back, or releases it.
    public func hold(_ id: DeliveryID, _ isHeld: Bool) throws {
        guard entries[id] != nil else { throw DeliveryQueueError.unknownMessage }
        entries[id]!.isHeld = isHeld
    }

    /// When the next share is due.
    public func nextDue() -> Timestamp? {
        entries.values.filter { !$0.isHeld }.flatMap(\.shares.values).filter { $0.lease == nil }.map(\.due).min()
    }
}
