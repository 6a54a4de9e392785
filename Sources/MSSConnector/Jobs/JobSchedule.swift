public import MSSCore

/// When a job is due: a pure value.
public enum JobSchedule: Sendable, Hashable {
    /// Each day at a time of the operator's day.
    case daily(hour: Int, minute: Int)
    /// At multiples of a duration of at least a second.
    case every(Duration)

    /// The last appointed time at or before `now`.
    ///
    /// - Parameter zoneMinutes: minutes east of Greenwich of the operator's day.
    public func lastAppointment(at now: Timestamp, zoneMinutes: Int) -> Timestamp {
        switch self {
        case .daily(let hour, let minute):
            let offset = Int64(hour * 3600 + minute * 60 - zoneMinutes * 60)
            let since = now.seconds - offset
            return Timestamp(seconds: since - since.remainder(dividingBy: 86_400) + offset)
        case .every(let duration):
            let seconds = max(1, duration.components.seconds)
            return Timestamp(seconds: now.seconds - now.seconds.remainder(dividingBy: seconds))
        }
    }

    /// The time between two appointments.
    public var period: Duration {
        switch self {
        case .daily: .seconds(86_400)
        case .every(let duration): max(.seconds(1), duration)
        }
    }

    /// What a job's record says at a time.
    public enum Decision: Sendable, Hashable {
        /// Run now, for this appointment; so many appointments before it were missed and are made up for by this one run.
        case run(appointment: Timestamp, missed: Int)
        /// Look again then.
        case wait(until: Timestamp)
    }

    /// Whether a job is due.
    ///
    /// A run that was missed, for a day or a month, is caught up once, at once. A clock that went back makes no job run
    /// again.
    public func decide(_ record: JobRecord, at now: Timestamp, zoneMinutes: Int) -> Decision {
        let appointment = lastAppointment(at: now, zoneMinutes: zoneMinutes)
        if let last = record.lastDone, last >= appointment { return .wait(until: appointment + period) }
        if let notBefore = record.notBefore, now < notBefore {
            // A time far ahead was set by a clock that ran ahead.
            if notBefore - now <= JobSchedule.longestWait { return .wait(until: notBefore) }
        }
        let missed = record.lastDone.map { max(0, Int(((appointment - $0) / period).rounded(.down)) - 1) } ?? 0
        return .run(appointment: appointment, missed: missed)
    }

    /// The wait after failures in a row: five minutes, doubled each time, six hours at most.
    public static func wait(afterFailures failures: Int) -> Duration {
        var wait = Duration.seconds(300)
        for _ in 1..<max(1, min(failures, 16)) { wait = min(wait * 2, .seconds(6 * 3600)) }
        return wait
    }

    /// No wait after a failure, and no lease of a run, is longer.
    static let longestWait = Duration.seconds(6 * 3600)
}

extension Int64 {
    /// The remainder of a division rounded down: never negative.
    fileprivate func remainder(dividingBy divisor: Int64) -> Int64 {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
