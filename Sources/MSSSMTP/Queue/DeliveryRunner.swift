import Logging
public import MSSCore

/// Makes the attempts.
public protocol DeliveryAttempting: Sendable {
    /// Makes one attempt for the recipients of one domain.
    func deliver(_ message: SMTPOutgoingMessage, to domain: Domain) async -> DeliveryResult

    /// Makes one attempt for a leased share. By default its message and destination say all; who delivers into mailboxes
    /// needs the message's name as well, to know what it has already delivered.
    func deliver(_ job: DeliveryJob) async -> DeliveryResult
}

extension DeliveryAttempting {
    /// Makes one attempt for the recipients of the share's domain.
    public func deliver(_ job: DeliveryJob) async -> DeliveryResult {
        await deliver(job.message, to: job.destination)
    }
}

extension DeliveryAgent: DeliveryAttempting {}

/// Empties a queue: leases what is due, makes attempts at once for many destinations and few for each, settles, tells
/// senders.
///
/// A destination that cannot be reached holds a few places for the time of a connect timeout, then none: it does not
/// hold up the others (``DestinationLedger``).
public final class DeliveryRunner: Sendable {
    /// How the runner goes about it.
    public struct Configuration: Sendable {
        /// When to try again.
        public var schedule: RetrySchedule
        /// How much at once.
        public var limits: DestinationLimits
        /// How long a lease lasts; renewed at half of it while an attempt runs.
        public var lease: Duration
        /// The longest time between two looks at the queue.
        public var poll: Duration

        /// A configuration.
        public init(
            schedule: RetrySchedule = .standard, limits: DestinationLimits = DestinationLimits(),
            lease: Duration = .seconds(600), poll: Duration = .seconds(30)
        ) {
            self.schedule = schedule
            self.limits = limits
            self.lease = lease
            self.poll = poll
        }
    }

    private enum Signal: Sendable {
        case look
        case ended(Domain, reached: Bool?)
    }

    private let queue: any DeliveryQueue
    private let agent: any DeliveryAttempting
    private let notices: any DeliveryNoticeWriter
    private let configuration: Configuration
    private let clock: any WallClock
    private let chance: @Sendable () -> Double
    private let logger: Logger
    private let signals: AsyncStream<Signal>
    private let signal: AsyncStream<Signal>.Continuation
    private let lookIsPending = Guarded(false)
    private let isStopping = Guarded(false)

    /// A runner; it runs once.
    ///
    /// - Parameters:
    ///   - chance: numbers from 0 to 1 that spread the attempts.
    public init(
        queue: any DeliveryQueue, agent: any DeliveryAttempting, notices: any DeliveryNoticeWriter,
        configuration: Configuration = Configuration(), clock: any WallClock = SystemWallClock(),
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.queue = queue
        self.agent = agent
        self.notices = notices
        self.configuration = configuration
        self.clock = clock
        self.chance = chance
        logger = Logger(label: "mssante.smtp.delivery")
        (signals, signal) = AsyncStream.makeStream(of: Signal.self)
    }

    /// Says that there is something new in the queue.
    public func wake() {
        let isNews = lookIsPending.withLock { pending in
            defer { pending = true }
            return !pending
        }
        if isNews { signal.yield(.look) }
    }

    /// Begins nothing new; ``run()`` returns once what is under way has ended.
    public func stop() {
        isStopping.withLock { $0 = true }
        wake()
    }

    /// Empties the queue until ``stop()``, or until the task is cancelled, which breaks off what is under way: it is
    /// due again at once, and the attempt does not count.
    public func run() async { await run(untilIdle: false) }

    /// Makes the attempts that are due, and those that become due meanwhile, and returns.
    public func runUntilIdle() async { await run(untilIdle: true) }

    // MARK: The loop

