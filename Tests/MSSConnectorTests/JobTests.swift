import MSSAccounts
import MSSCore
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSConnector

@Suite("Jobs: when, and what")
struct JobTests {
    static func time(_ text: String) -> Timestamp { try! Timestamp(rfc3339: text) }  // a literal

    @Test("A daily job is appointed by the operator's clock, summer and winter")
    func daily() {
        let schedule = JobSchedule.daily(hour: 3, minute: 30)
        #expect(
            schedule.lastAppointment(at: Self.time("2026-11-21T10:00:00Z"), zoneMinutes: 60)
                == Self.time("2026-11-21T02:30:00Z"))
        #expect(
            schedule.lastAppointment(at: Self.time("2026-11-21T02:29:59Z"), zoneMinutes: 60)
                == Self.time("2026-11-20T02:30:00Z"))
        #expect(
            schedule.lastAppointment(at: Self.time("2026-07-21T10:00:00Z"), zoneMinutes: 120)
                == Self.time("2026-07-21T01:30:00Z"))
        #expect(
            JobSchedule.every(.seconds(300)).lastAppointment(at: Timestamp(seconds: 1_000), zoneMinutes: 60)
                == Timestamp(seconds: 900))
        #expect(
            JobSchedule.every(.seconds(300)).lastAppointment(at: Timestamp(seconds: -1), zoneMinutes: 0)
                == Timestamp(seconds: -300))
    }

    @Test("Missed runs are caught up by one run; a clock that went back makes none")
    func decisions() {
        let schedule = JobSchedule.daily(hour: 3, minute: 30)
        let now = Self.time("2026-11-21T10:00:00Z")
        let today = Self.time("2026-11-21T03:30:00Z")
        func decide(_ record: JobRecord, _ now: Timestamp) -> JobSchedule.Decision {
            schedule.decide(record, at: now, zoneMinutes: 0)
        }
        #expect(decide(JobRecord(job: "x"), now) == .run(appointment: today, missed: 0))
        #expect(
            decide(JobRecord(job: "x", lastDone: today - .seconds(5 * 86_400)), now)
                == .run(appointment: today, missed: 4))
        #expect(decide(JobRecord(job: "x", lastDone: today), now) == .wait(until: today + .seconds(86_400)))
        #expect(
            decide(JobRecord(job: "x", lastDone: today + .seconds(86_400 * 300)), now)
                != .run(appointment: today, missed: 0))
        // Under way elsewhere, or failed; a time that only a wrong clock can have set is not believed.
        let busy = JobRecord(job: "x", notBefore: now + .seconds(600))
        #expect(decide(busy, now) == .wait(until: now + .seconds(600)))
        #expect(
            decide(JobRecord(job: "x", notBefore: now + .seconds(86_400 * 365)), now)
                == .run(appointment: today, missed: 0))
        #expect(JobSchedule.wait(afterFailures: 1) == .seconds(300))
        #expect(JobSchedule.wait(afterFailures: 3) == .seconds(1200))
        #expect(JobSchedule.wait(afterFailures: 50) == .seconds(6 * 3600))
    }

    @Test("The scheduler runs what is due once, repeats a failure later, and shares work between processes")
    func scheduler() async throws {
        struct Failure: Error {}
        let clock = TestClock(Self.time("2026-11-21T10:00:00Z"))
        let ledger = InMemoryJobLedger()
        let runs = Guarded<[JobRun]>([])
        let fails = Guarded(false)
        let job = ScheduledJob("essai", .every(.seconds(3600))) { run in
            runs.withLock { $0.append(run) }
            if fails.withLock({ $0 }) { throw Failure() }
        }
        let events = EventHub()
        let one = Scheduler([job], ledger: ledger, events: events, clock: clock)
        let other = Scheduler([job], ledger: ledger, events: events, clock: clock)
        await one.runDue()
        await other.runDue()
        #expect(runs.withLock { $0.count } == 1)
        clock.advance(.seconds(3 * 3600))
        fails.withLock { $0 = true }
        await other.runDue()
        #expect(runs.withLock { $0.last?.missed } == 2)
        await one.runDue()
        #expect(runs.withLock { $0.count } == 2)
        #expect(await ledger.record(of: "essai").failures == 1)
        clock.advance(.seconds(301))
        fails.withLock { $0 = false }
        await one.runDue()
        #expect(runs.withLock { $0.count } == 3)
        let record = await ledger.record(of: "essai")
        #expect(record.failures == 0 && record.notBefore == nil)
        #expect(record.lastDone == Self.time("2026-11-21T13:00:00Z"))
    }

    @Test("Of two processes that look at once, one runs a job")
    func claims() async throws {
        let ledger = InMemoryJobLedger()
        let seen = await ledger.record(of: "x")
        #expect(await ledger.replace(seen, by: JobRecord(job: "x", notBefore: Samples.epoch)))
        #expect(await !ledger.replace(seen, by: JobRecord(job: "x", notBefore: Samples.epoch)))
    }

    // MARK: The daily round

    static func job(
        _ alpha: TestOperator, _ events: EventHub = EventHub(), lifecycle: Lifecycle = Lifecycle()
    ) -> LifecycleJob {
        LifecycleJob(
            accounts: alpha.accounts, drop: alpha.drop, channel: alpha.channel,
            isTrusted: { $0.ascii.hasSuffix(".mssante.fr") },
            author: .init(alpha.address("exploitation")), events: events, clock: alpha.clock, zoneMinutes: { _ in 60 },
            lifecycle: lifecycle)
    }

    @Test("EX_GDT_5070: with a limit set by the controller, messages of every folder go when they have reached it")
    func retention() async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        let paul = MailboxReference(alpha.mailboxes["paul.durand"]!)
        func put(_ folder: MailboxFolder, _ key: String) async throws {
            _ = try await alpha.drop.deliver(
                MailboxDelivery(
                    SMTPContent("x\r\n".utf8), to: paul, folder: folder, key: key, received: clock.now()))
        }
        try await put(.inbox, "1")
        try await put(.sent, "2")
        clock.advance(.seconds(20 * 86_400))
        try await put(.inbox, "3")
        let job = Self.job(alpha, lifecycle: Lifecycle(messageDays: 30))
        clock.advance(.seconds(9 * 86_400))
        #expect(try await job.run(last: nil).purged == 0)
        clock.advance(.seconds(2 * 86_400))
        #expect(try await job.run(last: nil).purged == 2)
        #expect(await alpha.drop.messages(in: paul.id).map(\.key) == ["3"])
        // Without a limit nothing is taken.
        clock.advance(.seconds(40 * 86_400))
        #expect(try await Self.job(alpha).run(last: nil).purged == 0)
    }

    @Test("EX_GBM_6010: an unused mailbox is deleted after a warning out of band, and its messages with it")
    func deletion() async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        let reference = MailboxReference(alpha.mailboxes["jeanne.martin"]!)
        _ = try await alpha.drop.deliver(
            MailboxDelivery(SMTPContent("x\r\n".utf8), to: reference, key: "k", received: clock.now()))
        let job = Self.job(alpha)
        var last: Timestamp?
        var days = 0
        func live(_ count: Int) async throws {
            for _ in 0..<count {
                clock.advance(.seconds(86_400))
                days += 1
                // Everybody else connects.
                for local in ["paul.durand", "service-cardiologie", "exploitation", "labo-test"] {
                    try await alpha.accounts.perform(.noteConnection(alpha.id(local), nil), by: .system)
                }
                _ = try await job.run(last: last)
                last = clock.now()
            }
        }
        try await live(310)
        let deletions = await alpha.channel.notices.filter { $0.notice.topic == .deletion }
        #expect(deletions.count == 1)
        #expect(
            deletions[0].contact
                == .ordinaryMail(try OrdinaryMailAddress(Samples.address("jeanne@exemple.fr")) { _ in false }))
        #expect(await alpha.drop.usage(of: reference).messages == 1)
        try await live(60)
        let state = try await alpha.accounts.repository.read { try $0.mailbox(alpha.id("jeanne.martin"))!.state }
        guard case .deleted = state else {
            Issue.record("\(state)")
            return
        }
        #expect(await alpha.drop.usage(of: reference).messages == 0)
        #expect(try await alpha.accounts.repository.read { try $0.mailbox(alpha.id("paul.durand"))!.exists })
    }

    @Test("EX_GBM_6010: a warning that no channel took is not given, so nothing follows it")
    func undeliverable() async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        await alpha.channel.setFails(true)
        let job = Self.job(alpha)
        clock.advance(.seconds(400 * 86_400))
        let report = try await job.run(last: nil)
        #expect(report.undelivered > 0)
        clock.advance(.seconds(30 * 86_400))
        _ = try await job.run(last: clock.now() - .seconds(30 * 86_400))
        #expect(try await alpha.accounts.repository.read { try $0.mailbox(alpha.id("jeanne.martin"))!.exists })
    }

    @Test("EX_GBM_4470: users are told at 80 % and 100 %, in the mailbox and by their channel")
    func quota() async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        let reference = MailboxReference(alpha.mailboxes["paul.durand"]!)
        try await alpha.perform(.setQuota(reference.id, 10_000))
        func fill(_ count: Int, _ key: String) async throws {
            _ = try await alpha.drop.deliver(
                MailboxDelivery(
                    SMTPContent([UInt8](repeating: 65, count: count)), to: reference, key: key, received: clock.now()))
        }
        try await fill(8_100, "a")
        let job = Self.job(alpha)
        _ = try await job.run(last: nil)
        #expect(
            await alpha.channel.notices.map(\.notice.subject) == [
                "Votre boîte aux lettres MSSanté est remplie à plus de 80 %"
            ])
        #expect(await alpha.drop.messages(in: reference.id).count == 2)
        // The same day again: nothing new.
        _ = try await job.run(last: clock.now())
        #expect(await alpha.drop.messages(in: reference.id).count == 2)
        try await fill(5_000, "b")
        clock.advance(.seconds(86_400))
        _ = try await job.run(last: clock.now() - .seconds(86_400))
        #expect(await alpha.channel.notices.last?.notice.subject == "Votre boîte aux lettres MSSanté est pleine")
        #expect(await alpha.drop.messages(in: reference.id).count == 4)
    }

    @Test("EX_GBM_4030 and EX_GBP_3050: test answers' messages go within a month, sent ones when the holder wants it")
    func purges() async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        let answers = AutomaticReplyMailboxes(
            domains: [alpha.domain], directory: IndexedAccounts(alpha.index), accounts: alpha.accounts,
            holder: (alpha.director, alpha.finess), events: EventHub())
        try await answers.ensure()
        let address = try #require(TestMailbox.automaticReplyAddress(of: alpha.domain))
        let test = MailboxReference(try #require(alpha.index.mailbox(at: address)))
        let paul = MailboxReference(alpha.mailboxes["paul.durand"]!)
        try await alpha.perform(.purgeSent(paul.id, afterDays: 10), by: .person(alpha.colleague))
        func put(_ mailbox: MailboxReference, _ folder: MailboxFolder, _ key: String) async throws {
            _ = try await alpha.drop.deliver(
                MailboxDelivery(
                    SMTPContent("x\r\n".utf8), to: mailbox, folder: folder, key: key, received: clock.now()))
        }
        try await put(test, .inbox, "1")
        try await put(paul, .sent, "2")
        try await put(paul, .inbox, "3")
        let job = Self.job(alpha)
        clock.advance(.seconds(9 * 86_400))
        #expect(try await job.run(last: nil).purged == 0)
        clock.advance(.seconds(2 * 86_400))
        #expect(try await job.run(last: nil).purged == 1)
        #expect(await alpha.drop.messages(in: paul.id).map(\.key) == ["3"])
        clock.advance(.seconds(18 * 86_400))
        #expect(try await job.run(last: nil).purged == 1)
        #expect(await alpha.drop.messages(in: test.id).isEmpty)
    }

    @Test(
        "After a pause of months, or a round made by a clock that was ahead, none is made until the date is confirmed",
        arguments: [-400, 20] as [Int64])
    func confirmation(days: Int64) async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        let last = clock.now() + .seconds(days * 86_400)
        let ledger = InMemoryJobLedger([JobRecord(job: DailyRound.job, lastDone: last)])
        let daily = DailyRound(.daily(hour: 3, minute: 30), ledger: ledger, clock: clock, zoneMinutes: { _ in 0 })
        let scheduler = Scheduler([daily.scheduled(Self.job(alpha))], ledger: ledger, events: EventHub(), clock: clock)
        let doubt: LifecycleJob.Doubt =
            days < 0 ? .confirmationNeeded(days: Int(-days)) : .clockWentBack(days: Int(days))
        for _ in 0..<3 {
            await scheduler.runDue()
            #expect(await ledger.record(of: DailyRound.job).lastDone == last)
            #expect(try await daily.status().doubt == doubt)
            clock.advance(.seconds(7 * 3600))
            // The day may have changed meanwhile.
            let today = try await daily.status().doubt
            if today != doubt { clock.advance(.seconds(-7 * 3600)) }
        }
        // The word of yesterday is no word for today.
        #expect(try await daily.confirm() != nil)
        #expect(daily.isConfirmed)
        clock.advance(.seconds(86_400))
        #expect(!daily.isConfirmed)
        clock.advance(.seconds(-86_400))
        await scheduler.runDue()
        let status = try await daily.status()
        #expect(status.doubt == nil && status.failures == 0)
        let age = clock.now() - (status.last ?? last)
        #expect(age >= .zero && age < .seconds(86_400))
        #expect(try await daily.confirm() == nil)
    }

    @Test("A clock that went back, or jumped far ahead, makes no round")
    func clockDoubts() async throws {
        let clock = TestClock()
        let alpha = try await TestOperator("alpha", clock: clock)
        let job = Self.job(alpha)
        await #expect(throws: LifecycleJob.Doubt.clockWentBack(days: 2)) {
            try await job.run(last: clock.now() + .seconds(2 * 86_400))
        }
        await #expect(throws: LifecycleJob.Doubt.confirmationNeeded(days: 400)) {
            try await job.run(last: clock.now() - .seconds(400 * 86_400))
        }
        _ = try await job.run(last: clock.now() - .seconds(400 * 86_400), isConfirmed: true)
    }
}
