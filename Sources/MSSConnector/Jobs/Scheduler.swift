import Logging
public import MSSCore

/// One run of a job.
public struct JobRun: Sendable, Hashable {
    /// The appointed time.
    public var appointment: Timestamp
    /// Appointments that were missed before it.
    public var missed: Int
    /// The appointed time of the last run that succeeded.
    public var last: Timestamp?
}

/// A job: its name in the ledger, when it is due, and what it does.
public struct ScheduledJob: Sendable {
    /// Its name in the ledger; never changed.
    public let name: String
    /// When it is due.
    public let schedule: JobSchedule
    /// How long a run may take before another process takes it to be dead.
    public let lease: Duration
    let work: @Sendable (JobRun) async throws -> Void

    /// A job. `work` may run twice for one appointment, after a crash: it must be idempotent.
    public init(
        _ name: String, _ schedule: JobSchedule, lease: Duration = .seconds(3600),
        work: @escaping @Sendable (JobRun) async throws -> Void
    ) {
        self.name = name
        self.schedule = schedule
        self.lease = min(lease, JobSchedule.longestWait)
        self.work = work
    }
}

/// Runs jobs when they are due; the ledger remembers, so that runs missed while the service stood still are caught up, and
/// of several processes one runs a job.
public struct Scheduler: Sendable {
    private let jobs: [ScheduledJob]
    private let ledger: any JobLedger
    private let events: EventHub
    private let clock: any WallClock
    private let zoneMinutes: @Sendable (Timestamp) -> Int
    private let logger: Logger

    /// The longest time between two looks at the clock, which may be set meanwhile.
    static let longestSleep = Duration.seconds(60)

    /// A scheduler.
    public init(
        _ jobs: [ScheduledJob], ledger: any JobLedger, events: EventHub, clock: any WallClock = SystemWallClock(),
        zoneMinutes: @escaping @Sendable (Timestamp) -> Int = { _ in 0 }
    ) {
        self.jobs = jobs
        self.ledger = ledger
        self.events = events
        self.clock = clock
        self.zoneMinutes = zoneMinutes
        logger = Logger(label: "mssante.connector.jobs")
    }

    /// Runs jobs until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            let next = await runDue()
            let wait = max(.milliseconds(100), min(Scheduler.longestSleep, next - clock.now()))
            guard (try? await Task.sleep(for: wait)) != nil else { return }
        }
    }

    /// Runs what is due, one job after the other.
    ///
    /// - Returns: when to look again.
    @discardableResult
    public func runDue() async -> Timestamp {
        var next = clock.now() + Scheduler.longestSleep
        for job in jobs where !Task.isCancelled {
            do { next = min(next, try await run(job)) } catch {
                logger.error("ledger of jobs", metadata: ["job": "\(job.name)", "error": "\(type(of: error))"])
                events.send(.jobFailed(job.name, reason: "ledger: \(type(of: error))"))
            }
        }
        return next
    }

    private func run(_ job: ScheduledJob) async throws -> Timestamp {
        let now = clock.now()
        let record = try await ledger.record(of: job.name)
        switch job.schedule.decide(record, at: now, zoneMinutes: zoneMinutes(now)) {
        case .wait(let time): return time
        case .run(let appointment, let missed):
            var claimed = record
            claimed.notBefore = now + job.lease
            // Another process has it.
            guard try await ledger.replace(record, by: claimed) else { return now + .seconds(5) }
            var done = claimed
            do {
                try await job.work(JobRun(appointment: appointment, missed: missed, last: record.lastDone))
                done.lastDone = appointment
                done.failures = 0
                done.notBefore = nil
                logger.info("job done", metadata: ["job": "\(job.name)", "missed": "\(missed)"])
            } catch {
                done.failures += 1
                done.notBefore = clock.now() + JobSchedule.wait(afterFailures: done.failures)
                logger.error("job failed", metadata: ["job": "\(job.name)", "error": "\(error)"])
                events.send(.jobFailed(job.name, reason: "\(error)"))
            }
            _ = try await ledger.replace(claimed, by: done)
            return done.notBefore ?? appointment + job.schedule.period
        }
    }
}