    private func run(untilIdle: Bool) async {
        await withDiscardingTaskGroup { group in
            var ledger = DestinationLedger(configuration.limits)
            var timer: (end: ContinuousClock.Instant, task: Task<Void, Never>)?
            wake()
            for await signal in signals {
                switch signal {
                case .look: lookIsPending.withLock { $0 = false }
                case .ended(let destination, let reached):
                    ledger.end(destination, reached: reached, at: clock.now())
                }
                let stopping = isStopping.withLock { $0 }
                let jobs = stopping ? [] : await lease(ledger)
                for job in jobs {
                    ledger.begin(job.destination)
                    group.addTask { await self.process(job) }
                }
                if ledger.underWay == 0, stopping || untilIdle { break }
                // One that ends before suits as well: most looks need no timer of their own.
                let end = ContinuousClock.now + (await wait(ledger))
                if let timer, timer.end <= end, timer.end > .now { continue }
                timer?.task.cancel()
                timer = (end, look(at: end))
            }
            timer?.task.cancel()
        }
    }

    private func lease(_ ledger: DestinationLedger) async -> [DeliveryJob] {
        guard ledger.room > 0 else { return [] }
        let now = clock.now()
        let request = DeliveryLeaseRequest(
            limit: ledger.room, perDestination: configuration.limits.perDestination,
            allowances: ledger.allowances(at: now), now: now, until: now + configuration.lease)
        do { return try await queue.lease(request) } catch {
            logger.error("queue: lease failed", metadata: ["error": "\(type(of: error))"])
            return []
        }
    }

    /// How long until something is due, a pause ends, or a while has passed.
    private func wait(_ ledger: DestinationLedger) async -> Duration {
        let now = clock.now()
        var wait = configuration.poll
        if ledger.room > 0 {
            let due = (try? await queue.nextDue()) ?? nil
            // What is due and was not leased waits for the end of a pause or of an attempt.
            for time in [due, ledger.nextOpening(after: now)] {
                if let time, time > now { wait = min(wait, time - now) }
            }
        }
        return wait
    }

    private func look(at end: ContinuousClock.Instant) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(until: end, clock: .continuous)) != nil else { return }
            self.wake()
        }
    }

    // MARK: One job

    private func process(_ job: DeliveryJob) async {
        let result = await attempt(job)
        let verdict = DeliveryVerdict(job, result, configuration.schedule, now: clock.now(), chance: chance())
        // A cancelled task must still say how the lease ends.
        await Task { await self.settle(job, verdict) }.value
        signal.yield(.ended(job.destination, reached: result.reached))
    }

    /// Makes the attempt and keeps the lease meanwhile. An attempt whose lease is lost is broken off: the message is
    /// another runner's, and would arrive twice.
    private func attempt(_ job: DeliveryJob) async -> DeliveryResult {
        await withTaskGroup(of: DeliveryResult?.self) { group in
            group.addTask { await self.agent.deliver(job) }
            group.addTask {
                await self.keepLease(of: job)
                return nil
            }
            for await result in group {
                group.cancelAll()
                if let result { return result }
            }
            let failure = SMTPClientFailure(.network, .connecting, .cancelled)
            let outcomes = job.message.envelope.recipients.map { DeliveryOutcome($0, .failure(failure)) }
            return DeliveryResult(outcomes: outcomes, reached: nil)
        }
    }

    /// Renews the lease at half of its time; returns once it is lost, or the task cancelled.
    private func keepLease(of job: DeliveryJob) async {
        while (try? await Task.sleep(for: configuration.lease / 2)) != nil {
            do { try await queue.extend(job, until: clock.now() + configuration.lease) } catch {
                logger.error("queue: lease not kept", metadata: ["message": "\(job.id)"])
                // A queue that fails for a moment may keep it the next time.
                if case DeliveryQueueError.leaseLost? = error as? DeliveryQueueError { return }
            }
        }
    }

    private func settle(_ job: DeliveryJob, _ verdict: DeliveryVerdict) async {
        var settlement = verdict.settlement
        if let request = verdict.notice {
            do { settlement.notices = [try await notices.notice(request)] } catch {
                logger.error(
                    "notice not written", metadata: ["message": "\(job.id)", "error": "\(type(of: error))"])
            }
        }
        // What is not settled is delivered again: worth more than one try.
        for pause in [Duration.zero, .seconds(1), .seconds(5), .seconds(30)] {
            if pause > .zero { try? await Task.sleep(for: pause) }
            do {
                try await queue.settle(job, settlement, at: clock.now())
                return
            } catch DeliveryQueueError.leaseLost { break } catch { continue }
        }
        logger.error("queue: not settled", metadata: ["message": "\(job.id)"])
    }
}
