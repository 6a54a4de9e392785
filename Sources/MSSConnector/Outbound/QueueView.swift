import MSSCore
import MSSSMTP

/// The part of a queue that leads to the operator's own domains, or the part that does not: deliveries into mailboxes and
/// attempts elsewhere have runners of their own, so that neither waits for the other.
struct QueueView: DeliveryQueue {
    let base: any DeliveryQueue
    let domains: Set<Domain>
    let isLocal: Bool

    func enqueue(_ delivery: NewDelivery, at now: Timestamp) async throws -> DeliveryID {
        try await base.enqueue(delivery, at: now)
    }

    func lease(_ request: DeliveryLeaseRequest) async throws -> [DeliveryJob] {
        var request = request
        if isLocal {
            let ordinary = request.perDestination
            let given = request.allowances
            request.perDestination = 0
            request.allowances = [:]
            for domain in domains { request.allowances[domain] = given[domain] ?? ordinary }
        } else {
            for domain in domains { request.allowances[domain] = 0 }
        }
        return try await base.lease(request)
    }

    func extend(_ job: DeliveryJob, until: Timestamp) async throws { try await base.extend(job, until: until) }

    func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) async throws {
        try await base.settle(job, settlement, at: now)
    }

    func hold(_ id: DeliveryID, _ isHeld: Bool) async throws { try await base.hold(id, isHeld) }

    func nextDue() async throws -> Timestamp? { try await base.nextDue() }
}
