import MSSCore
import MSSPolicy
import Testing

@Suite struct LifecycleTests {
    let lifecycle = Lifecycle()
    let created = Day(number: 20_000)

    private func facts(_ kind: MailboxKind = .person, connected: Int? = nil) -> LifecycleFacts {
        var facts = LifecycleFacts(mailbox: 1, kind: kind, createdOn: created)
        facts.lastConnection = connected.map { created.adding(days: $0) }
        return facts
    }

    private func kinds(_ facts: LifecycleFacts, _ record: LifecycleRecord = LifecycleRecord(), day: Int)
        -> [LifecycleAction.Kind]
    {
        lifecycle.actions(for: facts, record, today: created.adding(days: day)).map(\.kind)
    }

    /// Runs every day of a range, carrying everything out; what was done, by day.
    private func runDaily(_ facts: LifecycleFacts, days: ClosedRange<Int>) -> [(Int, LifecycleAction.Kind)] {
        var record = LifecycleRecord()
        var done: [(Int, LifecycleAction.Kind)] = []
        for day in days {
            for action in lifecycle.actions(for: facts, record, today: created.adding(days: day)) {
                done.append((day, action.kind))
                record = record.applying(action, on: created.adding(days: day))
            }
        }
        return done
    }

    @Test(
        "EX_GBM_4440: 60 days without connection: warned 15 days before, unpublished on day 61",
        arguments: [MailboxKind.person, .organization, .practice])
    func unpublication(_ kind: MailboxKind) {
        let done = runDaily(facts(kind, connected: 400), days: 400...480)
        #expect(done.map(\.0) == [446, 461])
        #expect(done.map(\.1) == [.warnUnpublication(on: created.adding(days: 461)), .unpublish])
    }

    @Test(
        "EX_GBM_4440: nothing younger than a year is unpublished; applications, test mailboxes and liste rouge neither")
    func young() {
        let done = runDaily(facts(connected: 250), days: 250...400).filter {
            if case .unpublish = $0.1 { true } else { false }
        }
        // 2024-10-04 and a year is 365 days; « depuis plus d'un an » is the day after.
        #expect(done.map(\.0) == [366])
        for change: (inout LifecycleFacts) -> Void in [
            { $0.kind = .application }, { $0.isTest = true }, { $0.isUnlistedByChoice = true },
            { $0.isAutomaticReply = true },
            { $0.state = .suspended },
        ] {
            var facts = facts(connected: 400)
            change(&facts)
            #expect(!runDaily(facts, days: 400...480).contains { if case .purge = $0.1 { false } else { true } })
        }
    }

    @Test("EX_GBM_4440: a connection after the warning voids it, and the next absence is warned of again")
    func answered() {
        var record = LifecycleRecord()
        record.unpublicationWarning = created.adding(days: 446)
        #expect(kinds(facts(connected: 450), record, day: 461).isEmpty)
        #expect(kinds(facts(connected: 446), record, day: 461).isEmpty)
        #expect(kinds(facts(connected: 450), record, day: 496) == [.warnUnpublication(on: created.adding(days: 511))])
    }

    @Test("EX_GBM_4440: reconnecting republishes, unless the user chose liste rouge")
    func republication() {
        var record = LifecycleRecord()
        record.unpublishedOn = created.adding(days: 461)
        record.unpublicationWarning = created.adding(days: 446)
        #expect(kinds(facts(connected: 400), record, day: 470).isEmpty)
        #expect(kinds(facts(connected: 461), record, day: 470) == [.republish(unlistedByChoice: false)])
        var chosen = facts(connected: 470)
        chosen.isUnlistedByChoice = true
        let actions = lifecycle.actions(for: chosen, record, today: created.adding(days: 471))
        #expect(actions.map(\.kind) == [.republish(unlistedByChoice: true)])
        #expect(actions.first?.due == created.adding(days: 470))
        #expect(record.applying(actions[0], on: created.adding(days: 471)) == LifecycleRecord())
    }

