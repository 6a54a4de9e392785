import MSSCore
import Testing

@testable import MSSSMTP

@Suite("When messages are tried again")
struct ScheduleTests {
    private let start = Timestamp(seconds: 1_000_000)

    @Test("waits double from a minute to an hour, spread by chance")
    func waits() {
        let schedule = RetrySchedule.standard
        let middle = (1...9).map { schedule.wait(afterAttempts: $0, chance: 0.5).components.seconds }
        #expect(middle == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600])
        #expect(schedule.wait(afterAttempts: 1, chance: 0) == .seconds(48))
        #expect(schedule.wait(afterAttempts: 1, chance: 1) == .seconds(72))
        #expect(schedule.wait(afterAttempts: .max, chance: 0.5) == .seconds(3_600))
        #expect(schedule.wait(afterAttempts: 0, chance: 7) == .seconds(72))
    }

    @Test("RFC 5321 §4.5.4.1: a message is tried for five days, and a last time at their end")
    func lifetime() {
        let schedule = RetrySchedule.standard
        var now = start
        var attempts = 0
        while true {
            attempts += 1
            guard
                let next = schedule.next(
                    afterAttempts: attempts, arrival: start, isNotice: false, now: now, chance: 0.5)
            else { break }
            #expect(next > now)
            now = next
        }
        #expect(now == start + .seconds(5 * 86_400))
        #expect((100...200).contains(attempts))
        #expect(schedule.expiry(arrival: start, isNotice: true) == start + .seconds(2 * 86_400))
    }

    @Test("the delay is told after four hours")
    func delay() {
        let schedule = RetrySchedule.standard
        #expect(!schedule.isDelayNoticeDue(arrival: start, now: start + .seconds(14_399)))
        #expect(schedule.isDelayNoticeDue(arrival: start, now: start + .seconds(14_400)))
        #expect(!RetrySchedule(delayNotice: nil).isDelayNoticeDue(arrival: start, now: start + .seconds(1_000_000)))
    }
}

@Suite("What each destination may hold")
struct LedgerTests {
    private let now = Timestamp(seconds: 1_000_000)
    private let dead = try! Domain("mort.test")  // a literal
    private let live = try! Domain("vivant.test")

    @Test("a dead destination holds its few places, then none, then one for a trial after each pause")
    func pauses() {
        var ledger = DestinationLedger(DestinationLimits(total: 10, perDestination: 3, failuresBeforePause: 2))
        for _ in 0..<3 { ledger.begin(dead) }
        #expect(ledger.allowance(dead, at: now) == 0)
        #expect(ledger.allowance(live, at: now) == 3)
        #expect(ledger.room == 7)
        for _ in 0..<3 { ledger.end(dead, reached: false, at: now) }
        // Two failures make a pause of a minute, the third doubles it.
        #expect(ledger.nextOpening(after: now) == now + .seconds(120))
        #expect(ledger.allowance(dead, at: now + .seconds(119)) == 0)
        #expect(ledger.allowance(dead, at: now + .seconds(120)) == 1)
        ledger.begin(dead)
        #expect(ledger.allowance(dead, at: now + .seconds(120)) == 0)
        ledger.end(dead, reached: true, at: now + .seconds(121))
        #expect(ledger.allowance(dead, at: now + .seconds(121)) == 3)
        #expect(ledger.allowances(at: now).isEmpty)  // nothing is remembered of a healthy destination
        #expect(ledger.underWay == 0)
    }

    @Test("pauses grow to half an hour and no further; one good transaction forgets them")
    func growth() {
        var ledger = DestinationLedger(DestinationLimits())
        for _ in 0..<100 {
            ledger.begin(dead)
            ledger.end(dead, reached: false, at: now)
        }
        #expect(ledger.nextOpening(after: now) == now + .seconds(1_800))
        ledger.begin(dead)
        ledger.end(dead, reached: nil, at: now)  // says nothing
        #expect(ledger.nextOpening(after: now) == now + .seconds(1_800))
        ledger.begin(dead)
        ledger.end(dead, reached: true, at: now)
        #expect(ledger.nextOpening(after: now) == nil)
    }

    @Test("an end without a beginning changes nothing")
    func unbalanced() {
        var ledger = DestinationLedger(DestinationLimits())
        ledger.end(dead, reached: false, at: now)
        #expect(ledger.underWay == 0)
        #expect(ledger.allowances(at: now).isEmpty)
    }
}
