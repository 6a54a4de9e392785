import Glibc
import MSSCore
import MSSTLS
import MSSTestKit
import Testing

@testable import MSSTraces

/// Batches are whole, whatever fails.
@Suite struct TraceBatchTests {
    /// Takes a journal's place on the disk so that no segment can be begun there.
    private func block(_ test: TestStore, _ family: TraceFamily) throws {
        try TestFiles.makeDirectory(test.path(family, "0000000001.segment"))
    }

    @Test("EX_GDT_5030: a batch for both journals of which one fails leaves nothing in the other")
    func bothOrNeither() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try block(test, .technical)
        await #expect(throws: TraceError.self) {
            try await store.record([received(1), technical(1), received(2)])
        }
        #expect(try await store.heads().map(\.sequence) == [0, 0])
        // The journal that works goes on, from the first number.
        #expect(try await store.record(received(3)).sequence == 1)
        #expect(test.notices.all.contains { if case .writeFailed(.technical, _) = $0 { true } else { false } })
        let page = try await store.reader.search(TraceQuery(action: .receiveMessage), auditor)
        #expect(page.records.map(\.event.message?.identifier) == ["M3"])
        try await store.close()
    }

    @Test("Of batches written together those that need the failing journal are refused, the others kept")
    func separateFates() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try block(test, .technical)
        let configuration = store.configuration
        let results = try await store.onWriter { writer in
            writer.commit([
                try PreparedBatch([received(1), received(2)], configuration),
                try PreparedBatch([received(3), technical(1)], configuration),
                try PreparedBatch([technical(2)], configuration), try PreparedBatch([received(4)], configuration),
            ]).map { result in (try? result.get())?.map(\.sequence) }
        }
        #expect(results == [[1, 2], nil, nil, [3]])
        let page = try await store.reader.search(TraceQuery(action: .receiveMessage), auditor)
        #expect(page.records.map(\.event.message?.identifier) == ["M4", "M2", "M1"])
        try await store.close()
    }

    @Test("EX_GDT_5030: no room in the middle of a batch that crosses a segment's end: nothing of the batch is kept")
    func fullInBatch() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let (root, pem) = (test.root, TestStore.pem)
        await #expect(processExitsWith: .success) { [root = root as String, pem = pem as [String]] in
            let store = try await TraceStore.open(
                root, signer: try TestStore.signer(pem: pem),
                configuration: TraceConfiguration(segmentSize: 16 << 10, upkeepInterval: nil))
            try await store.record((1...20).map { received($0) })
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 30 << 10, rlim_max: rlim_t.max)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            // A segment is closed between batches; this one alone is more than a file may hold.
            do {
                try await store.record((21...120).map { received($0) } + [technical(1)])
                preconditionFailure("written without room")
            } catch TraceError.fileTooLarge {}
            limit.rlim_cur = rlim_t.max
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let heads = try await store.heads()
            precondition(heads.map(\.sequence) == [20, 0])
            let receipts = try await store.record((21...120).map { received($0) } + [technical(1)])
            precondition(receipts.map(\.sequence) == Array(21...120) + [1])
            try await store.close()
        }
        let result = try await test.verify(anchored: false)
        #expect(result.findings == [] && result.records == 121)
    }

    @Test("A batch lies in one segment; the next begins another when the first is full")
    func segmentsBetweenBatches() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open { $0.segmentSize = 8 << 10 }
        for batch in 0..<4 { try await store.record((1...30).map { received(batch * 30 + $0) }) }
        try await store.close()
        for number in 1...4 {
            let bytes = try TestFiles.read(test.path(.functional, StoreLayout.name(UInt64(number)) + ".segment"))
            #expect(SegmentContent(bytes)?.records == 30)
        }
        let result = try await test.verify()
        #expect(result.findings == [] && result.seals == 3)
    }

    @Test("More than can be written at once is refused, and nothing of it is kept")
    func tooMuch() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        var large = received(1)
        large.changes = [TraceChange("x", before: nil, after: String(repeating: "x", count: 900_000))]
        let events = Array(repeating: large, count: 300)
        let error = await #expect(throws: TraceError.self) { try await store.record(events) }
        guard case .batchTooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await store.record(received(2)).sequence == 1)
        try await store.close()
    }

    @Test("A step back of the clock that could not be traced is traced with the next batch")
    func clockTracedLater() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(1))
        try block(test, .technical)
        test.clock.advance(.seconds(-60))
        try await store.record(received(2))
        #expect(rmdir(test.path(.technical, "0000000001.segment")) == 0)
        test.clock.advance(.seconds(1))
        try await store.record(received(3))
        let page = try await store.reader.search(TraceQuery(action: .clockWentBack), auditor)
        #expect(page.records.count == 1)
        try await store.close()
    }
}
