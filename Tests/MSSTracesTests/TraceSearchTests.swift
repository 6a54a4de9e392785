import Foundation
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTraces

@Suite struct TraceSearchTests {
    /// A few hundred traces over several segments, one second apart, and the same in plain Swift to compare with.
    private static func filled() async throws -> (TestStore, TraceStore, [TraceEvent]) {
        let test = try TestStore()
        let store = try await test.open { $0.segmentSize = 16 << 10 }
        var events: [TraceEvent] = []
        var generator = TestGenerator(state: 6)
        for number in 0..<300 {
            test.clock.advance(.seconds(1))
            let mailbox = "user\(Int.random(in: 0..<7, using: &generator))@hopital.mssante.fr"
            let other = "peer\(Int.random(in: 0..<5, using: &generator))@labo.mssante.fr"
            var event = received(number, mailbox: mailbox, from: other, at: test.clock.now())
            switch number % 5 {
            case 0:
                event.author = .delegate(
                    TracePerson(identifier: "D1"), onBehalfOf: TracePerson(identifier: "P\(number % 3)"))
            case 1: event.action = .sendMessage
            case 2:
                event.action = .connect
                event.message = nil
                event.author = .person(TracePerson(identifier: "P\(number % 3)"))
            case 3: event.action = .connectPeer  // technical
            default: break
            }
            events.append(event)
            // Some one by one, most together.
            if number % 20 == 19 { try await store.record(Array(events.suffix(20))) }
        }
        return (test, store, events)
    }

    private func expected(_ query: TraceQuery, _ events: [TraceEvent]) -> [TraceEvent] {
        events.filter { event in
            let time = event.time!
            return query.terms.allSatisfy { $0.matches(event) } && query.from.map { time >= $0 } != false
                && query.until.map { time < $0 } != false
        }
    }

    @Test("A search by mailbox, correspondent, message, person, action and period finds what it must and nothing else")
    func conditions() async throws {
        let (test, store, events) = try await TraceSearchTests.filled()
        defer { test.remove() }
        await store.finishIndexing()
        let start = try Timestamp(rfc3339: "2026-07-01T08:00:00Z")
        let queries = [
            TraceQuery(mailbox: address("user3@hopital.mssante.fr")),
            TraceQuery(mailbox: address("USER3@hopital.mssante.fr")),
            TraceQuery(correspondent: address("peer2@labo.mssante.fr")),
            TraceQuery(correspondent: address("user1@hopital.mssante.fr")),
            TraceQuery(message: "M137"), TraceQuery(message: "M9999"),
            TraceQuery(person: "D1"), TraceQuery(person: "P2"), TraceQuery(person: "CN=labo.mssante.fr"),
            TraceQuery(action: .sendMessage), TraceQuery(action: .connectPeer),
            TraceQuery(from: start + .seconds(50), until: start + .seconds(60)),
            TraceQuery(until: start), TraceQuery(from: start + .seconds(9999)),
            TraceQuery(
                mailbox: address("user3@hopital.mssante.fr"), correspondent: address("peer2@labo.mssante.fr"),
                from: start + .seconds(20)),
            TraceQuery(
                person: "D1", action: .receiveMessage, from: start + .seconds(100), until: start + .seconds(200)),
        ]
        for var query in queries {
            query.limit = 1000
            let found = try await store.reader.search(query, auditor).records.map(\.event)
                .filter { $0.action != .consultTraces }
            #expect(Set(found) == Set(expected(query, events)), "\(query)")
            #expect(found.count == Set(found).count)
        }
        #expect(store.catalogue.segments(.functional).count > 3)
        try await store.close()
    }

