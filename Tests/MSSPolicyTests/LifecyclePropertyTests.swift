import MSSCore
import MSSPolicy
import Testing

/// A mailbox, its users and an operator who runs the life cycle on some days only.
private struct World {
    let lifecycle = Lifecycle()
    var facts: LifecycleFacts
    var record = LifecycleRecord()
    /// Every action carried out, with its day.
    var log: [(day: Day, kind: LifecycleAction.Kind)] = []

    init(kind: MailboxKind, created: Day) { facts = LifecycleFacts(mailbox: 7, kind: kind, createdOn: created) }

    var isDeleted: Bool { record.deletedOn != nil }

    mutating func run(_ day: Day) {
        for action in lifecycle.actions(for: facts, record, today: day) {
            record = record.applying(action, on: day)
            log.append((day, action.kind))
        }
    }

    /// The same while channels fail: a warning that none took is not given.
    mutating func run(_ day: Day, failing: Int, _ generator: inout SeededGenerator) {
        for action in lifecycle.actions(for: facts, record, today: day) {
            switch action.kind {
            case .warnUnpublication, .warnDeletion, .noticeQuota:
                if Int.random(in: 0..<100, using: &generator) < failing { continue }
            default: break
            }
            record = record.applying(action, on: day)
            log.append((day, action.kind))
        }
    }

    /// Everything that users and the directory see of the record, for lives that go on.
    var state: [Int] {
        if isDeleted { return [-1] }
        let used = max(facts.usableSince, facts.lastConnection ?? facts.usableSince)
        let alive = max(used, facts.lastAuthentication ?? used)
        let flags = [
            record.unpublishedOn != nil, record.unpublishedOn != nil || facts.isUnlistedByChoice,
            record.unpublicationWarning.map { $0 > used } ?? false,
            record.deletionWarning.map { $0 > alive } ?? false,
        ]
        return flags.map { $0 ? 1 : 0 } + [record.quotaLevel.rawValue]
    }

    /// What the end is: gone, published or not, with the warnings that still count.
    var end: [Bool] {
        let last = max(facts.createdOn, facts.lastConnection ?? facts.createdOn)
        // Whether it was published matters to nobody once it is gone.
        if isDeleted { return [true] }
        return [
            isDeleted, record.unpublishedOn != nil, record.unpublicationWarning.map { $0 > last } ?? false,
            record.deletionWarning.map { $0 > last } ?? false,
        ]
    }
}

@Suite struct LifecyclePropertyTests {
    private let created = Day(number: 20_000)

    /// Days of connection: dense, sparse and absent stretches over three years.
    private func connections(_ generator: inout SeededGenerator) -> Set<Int> {
        var days: Set<Int> = []
        var day = 0
        while day < 1_100 {
            day += Int.random(in: 1...[5, 70, 130, 420].randomElement(using: &generator)!, using: &generator)
            days.insert(day)
        }
        return days
    }

    @Test("EX_GBM_4440, EX_GBM_6010: any sequence of run days and connections ends like daily runs", arguments: 0..<40)
    func sameEnd(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<25 {
            let kind: MailboxKind = [.person, .organization, .practice, .application].randomElement(using: &generator)!
            var daily = World(kind: kind, created: created)
            var sparse = World(kind: kind, created: created)
            let connections = connections(&generator)
            let gap = [2, 7, 40, 200].randomElement(using: &generator)!
            for offset in 0...1_100 {
                let day = created.adding(days: offset)
                // A mailbox that daily runs have deleted has no users any more.
                if connections.contains(offset), !daily.isDeleted {
                    daily.facts.lastConnection = day
                    sparse.facts.lastConnection = day
                }
                daily.run(day)
                if Int.random(in: 0..<gap, using: &generator) == 0 { sparse.run(day) }
            }
            // Nobody connects any more: the sparse operator catches up within its longest notice.
            for offset in 1_101...1_700 {
                daily.run(created.adding(days: offset))
                sparse.run(created.adding(days: offset))
            }
            #expect(daily.end == sparse.end)
            #expect(daily.isDeleted)
            check(daily)
            check(sparse)
        }
    }

    @Test("Two runs of one day do no more than one, and a connection brings every schedule to the same state")
    func idempotence() {
        var generator = SeededGenerator(seed: 4_440)
        for _ in 0..<200 {
            var once = World(kind: .person, created: created)
            var twice = World(kind: .person, created: created)
            let connections = connections(&generator)
            for offset in 0...800 where !once.isDeleted {
                let day = created.adding(days: offset)
                if connections.contains(offset) {
                    once.facts.lastConnection = day
                    twice.facts.lastConnection = day
                }
                once.run(day)
                twice.run(day)
                twice.run(day)
                #expect(once.record == twice.record)
            }
            #expect(once.log.map(\.kind) == twice.log.map(\.kind))
        }
        for gap in [1, 3, 30, 90] {
            var world = World(kind: .organization, created: created)
            world.facts.lastConnection = created.adding(days: 300)
            for offset in stride(from: 300, to: 420, by: gap) { world.run(created.adding(days: offset)) }
            world.facts.lastConnection = created.adding(days: 420)
            world.run(created.adding(days: 421))
            #expect(world.end == [false, false, false, false])
        }
    }

