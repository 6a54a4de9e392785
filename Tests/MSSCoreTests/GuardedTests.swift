import Testing

@testable import MSSCore

@Suite("Values behind a lock")
struct GuardedTests {
    @Test("A count goes no further than its limit, whoever counts at once")
    func increment() async {
        let count = Guarded(0)
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<100).count { _ in count.increment(below: 50) } }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 50 && count.withLock { $0 } == 50)
        count.withLock { $0 -= 1 }
        #expect(count.increment(below: 50) && !count.increment(below: 50))
        #expect(!Guarded(0).increment(below: 0))
    }
}