    @Test("Pages follow each other without loss or repetition, whatever the clock did")
    func pages() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open { $0.segmentSize = 8 << 10 }
        for number in 0..<60 {
            test.clock.advance(.seconds(number % 7 == 3 ? -40 : 9))
            try await store.record(number % 3 == 0 ? technical(number) : received(number))
        }
        var query = TraceQuery(limit: 7)
        var seen: [String] = []
        while true {
            let page = try StoreSearch(catalogue: store.catalogue, query: query).page()
            seen += page.records.map { "\($0.family) \($0.sequence)" }
            guard let next = page.next else { break }
            query.before = next
        }
        let heads = try await store.heads()
        #expect(seen.count == heads.map { Int($0.sequence) }.reduce(0, +))
        #expect(Set(seen).count == seen.count)
        try await store.close()
    }

    @Test("A damaged, foreign, cut or missing index is made anew, told, and the answer is the same")
    func corruptIndex() async throws {
        let (test, store, events) = try await TraceSearchTests.filled()
        defer { test.remove() }
        try await store.seal()
        await store.finishIndexing()
        let query = TraceQuery(mailbox: address("user3@hopital.mssante.fr"), limit: 1000)
        let path = test.path(.functional, "0000000002.index")
        let good = try TestFiles.read(path)
        let damages: [(String, [UInt8]?)] = [
            ("header", [good[0] ^ 1] + good[1...]), ("cut", Array(good.dropLast(4096))),
            (
                "terms",
                Array(good[..<(good.count - 3000)]) + [good[good.count - 3000] ^ 1] + good[(good.count - 2999)...]
            ),
            ("empty", []), ("foreign", try TestFiles.read(test.path(.functional, "0000000001.index"))),
            ("missing", nil),
        ]
        for (name, bytes) in damages {
            if let bytes {
                try TestFiles.write(bytes, to: path)
            } else {
                try FileManager.default.removeItem(atPath: path)
            }
            let before = test.notices.all.count
            let found = try await store.reader.search(query, auditor).records.map(\.event)
            #expect(Set(found) == Set(expected(query, events)), "\(name)")
            let told = test.notices.all.dropFirst(before).contains {
                if case .indexRebuilt(.functional, 2, _) = $0 { true } else { false }
            }
            #expect(told, "\(name)")
            #expect(try TestFiles.read(path) == good, "\(name)")
        }
        try await store.close()
    }

    @Test("Searches that miss one index at once make it once, and all of them find everything")
    func rebuiltOnce() async throws {
        let (test, store, events) = try await TraceSearchTests.filled()
        defer { test.remove() }
        try await store.seal()
        await store.finishIndexing()
        let query = TraceQuery(mailbox: address("user3@hopital.mssante.fr"), limit: 1000)
        let path = test.path(.functional, "0000000002.index")
        for round in 0..<5 {
            if round > 0 { try TestFiles.write([UInt8](repeating: 7, count: 10_000), to: path) }
            let before = test.notices.all.count
            let catalogue = store.catalogue
            try await withThrowingTaskGroup(of: Set<TraceEvent>.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await offPool {
                            Set(try StoreSearch(catalogue: catalogue, query: query).page().records.map(\.event))
                        }
                    }
                }
                for try await found in group { #expect(found == Set(expected(query, events))) }
            }
            #expect(test.notices.all.count - before == (round > 0 ? 1 : 0))
        }
        try await store.close()
    }

    @Test("The filter of an index passes every term that is there, and hardly any other")
    func filter() throws {
        var generator = TestGenerator(state: 11)
        for count in [1, 3, 4_000, 40_000] {
            let pairs = (0..<count).map { IndexPair(hash: generator.next(), record: UInt32($0)) }.sorted()
            let filter = TermFilter(terms: pairs)
            var pages: [[UInt8]] = []
            filter.fill(with: pairs) { pages.append($0) }
            #expect(pages.count == filter.pages && pages.allSatisfy { $0.count == TermFilter.pageBytes })
            let holds = { (hash: UInt64) in TermFilter.holds(hash, in: pages[filter.page(of: hash)]) }
            let passes = pairs.allSatisfy { holds($0.hash) }
            #expect(passes)
            let passed = (0..<20_000).count { _ in holds(generator.next()) }
            #expect(passed < 400, "\(count): \(passed) of 20000")
        }
    }

    @Test("All indexes can be thrown away: they are made anew from the segments")
    func rebuildAll() async throws {
        let (test, store, events) = try await TraceSearchTests.filled()
        defer { test.remove() }
        try await store.seal()
        try await store.close()
        for family in TraceFamily.allCases {
            for number in try StoreLayout(root: test.root).numbers(family, "index") {
                try FileManager.default.removeItem(atPath: StoreLayout(root: test.root).index(family, number))
            }
        }
        let again = try await test.open()
        let query = TraceQuery(person: "D1", limit: 1000)
        #expect(Set(try await again.reader.search(query, auditor).records.map(\.event)) == Set(expected(query, events)))
        try await again.close()
    }

    @Test("A record that cannot be read stops the search: it is not left out silently")
    func damagedRecord() async throws {
        let (test, store, _) = try await TraceSearchTests.filled()
        defer { test.remove() }
        try await store.seal()
        await store.finishIndexing()
        let path = test.path(.functional, "0000000002.segment")
        var bytes = try TestFiles.read(path)
        bytes[SegmentHeader.count + 100] ^= 1
        try TestFiles.write(bytes, to: path)
        await #expect(throws: TraceError.self) { try await store.reader.search(TraceQuery(limit: 1000), auditor) }
        try await store.close()
    }

    @Test("Two texts with one hash are told apart by reading the record")
    func collision() throws {
        var entries = IndexEntries()
        entries.append(offset: 80, time: 1, terms: [42])
        entries.append(offset: 500, time: 2, terms: [42, 43])
        #expect(entries.records(for: 42) == [0, 1] && entries.records(for: 43) == [1])
        #expect(!SearchTerm.message("other").matches(received(1)))
    }
}