    @Test("EX_GBM_4440, EX_GBM_6010: a warning that no channel takes is asked for again and nothing follows without it")
    func untakenWarning() {
        let world = World(kind: .person, created: created)
        for offset in 0...3_000 {
            let actions = world.lifecycle.actions(
                for: world.facts, LifecycleRecord(), today: created.adding(days: offset))
            #expect(!actions.contains { $0.kind == .delete || $0.kind == .unpublish })
            if offset >= 366 { #expect(actions.count == 2) }
        }
    }

    /// What happens to a mailbox on one day of its life, whatever the operator does.
    private enum Event {
        case connection, connectionWithChoice(Bool), authenticationElsewhere, suspension, reactivation
        case filling(QuotaLevel)
    }

    /// Days of events until `end`; no suspension lasts beyond `calm`.
    private func life(until end: Int, calm: Int, _ generator: inout SeededGenerator) -> [Int: Event] {
        var events: [Int: Event] = [:]
        var day = 0
        var isSuspended = false
        let pace = [4, 40, 100, 250, 420].randomElement(using: &generator)!
        while true {
            day += Int.random(in: 1...pace, using: &generator)
            guard day < end else { break }
            if isSuspended {
                events[day] = .reactivation
                isSuspended = false
                continue
            }
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<9: events[day] = .connection
            case 9..<11: events[day] = .connectionWithChoice(Bool.random(using: &generator))
            case 11..<15: events[day] = .authenticationElsewhere
            case 15..<17 where day < calm:
                events[day] = .suspension
                isSuspended = true
            default: events[day] = .filling(QuotaLevel.allCases.randomElement(using: &generator)!)
            }
        }
        if isSuspended { events[calm] = .reactivation }
        // Whoever is still suspended then is let in again.
        for later in events.keys where later > calm {
            if case .reactivation = events[later] { events[calm] = .reactivation }
        }
        return events
    }

    private func apply(_ event: Event, _ day: Day, to facts: inout LifecycleFacts) {
        switch event {
        case .connection: facts.lastConnection = day
        case .connectionWithChoice(let isUnlisted):
            facts.lastConnection = day
            facts.isUnlistedByChoice = isUnlisted
        case .authenticationElsewhere: facts.lastAuthentication = day
        case .suspension: facts.state = .suspended
        case .reactivation:
            if facts.state == .suspended { facts.usableSince = day }
            facts.state = .active
        case .filling(let level): facts.quotaLevel = level
        }
    }

    @Test(
        "EX_GBM_4440, EX_GBM_6010: missed runs, failing channels, suspensions, choices: two months of daily runs lead to the same state",
        arguments: 0..<60)
    func sameState(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &* 7_919 &+ 17)
        var (ends, deletions) = (Set<[Int]>(), 0)
        for _ in 0..<30 {
            let kind: MailboxKind = [.person, .organization, .practice, .application].randomElement(using: &generator)!
            var daily = World(kind: kind, created: created)
            var sparse = World(kind: kind, created: created)
            // The operator neglects the runs until this day, then the longest notice passes.
            let calm = Int.random(in: 100...1_300, using: &generator)
            let end = calm + 64
            let events = life(until: end, calm: calm, &generator)
            let gap = [2, 9, 45, 300, 5_000].randomElement(using: &generator)!
            for offset in 0...end {
                let day = created.adding(days: offset)
                // A mailbox that daily runs have deleted has no users any more.
                if let event = events[offset], !daily.isDeleted {
                    apply(event, day, to: &daily.facts)
                    apply(event, day, to: &sparse.facts)
                }
                daily.run(day)
                if offset > calm {
                    sparse.run(day)
                } else if Int.random(in: 0..<gap, using: &generator) == 0 {
                    sparse.run(day, failing: 30, &generator)
                    // Never more than daily runs took away, never sooner.
                    #expect(!sparse.isDeleted || daily.isDeleted)
                    #expect(sparse.record.unpublishedOn == nil || daily.record.unpublishedOn != nil || daily.isDeleted)
                }
            }
            #expect(daily.state == sparse.state, "seed \(seed), calm \(calm)")
            ends.insert(daily.state)
            if daily.isDeleted { deletions += 1 }
            check(daily)
            check(sparse)
        }
        // The lives are of many kinds: a comparison of nothing but deleted mailboxes would prove little.
        #expect(ends.count >= 3 && deletions < 25)
    }

    @Test("EX_GBM_4440: every number of missed days around the warning and the unpublication ends like daily runs")
    func everyGap() {
        // Exhaustive where the thresholds lie: the last run before a pause, and how long the pause lasts.
        for last in 440...470 {
            for pause in 0...40 {
                var daily = World(kind: .person, created: created)
                var sparse = World(kind: .person, created: created)
                daily.facts.lastConnection = created.adding(days: 400)
                sparse.facts = daily.facts
                for offset in 400...530 {
                    let day = created.adding(days: offset)
                    daily.run(day)
                    if !(last + 1..<last + 1 + pause).contains(offset) { sparse.run(day) }
                }
                #expect(daily.state == sparse.state && sparse.record.unpublishedOn != nil, "\(last) \(pause)")
                check(sparse)
            }
        }
    }

    /// No schedule shortens a notice, and nothing happens to a mailbox that is gone.
    private func check(_ world: World) {
        var unpublicationWarning: Day?
        var deletionWarning: Day?
        for (index, entry) in world.log.enumerated() {
            switch entry.kind {
            case .warnUnpublication(let day):
                unpublicationWarning = entry.day
                #expect(day - entry.day >= Lifecycle.unpublicationNoticeDays)
            case .unpublish:
                #expect(unpublicationWarning.map { entry.day - $0 >= Lifecycle.unpublicationNoticeDays } ?? false)
            case .warnDeletion(let day):
                deletionWarning = entry.day
                #expect(day >= entry.day.adding(months: Lifecycle.deletionNoticeMonths))
            case .delete:
                #expect(deletionWarning.map { entry.day >= $0.adding(months: Lifecycle.deletionNoticeMonths) } ?? false)
                #expect(index == world.log.count - 1)
            default: break
            }
        }
    }
}
