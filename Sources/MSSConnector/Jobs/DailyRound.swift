public import MSSCore
import MSSPolicy

/// The daily round as administrators see it: when it was made last, and why none is made.
public struct RoundStatus: Sendable, Hashable {
    /// The appointed time of the last round; `nil` before the first.
    public var last: Timestamp?
    /// Failures in a row since then.
    public var failures: Int
    /// Why none is made before an administrator has confirmed the date; `nil` when nothing is in the way.
    public var doubt: LifecycleJob.Doubt?
}

/// When the daily round is made, and the word of an administrator that the clock is right.
final class DailyRound: Sendable {
    /// In the ledger of jobs; never changed.
    static let job = "cycle-de-vie"

    private let schedule: JobSchedule
    private let ledger: any JobLedger
    private let clock: any WallClock
    private let zoneMinutes: @Sendable (Timestamp) -> Int
    /// The day that was confirmed: it holds for that day only.
    private let confirmed = Guarded<Day?>(nil)

    init(
        _ schedule: JobSchedule, ledger: any JobLedger, clock: any WallClock,
        zoneMinutes: @escaping @Sendable (Timestamp) -> Int
    ) {
        self.schedule = schedule
        self.ledger = ledger
        self.clock = clock
        self.zoneMinutes = zoneMinutes
    }

    private func day(_ time: Timestamp) -> Day { Day(time, offsetSeconds: zoneMinutes(time) * 60) }

    /// Whether an administrator has confirmed today's date.
    var isConfirmed: Bool { confirmed.withLock { $0 } == day(clock.now()) }

    func scheduled(_ round: LifecycleJob) -> ScheduledJob {
        ScheduledJob(DailyRound.job, schedule) { run in
            _ = try await round.run(last: run.last, isConfirmed: self.isConfirmed)
        }
    }

    func status() async throws -> RoundStatus {
        let record = try await ledger.record(of: DailyRound.job)
        let calendar = RunCalendar(lastRun: record.lastDone.map(day))
        let doubt: LifecycleJob.Doubt? =
            switch calendar.verdict(today: day(clock.now()), confirmed: isConfirmed) {
            case .run: nil
            case .clockWentBack(let days): .clockWentBack(days: days)
            case .confirm(let days): .confirmationNeeded(days: days)
            }
        return RoundStatus(last: record.lastDone, failures: record.failures, doubt: doubt)
    }

    /// Takes an administrator's word that today is today: the round is due at once.
    ///
    /// - Returns: what stood in its way; `nil` when nothing did, and nothing was changed.
    func confirm() async throws -> LifecycleJob.Doubt? {
        guard let doubt = try await status().doubt else { return nil }
        let now = clock.now()
        confirmed.withLock { $0 = day(now) }
        while true {
            let record = try await ledger.record(of: DailyRound.job)
            var due = record
            due.notBefore = nil
            // One made by a clock that was ahead must not stand before today's.
            let appointment = schedule.lastAppointment(at: now, zoneMinutes: zoneMinutes(now))
            if let last = record.lastDone, last >= appointment { due.lastDone = appointment - schedule.period }
            if try await ledger.replace(record, by: due) { return doubt }
        }
    }
}
