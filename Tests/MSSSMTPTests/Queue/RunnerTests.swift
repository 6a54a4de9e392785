import MSSCore
import MSSTestKit
import Testing

@testable import MSSSMTP

@Suite("The runner empties the queue")
struct RunnerTests {
    private let queue = InMemoryDeliveryQueue()
    private let clock = TestClock()

    private func runner(_ agent: any DeliveryAttempting, limits: DestinationLimits = DestinationLimits())
        -> DeliveryRunner
    {
        DeliveryRunner(
            queue: queue, agent: agent, notices: PlainNotices(),
            configuration: .init(limits: limits), clock: clock, chance: { 0.5 })
    }

    @Test("what is due is delivered, and nothing is left")
    func delivers() async throws {
        let agent = ScriptedAgent { _, _ in .ok }
        for index in 0..<20 { _ = try await queue.enqueue(.test("b@d\(index % 4).test"), at: clock.now()) }
        await runner(agent).runUntilIdle()
        #expect(agent.attempts.count == 20)
        #expect(await queue.count == 0)
    }

    @Test("a failure is tried again when its time has come, and the attempt counts")
    func retries() async throws {
        let agent = ScriptedAgent { _, number in number == 1 ? .busy : .ok }
        _ = try await queue.enqueue(.test("b@d.test"), at: clock.now())
        await runner(agent).runUntilIdle()
        #expect(agent.attempts.count == 1)
        #expect(await queue.nextDue() == clock.now() + .seconds(60))
        clock.advance(.seconds(60))
        await runner(agent).runUntilIdle()
        #expect(agent.attempts.count == 2)
        #expect(await queue.count == 0)
    }

    @Test("a dead destination does not hold up the live ones")
    func deadDestination() async throws {
        // The dead one answers only when every live message has gone: if it held them up, this would never end.
        let live = Shared(0)
        let gate = TestGate()
        let agent = ScriptedAgent { domain, _ in
            if domain.ascii == "mort.test" {
                await gate.wait()
                return .unreachable
            }
            let sent = live.update {
                $0 += 1
                return $0
            }
            if sent == 50 { await gate.open() }
            return .ok
        }
        for _ in 0..<50 { _ = try await queue.enqueue(.test("b@mort.test"), at: clock.now()) }
        for index in 0..<50 { _ = try await queue.enqueue(.test("b@d\(index).test"), at: clock.now()) }
        await runner(agent, limits: DestinationLimits(total: 10, perDestination: 5, failuresBeforePause: 1))
            .runUntilIdle()
        #expect(live.value == 50)
        // Five places, then a pause: the other forty-five were not tried.
        #expect(agent.attempts.filter { $0 == "mort.test" }.count == 5)
        #expect(await queue.count == 50)
    }

    @Test(
        "EX_GBM_4460: the sender of a refused message has a notice, which is delivered in its turn, and no notice of it"
    )
    func notices() async throws {
        let agent = ScriptedAgent { _, _ in .refused }
        _ = try await queue.enqueue(.test("b@d.test"), at: clock.now())
        await runner(agent).runUntilIdle()
        #expect(agent.attempts == ["d.test", "client.test"])  // the notice was refused as well: the end of it
        #expect(await queue.count == 0)
    }

    @Test("a queue that fails for a moment loses nothing")
    func failingQueue() async throws {
        let agent = ScriptedAgent { _, _ in .ok }
        _ = try await queue.enqueue(.test("b@d.test"), at: clock.now())
        let flaky = FlakyQueue(queue)
        let runner = DeliveryRunner(
            queue: flaky, agent: agent, notices: PlainNotices(), clock: clock, chance: { 0.5 })
        await runner.runUntilIdle()
        #expect(await queue.count == 0)
        #expect(agent.attempts.count == 1)
    }

    @Test("a cancelled runner gives back what it was at, uncounted and due at once")
    func cancelled() async throws {
        let started = TestGate()
        let agent = ScriptedAgent { _, _ in
            await started.open()
            while !Task.isCancelled { await Task.yield() }
            return .interrupted
        }
        _ = try await queue.enqueue(.test("b@d.test"), at: clock.now())
        let runner = runner(agent)
        let task = Task { await runner.run() }
        await started.wait()
        task.cancel()
        await task.value
        let request = DeliveryLeaseRequest(
            limit: 1, perDestination: 1, now: clock.now(), until: clock.now() + .seconds(1))
        let jobs = await queue.lease(request)
        #expect(jobs.map(\.attempts) == [0])
    }

    @Test("a lease is kept as long as its attempt runs: renewed at half of its time, again and again")
    func renewal() async throws {
        let renewed = TestGate()
        let renewals = Shared<[Timestamp]>([])
        let counting = RenewalQueue(queue) { until in
            let count = renewals.update {
                $0.append(until)
                return $0.count
            }
            if count == 3 { await renewed.open() }
        }
        // The attempt ends only once its lease has been renewed three times.
        let agent = ScriptedAgent { _, _ in
            await renewed.wait()
            return .ok
        }
        _ = try await queue.enqueue(.test("b@d.test"), at: clock.now())
        let runner = DeliveryRunner(
            queue: counting, agent: agent, notices: PlainNotices(), configuration: .init(lease: .milliseconds(20)),
            clock: clock, chance: { 0.5 })
        await runner.runUntilIdle()
        #expect(renewals.value.allSatisfy { $0 == clock.now() + .milliseconds(20) })
        #expect(await queue.count == 0)
        #expect(agent.attempts.count == 1)
    }

