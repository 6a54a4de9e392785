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
