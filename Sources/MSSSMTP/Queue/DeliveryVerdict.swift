import MSSCore

/// What follows from an attempt: a pure function of the job, its result, the schedule and the time.
struct DeliveryVerdict: Sendable {
    /// How the lease ends; its notices are still to be written.
    var settlement: DeliverySettlement
    /// What the sender is told, if anything.
    var notice: DeliveryNoticeRequest?

    /// - Parameter chance: from 0 to 1, for the schedule.
    init(_ job: DeliveryJob, _ result: DeliveryResult, _ schedule: RetrySchedule, now: Timestamp, chance: Double) {
        settlement = DeliverySettlement(delayWasNotified: job.delayWasNotified)
        let sender = job.message.envelope.sender
        let interrupted = result.wasInterrupted
        settlement.countsAsAttempt = !interrupted
        let next =
            interrupted
            ? now
            : schedule.next(
                afterAttempts: job.attempts + 1, arrival: job.arrival, isNotice: sender == nil, now: now,
                chance: chance)
        let tellsDelay = !job.delayWasNotified && schedule.isDelayNoticeDue(arrival: job.arrival, now: now)
        let expiry = schedule.expiry(arrival: job.arrival, isNotice: sender == nil)
        var items: [DeliveryNoticeRequest.Item] = []
        for outcome in result.outcomes {
            let recipient = outcome.recipient
            // RFC 3461 §4.1: without NOTIFY, failures are told, and delays may be.
            let notify = recipient.notify ?? [.failure, .delay]
            func tell(_ event: DeliveryNoticeRequest.Item.Event, when wanted: DSNNotify) {
                guard notify.contains(wanted) else { return }
                items.append(.init(recipient: recipient, event: event, host: outcome.host))
            }
            switch outcome.result {
            case .success:
                settlement.delivered.append(recipient.address)
                if !outcome.passedNotices { tell(.relayed, when: .success) }
            case .failure(let failure) where failure.isPermanent:
                settlement.failed.append(recipient.address)
                tell(.failed(failure), when: .failure)
            case .failure(let failure):
                if next == nil {
                    settlement.failed.append(recipient.address)
                    tell(.failed(failure.afterExpiry), when: .failure)
                } else {
                    settlement.deferred.append(recipient.address)
                    settlement.reason = settlement.reason ?? failure.explanation
                    if tellsDelay { tell(.delayed(failure, until: expiry), when: .delay) }
                }
            }
        }
        if !settlement.deferred.isEmpty {
            settlement.nextAttempt = next
            settlement.delayWasNotified = job.delayWasNotified || tellsDelay
        }
        // RFC 5321 §4.5.5, §6.1: a message from nobody is a notice, and notices are not answered.
        if let sender, !items.isEmpty {
            notice = DeliveryNoticeRequest(
                sender: sender, message: job.message, arrival: job.arrival, time: now, items: items)
        }
    }
}

extension SMTPClientFailure {
    /// The failure once the time is over: what last stood in the way stays readable, the status says "expired".
    var afterExpiry: SMTPClientFailure {
        var failure = self
        if reply == nil { failure.cause = .expired }
        failure.isPermanent = true
        return failure
    }
}
