import Glibc
import MSSCore
import MSSTLS
import MSSTestKit
import Testing

@testable import MSSTraces

/// Seals and anchors that nobody's trace brings about, and heads handed to others.
@Suite struct TraceUpkeepTests {
    @Test("A quiet store seals its day although nobody records any more")
    func quietDay() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(1))
        try await store.onWriter { $0.tick() }
        #expect(try StoreLayout(root: test.root).numbers(.functional, "seal") == [])
        test.clock.advance(.seconds(86_400))
        try await store.onWriter { $0.tick() }
        #expect(try StoreLayout(root: test.root).numbers(.functional, "seal") == [1])
        try await store.close()
        let result = try await test.verify()
        #expect(result.findings == [] && result.unsealed == 0)
    }

    @Test("With a seal interval what is proven by anchors alone is never older than it")
    func sealInterval() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open { $0.sealInterval = .seconds(300) }
        try await store.record(received(1))
        test.clock.advance(.seconds(299))
        try await store.onWriter { $0.tick() }
        try await store.record(received(2))
        #expect(try StoreLayout(root: test.root).numbers(.functional, "seal") == [])
        test.clock.advance(.seconds(1))
        try await store.onWriter { $0.tick() }
        #expect(try StoreLayout(root: test.root).numbers(.functional, "seal") == [1])
        // A busy store does it with the next trace.
        try await store.record(received(3))
        test.clock.advance(.seconds(301))
        try await store.record(received(4))
        #expect(try StoreLayout(root: test.root).numbers(.functional, "seal") == [1, 2])
        try await store.close()
        #expect(try await test.verify().findings == [])
    }

    @Test("An anchor takes the last trace although no other follows, by the store's own timer")
    func anchorCatchesUp() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open {
            $0.anchorInterval = .milliseconds(20)
            $0.upkeepInterval = .milliseconds(10)
        }
        // The first is anchored at once, the second only by the timer.
        try await store.record(received(1))
        try await store.record(received(2))
        let end = ContinuousClock.now + .seconds(60)
        while try test.anchor.latest(.functional)?.sequence != 2, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(try test.anchor.latest(.functional)?.sequence == 2)
        try await store.close()
    }

    @Test("EX_GDT_5010: a head handed to somebody else proves what came before it, without any anchor")
    func handedHeads() async throws {
        let test = try TestStore()
        defer { test.remove() }
        var store = try await test.open { $0.anchors = [] }
        try await store.record((1...5).map { received($0) })
        let handed = try TraceHead.stored(in: test.root)
        #expect(try await store.heads() == handed && handed.map(\.sequence) == [5, 0])
        try await store.record((6...8).map { received($0) })
        try await store.close()
        func verify(_ heads: [TraceHead]) async throws -> [TraceFinding] {
            await TraceVerifier(
                folder: test.root, certificates: [try TestStore.signer().certificate], heads: heads
            ).verify().findings
        }
        #expect(try await verify(handed) == [])
        // The forger rewrites everything since the last seal, the store's own head included.
        for name in ["0000000001.segment", "head"] { #expect(remove(test.path(.functional, name)) == 0) }
        store = try await TraceStore.open(
            test.root, signer: try TestStore.signer(),
            configuration: test.configuration {
                $0.anchors = []
                $0.recovery = .acceptLoss(by: TracePerson(identifier: "mallory"), reason: "?")
            })
        try await store.record((1...8).map { received($0 == 3 ? 33 : $0) })
        try await store.close()
        #expect(try await verify([]) == [])
        #expect(try await verify(handed) == [.rewritten(.functional, sequence: 5)])
        let text = handed.map(\.text).joined()
        #expect(text.split(separator: "\n").compactMap { TraceHead(text: $0 + "\n") } == handed)
        let foreign = TraceHead(
            store: String(repeating: "0", count: 32), family: .functional, sequence: 5, digest: handed[0].digest)
        #expect(try await verify([foreign]) == [.rewritten(.functional, sequence: 5)])
    }
}