    @Test("EX_GBM_6010: a year without authentication: warned two months before, then deleted, and nothing more")
    func deletion() throws {
        var facts = LifecycleFacts(mailbox: 1, kind: .application, createdOn: try Day(year: 2024, month: 1, day: 31))
        facts.lastConnection = try Day(year: 2025, month: 4, day: 30)
        var record = LifecycleRecord()
        var done: [String] = []
        for number in try Day(year: 2025, month: 4, day: 30).number...Day(year: 2026, month: 12, day: 31).number {
            let today = Day(number: number)
            for action in lifecycle.actions(for: facts, record, today: today) {
                done.append("\(today) \(action.reason) \(action.kind == .delete ? "delete" : "warn")")
                record = record.applying(action, on: today)
            }
        }
        #expect(done == ["2026-02-28 EX_GBM_6010 warn", "2026-04-30 EX_GBM_6010 delete"])
    }

    @Test("EX_GBM_6010: an authentication elsewhere keeps a mailbox alive and does not keep it published")
    func authentication() {
        var facts = facts(connected: 400)
        facts.lastAuthentication = created.adding(days: 760)
        let done = runDaily(facts, days: 400...800).map(\.1)
        #expect(done.contains(.unpublish))
        #expect(!done.contains(.delete))
    }

    @Test("EX_GBM_6010: a late warning makes a late deletion, never a shorter notice")
    func lateWarning() throws {
        let facts = facts(connected: 0)
        #expect(!kinds(facts, day: 1_000).contains(.delete))
        var record = LifecycleRecord()
        record.deletionWarning = created.adding(days: 1_000)
        let allowed = created.adding(days: 1_000).adding(months: 2) - created
        #expect(!kinds(facts, record, day: allowed - 1).contains(.delete))
        #expect(kinds(facts, record, day: allowed) == [.delete])
    }

    @Test("RE_GBM_4420: what a suspended mailbox's user could not do is not held against them afterwards")
    func suspension() {
        var facts = facts(connected: 400)
        facts.state = .suspended
        #expect(kinds(facts, day: 2_000).isEmpty)
        facts.state = .active
        facts.usableSince = created.adding(days: 2_000)
        #expect(kinds(facts, day: 2_000).isEmpty)
    }

    @Test("EX_GBM_4030: an automatic-reply mailbox keeps no message longer than a month, whatever the month")
    func automaticReply() throws {
        var facts = facts()
        facts.isAutomaticReply = true
        for offset in 0..<1_500 {
            let received = created.adding(days: offset)
            // The run of the 28th day destroys it; every month has as many.
            let run = received.adding(days: 28)
            #expect(run <= received.adding(months: 1))
            let actions = lifecycle.actions(for: facts, LifecycleRecord(), today: run)
            guard case .purge(.all, let before) = actions.first?.kind else {
                Issue.record("no purge")
                return
            }
            #expect(received < before)
        }
        #expect(!runDaily(facts, days: 0...900).contains { $0.1 == .delete || $0.1 == .unpublish })
    }

