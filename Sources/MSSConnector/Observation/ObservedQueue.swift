import Logging
import MSSCore
import MSSSMTP

/// A queue whose settlements are counted, for delivery times and the target of four hours (RE_SSI_5010), and of which the
/// log tells what was put off.
struct ObservedQueue: DeliveryQueue {
    let base: any DeliveryQueue
    let metrics: ConnectorMetrics
    let domains: Set<Domain>
    let logger: Logger
    /// Told of notices that a settlement has brought into the queue: another runner may be the one to deliver them.
    let wake: @Sendable () -> Void

    func enqueue(_ delivery: NewDelivery, at now: Timestamp) async throws -> DeliveryID {
        try await base.enqueue(delivery, at: now)
    }

    func lease(_ request: DeliveryLeaseRequest) async throws -> [DeliveryJob] { try await base.lease(request) }

    func extend(_ job: DeliveryJob, until: Timestamp) async throws { try await base.extend(job, until: until) }

    func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) async throws {
        try await base.settle(job, settlement, at: now)
        metrics.settled(
            delivered: settlement.delivered.count, here: domains.contains(job.destination),
            failed: settlement.failed.count, deferred: settlement.deferred.count, after: now - job.arrival)
        if !settlement.deferred.isEmpty, settlement.countsAsAttempt {
            logger.info(
                "put off",
                metadata: [
                    "message": "\(job.id)", "domain": "\(job.destination)",
                    "explication": "\(settlement.reason ?? "-")",
                ])
        }
        if !settlement.notices.isEmpty { wake() }
    }

    func hold(_ id: DeliveryID, _ isHeld: Bool) async throws { try await base.hold(id, isHeld) }

    func nextDue() async throws -> Timestamp? { try await base.nextDue() }
}
