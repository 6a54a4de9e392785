import Foundation
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTraces

@Suite struct TraceRetentionTests {
    /// One segment of each journal in 2016, one in 2025, one now (1 July 2026), each of ten records.
    private static func filled() async throws -> (TestStore, TraceStore) {
        let test = try TestStore(clock: MSSTracesTests.clock(at: "2016-06-01T10:00:00Z"))
        let store = try await test.open()
        for days in [0, 9 * 365, 395] {
            test.clock.advance(.seconds(days * 86_400))
            try await store.record((1...10).flatMap { [received(days * 100 + $0), technical($0)] })
            try await store.seal()
        }
        test.clock.advance(.seconds(86_400 * 2))
        try await store.record([received(5000), technical(5000)])
        return (test, store)
    }

    private func count(_ store: TraceStore, _ action: TraceAction) throws -> Int {
        try StoreSearch(catalogue: store.catalogue, query: TraceQuery(action: action, limit: 1000)).page().records.count
    }

    @Test(
        "EX_GDT_5070: by default functional traces go after ten years and technical ones after one, traced and sealed")
    func defaults() async throws {
        let (test, store) = try await TraceRetentionTests.filled()
        defer { test.remove() }
        let done = try await store.reader.endRetention(TraceRetention(), auditor)
        #expect(
            done.map { "\($0.family) \($0.segment) \($0.ending)" } == [
                "functional 1 deletion", "technical 1 deletion", "technical 2 deletion",
            ])
        #expect(try count(store, .receiveMessage) == 21)
        #expect(try count(store, .installWhitelist) == 11)
        #expect(try count(store, .endRetention) == 3)
        #expect(!FileManager.default.fileExists(atPath: test.path(.functional, "0000000001.segment")))
        #expect(!FileManager.default.fileExists(atPath: test.path(.functional, "0000000001.index")))
        // A second run finds nothing to do.
        #expect(try await store.reader.endRetention(TraceRetention(), auditor).isEmpty)
        try await store.close()
        let result = try await test.verify()
        #expect(result.findings == [] && result.erased == 3)
        // And the store opens again.
        try await test.open().close()
    }

    @Test("EX_GDT_5070: retention is configurable, and anonymisation leaves nothing of a person while the chain holds")
    func anonymisation() async throws {
        let (test, store) = try await TraceRetentionTests.filled()
        defer { test.remove() }
        let retention = TraceRetention(
            functional: .init(.days(30), .anonymisation), technical: .init(.years(20)))
        let done = try await store.reader.endRetention(retention, auditor)
        #expect(done.map(\.segment) == [1, 2])
        let page = try StoreSearch(
            catalogue: store.catalogue, query: TraceQuery(action: .receiveMessage, limit: 1000)
        ).page()
        #expect(page.records.count == 31 && page.records.filter(\.isAnonymised).count == 20)
        for record in page.records where record.isAnonymised {
            #expect(record.event.mailbox == nil && record.event.message == nil && record.event.reply == nil)
            #expect(record.event.author == .peer(""))
        }
        // The terms that led to persons are gone with the index.
        #expect(try StoreSearch(catalogue: store.catalogue, query: TraceQuery(message: "M1")).page().records.isEmpty)
        for name in ["segment", "index"] {
            let data = try Data(TestFiles.read(test.path(.functional, "0000000001.\(name)")))
            #expect(data.range(of: Data("alice".utf8)) == nil && data.range(of: Data("192.0.2.7".utf8)) == nil)
        }
        #expect(try await store.reader.endRetention(retention, auditor).isEmpty)
        // Deletion may follow later.
        let deletion = TraceRetention(functional: .init(.years(5)), technical: .init(.years(20)))
        #expect(try await store.reader.endRetention(deletion, auditor).map(\.segment) == [1])
        try await store.close()
        let result = try await test.verify()
        #expect(result.findings == [] && result.erased == 1)
    }

    @Test("EX_GDT_5070: an erasure without a signed statement, or with a forged one, is found")
    func withoutStatement() async throws {
        let (test, store) = try await TraceRetentionTests.filled()
        defer { test.remove() }
        _ = try await store.reader.endRetention(
            TraceRetention(functional: .init(.years(10), .anonymisation)), auditor)
        try await store.close()
        #expect(try await test.verify().findings == [])
        let statement = test.path(.functional, "0000000001.erasure")
        let text = try TestFiles.read(statement)
        try FileManager.default.removeItem(atPath: statement)
        #expect(try await test.verify().findings.contains(.erasedWithoutStatement(.functional, sequence: 1)))
        try TestFiles.write(
            String(decoding: text, as: UTF8.self).replacing("anonymisation", with: "deletion"), to: statement)
        #expect(try await test.verify().findings.contains(.erasure(.functional, segment: 1, .signature)))
        let technical = test.path(.technical, "0000000001.erasure-signature")
        try FileManager.default.removeItem(atPath: technical)
        #expect(try await test.verify().findings.contains(.segmentMissing(.technical, segment: 1)))
    }

    @Test("A crash between statement and erasure is made good by the next run")
    func interrupted() async throws {
        let (test, store) = try await TraceRetentionTests.filled()
        defer { test.remove() }
        let path = test.path(.functional, "0000000001.segment")
        let bytes = try TestFiles.read(path)
        _ = try await store.reader.endRetention(TraceRetention(), auditor)
        try await store.close()
        // As if the process had died before the file was removed.
        try TestFiles.write(bytes, to: path)
        #expect(try await test.verify().findings == [])
        let again = try await test.open()
        #expect(try await again.reader.endRetention(TraceRetention(), auditor).map(\.segment) == [1])
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try count(again, .endRetention) == 3)
        try await again.close()
        #expect(try await test.verify().findings == [])
    }

    @Test("A clock far ahead of the last record erases nothing")
    func wildClock() async throws {
        let (test, store) = try await TraceRetentionTests.filled()
        defer { test.remove() }
        test.clock.advance(.seconds(11 * 366 * 86_400))
        await #expect(throws: TraceError.self) { try await store.reader.endRetention(TraceRetention(), auditor) }
        #expect(try count(store, .receiveMessage) == 31)
        try await store.close()
    }

    @Test("A damaged segment is not anonymised: it is evidence")
    func damaged() async throws {
        let (test, store) = try await TraceRetentionTests.filled()
        defer { test.remove() }
        let path = test.path(.functional, "0000000001.segment")
        var bytes = try TestFiles.read(path)
        bytes[bytes.count - 10] ^= 1
        try TestFiles.write(bytes, to: path)
        await #expect(throws: TraceError.damaged(.functional, sequence: 9, path: path)) {
            try await store.reader.endRetention(
                TraceRetention(functional: .init(.years(10), .anonymisation)), auditor)
        }
        #expect(try TestFiles.read(path) == bytes)
        try await store.close()
    }

    @Test(
        "Periods count by the calendar",
        arguments: [
            ("2026-07-01T08:00:00Z", TraceRetention.Period.years(10), "2016-07-01T00:00:00Z"),
            ("2028-02-29T08:00:00Z", .years(1), "2027-03-01T00:00:00Z"),
            ("2026-07-01T08:00:00Z", .days(99), "2026-03-24T08:00:00Z"),
        ])
    func periods(now: String, period: TraceRetention.Period, cutoff: String) throws {
        let rule = TraceRetention.Rule(period)
        #expect(try rule.cutoff(Timestamp(rfc3339: now)) == Timestamp(rfc3339: cutoff))
    }

    @Test("A retention of nothing is refused", arguments: [TraceRetention.Period.years(0), .days(-1)])
    func impossible(period: TraceRetention.Period) {
        #expect(throws: TraceError.retention) { try TraceRetention.Rule(period).cutoff(Timestamp(seconds: 0)) }
    }
}