    @Test("EX_GDT_5070: messages leave every mailbox after the days that the operator's controller set, once a day")
    func retention() {
        var facts = facts(connected: 10)
        let lifecycle = Lifecycle(messageDays: 100)
        let today = created.adding(days: 20)
        func purges(_ record: LifecycleRecord = LifecycleRecord()) -> [LifecycleAction.Kind] {
            lifecycle.actions(for: facts, record, today: today).map(\.kind)
        }
        #expect(purges() == [.purge(.all, before: created.adding(days: -80))])
        facts.purgesSentAfterDays = 30
        #expect(
            purges() == [
                .purge(.sent, before: created.adding(days: -10)), .purge(.all, before: created.adding(days: -80)),
            ])
        var record = LifecycleRecord()
        record.purgedOn = today
        #expect(purges(record).isEmpty)
        // Answers of the test mailbox have a shorter time of their own.
        facts.isAutomaticReply = true
        #expect(purges() == [.purge(.all, before: created.adding(days: 20 - Lifecycle.automaticReplyDays))])
    }

    @Test("EX_GBP_3050: sent messages are purged after the days that the holder chose, and only then")
    func sentItems() {
        var facts = facts(connected: 10)
        #expect(kinds(facts, day: 20).isEmpty)
        facts.purgesSentAfterDays = 30
        #expect(kinds(facts, day: 20) == [.purge(.sent, before: created.adding(days: -10))])
        var record = LifecycleRecord()
        record.purgedOn = created.adding(days: 20)
        #expect(kinds(facts, record, day: 20).isEmpty)
    }

    @Test("EX_GBM_4470: the users are told at 80, 90 and 100 %, again while it lasts, and anew after it fell")
    func quota() {
        #expect(QuotaLevel(used: 79, quota: 100) == .free)
        #expect(QuotaLevel(used: 80, quota: 100) == .high)
        #expect(QuotaLevel(used: 90, quota: 100) == .veryHigh)
        #expect(QuotaLevel(used: 100, quota: 100) == .full)
        #expect(QuotaLevel(used: .max, quota: .max) == .full)
        #expect(QuotaLevel(used: .max / 100 * 85, quota: .max) == .high)
        #expect(QuotaLevel(used: 5, quota: nil) == .free)
        var facts = facts(connected: 0)
        var record = LifecycleRecord()
        var told: [String] = []
        let levels: [QuotaLevel] =
            [.free, .high, .high, .veryHigh, .full] + Array(repeating: .full, count: 8) + [.free, .high]
        for (day, level) in levels.enumerated() {
            facts.quotaLevel = level
            for action in lifecycle.actions(for: facts, record, today: created.adding(days: day)) {
                if case .noticeQuota(let level) = action.kind { told.append("\(day):\(level.rawValue)") }
                record = record.applying(action, on: created.adding(days: day))
            }
        }
        #expect(told == ["1:80", "3:90", "4:100", "11:100", "14:80"])
    }

    @Test("A clock that went back stops the run, a long leap waits for a confirmation")
    func clock() {
        let calendar = RunCalendar(lastRun: created)
        #expect(RunCalendar(lastRun: nil).verdict(today: created) == .run(missedDays: 0))
        #expect(calendar.verdict(today: created) == .run(missedDays: 0))
        #expect(calendar.verdict(today: created.adding(days: 4)) == .run(missedDays: 3))
        #expect(calendar.verdict(today: created.adding(days: -1)) == .clockWentBack(days: 1))
        #expect(calendar.verdict(today: created.adding(days: -1), confirmed: true) == .clockWentBack(days: 1))
        #expect(calendar.verdict(today: created.adding(days: 400)) == .confirm(days: 400))
        #expect(calendar.verdict(today: created.adding(days: 400), confirmed: true) == .run(missedDays: 399))
    }

    @Test("A connection dated to come takes nothing from its user")
    func future() {
        var facts = facts(connected: 3_000)
        facts.lastAuthentication = nil
        #expect(kinds(facts, day: 900).isEmpty)
    }

    @Test("A certificate is told at each threshold once, however many days were missed")
    func certificates() {
        var certificate = CertificateExpiry(name: "smtp.hopital.mssante.fr", lastDay: created.adding(days: 100))
        var told: [Int] = []
        for day in [10, 39, 40, 41, 80, 84, 98, 99, 100, 101, 150] {
            if let threshold = certificate.threshold(today: created.adding(days: day)) {
                told.append(threshold)
                certificate.told = threshold
            }
        }
        #expect(told == [60, 30, 3, 1, 0])
        // A run that comes late says since when it is due.
        certificate.told = nil
        let late = certificate.warning(today: created.adding(days: 87))
        #expect(late == .init(name: certificate.name, threshold: 15, due: created.adding(days: 85)))
        certificate.told = 15
        #expect(certificate.warning(today: created.adding(days: 88)) == nil)
    }

    @Test("Months are counted as calendars do")
    func months() throws {
        let cases = [
            ("2024-01-31", 1, "2024-02-29"), ("2023-01-31", 1, "2023-02-28"), ("2024-02-29", 12, "2025-02-28"),
            ("2024-03-31", -1, "2024-02-29"), ("2024-12-15", 1, "2025-01-15"), ("2024-05-31", -12, "2023-05-31"),
            ("1969-12-31", 2, "1970-02-28"),
        ]
        for (from, months, to) in cases {
            let parts = from.split(separator: "-").map { Int($0)! }
            #expect(try Day(year: parts[0], month: parts[1], day: parts[2]).adding(months: months).description == to)
        }
        #expect(Day(Timestamp(seconds: -1)).number == -1)
        #expect(Day(Timestamp(seconds: 86_399), offsetSeconds: 3_600).number == 1)
        #expect(try Day(year: 2026, month: 3, day: 9).french == "09/03/2026")
    }
}