    @Test("an attempt whose lease is lost is broken off: the message is another runner's by now")
    func lostLease() async throws {
        let agent = ScriptedAgent { _, _ in
            while !Task.isCancelled { await Task.yield() }
            return .interrupted
        }
        _ = try await queue.enqueue(.test("b@d.test"), at: clock.now())
        let losing = RenewalQueue(queue) { _ in throw DeliveryQueueError.leaseLost }
        let runner = DeliveryRunner(
            queue: losing, agent: agent, notices: PlainNotices(),
            configuration: .init(limits: DestinationLimits(total: 1), lease: .milliseconds(20)), clock: clock,
            chance: { 0.5 })
        let task = Task { await runner.run() }
        while agent.attempts.count < 2 { await Task.yield() }  // due again at once
        task.cancel()
        await task.value
        #expect(await queue.count == 1)
    }

    @Test("a stopped runner ends what is under way and begins nothing new")
    func stopped() async throws {
        let started = TestGate()
        let finish = TestGate()
        let agent = ScriptedAgent { _, _ in
            await started.open()
            await finish.wait()
            return .ok
        }
        for _ in 0..<3 { _ = try await queue.enqueue(.test("b@d.test"), at: clock.now()) }
        let runner = runner(agent, limits: DestinationLimits(total: 1))
        let task = Task { await runner.run() }
        await started.wait()
        runner.stop()
        await finish.open()
        await task.value
        #expect(agent.attempts.count == 1)
        #expect(await queue.count == 2)
    }
}

/// A value that several tasks look at.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Guarded<Value>
    init(_ value: Value) { mutex = Guarded(value) }
    var value: Value { mutex.withLock { $0 } }
    @discardableResult
    func update<Result: Sendable>(_ change: @Sendable (inout Value) -> Result) -> Result {
        mutex.withLock { change(&$0) }
    }
}

/// Holds tasks until the test opens it.
actor TestGate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for one in waiting { one.resume() }
        waiting = []
    }
}

/// An agent whose results the test writes.
final class ScriptedAgent: DeliveryAttempting {
    enum Answer: Sendable { case ok, busy, refused, unreachable, interrupted }

    private let script: @Sendable (Domain, Int) async -> Answer
    private let seen = Guarded<[String]>([])
    /// The destinations tried, in order.
    var attempts: [String] { seen.withLock { $0 } }

    init(_ script: @escaping @Sendable (_ domain: Domain, _ number: Int) async -> Answer) { self.script = script }

    func deliver(_ message: SMTPOutgoingMessage, to domain: Domain) async -> DeliveryResult {
        let number = seen.withLock {
            $0.append(domain.ascii)
            return $0.count
        }
        let answer = await script(domain, number)
        let result: Result<SMTPReply, SMTPClientFailure> =
            switch answer {
            case .ok: .success(SMTPReply(code: 250, text: "ok"))
            case .busy: .failure(SMTPClientFailure(.recipient, SMTPReply(code: 450, text: "busy")))
            case .refused: .failure(SMTPClientFailure(.recipient, SMTPReply(code: 550, enhanced: "5.1.1", text: "no")))
            case .unreachable: .failure(SMTPClientFailure(.network, .connecting, .timedOut))
            case .interrupted: .failure(SMTPClientFailure(.network, .connecting, .cancelled))
            }
        let reached: Bool? = answer == .interrupted ? nil : answer != .unreachable
        return DeliveryResult(
            outcomes: message.envelope.recipients.map { DeliveryOutcome($0, result) }, reached: reached)
    }
}

/// A notice that only has the right envelope.
struct PlainNotices: DeliveryNoticeWriter {
    func notice(_ request: DeliveryNoticeRequest) -> NewDelivery {
        NewDelivery(
            SMTPOutgoingMessage(
                OutgoingEnvelope(sender: nil, recipients: [request.sender]), SMTPContent("notice\r\n".utf8)))
    }
}

/// Tells of each renewal of a lease, which may fail.
struct RenewalQueue: DeliveryQueue {
    let queue: InMemoryDeliveryQueue
    let renewing: @Sendable (Timestamp) async throws -> Void

    init(_ queue: InMemoryDeliveryQueue, _ renewing: @escaping @Sendable (Timestamp) async throws -> Void) {
        self.queue = queue
        self.renewing = renewing
    }

    func enqueue(_ delivery: NewDelivery, at now: Timestamp) async throws -> DeliveryID {
        try await queue.enqueue(delivery, at: now)
    }
    func lease(_ request: DeliveryLeaseRequest) async throws -> [DeliveryJob] { await queue.lease(request) }
    func extend(_ job: DeliveryJob, until: Timestamp) async throws {
        try await renewing(until)
        try await queue.extend(job, until: until)
    }
    func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) async throws {
        try await queue.settle(job, settlement, at: now)
    }
    func hold(_ id: DeliveryID, _ isHeld: Bool) async throws { try await queue.hold(id, isHeld) }
    func nextDue() async throws -> Timestamp? { await queue.nextDue() }
}

/// Fails the first time it is asked to settle.
actor FlakyQueue: DeliveryQueue {
    struct Broken: Error {}
    private let queue: InMemoryDeliveryQueue
    private var failures = 1

    init(_ queue: InMemoryDeliveryQueue) { self.queue = queue }

    func enqueue(_ delivery: NewDelivery, at now: Timestamp) async throws -> DeliveryID {
        try await queue.enqueue(delivery, at: now)
    }
    func lease(_ request: DeliveryLeaseRequest) async throws -> [DeliveryJob] { await queue.lease(request) }
    func extend(_ job: DeliveryJob, until: Timestamp) async throws { try await queue.extend(job, until: until) }
    func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) async throws {
        failures -= 1
        guard failures < 0 else { throw Broken() }
        try await queue.settle(job, settlement, at: now)
    }
    func hold(_ id: DeliveryID, _ isHeld: Bool) async throws { try await queue.hold(id, isHeld) }
    func nextDue() async throws -> Timestamp? { await queue.nextDue() }
}
