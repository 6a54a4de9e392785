import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTraces

@Suite struct TraceAccessTests {
    @Test("EX_GDT_5010: who is not authorised reads nothing, and the refusal is traced")
    func refused() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(1))
        let reader = TraceReader(store, policy: TraceAccessList(["admin-7": [.search]]))
        let curious = TraceAccess(by: TracePerson(identifier: "curieux"), for: .operation("curiosité"))
        await #expect(
            throws: TraceError.accessRefused(reason: "la personne n'est pas habilitée à consulter les traces")
        ) {
            try await reader.search(TraceQuery(), curious)
        }
        await #expect(throws: TraceError.self) {
            try await reader.export(TraceQuery(), to: test.folder + "/x", auditor)
        }
        #expect(access(test.folder + "/x", 0) != 0)
        let page = try await reader.search(TraceQuery(action: .consultTraces), auditor)
        #expect(page.records.map(\.event.outcome) == [.refused, .refused])
        #expect(page.records.last?.event.author == .administrator(curious.person))
        try await store.close()
    }

    @Test("EX_GDT_5010: a search is itself traced, with person, purpose, question and number of answers")
    func traced() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record([received(1), received(2)])
        _ = try await store.reader.search(TraceQuery(mailbox: address("alice@hopital.mssante.fr")), auditor)
        let page = try await store.reader.search(TraceQuery(action: .consultTraces), auditor)
        let event = try #require(page.records.first?.event)
        #expect(event.author == .administrator(auditor.person))
        #expect(event.request?.text.contains("mailbox=alice@hopital.mssante.fr") == true)
        #expect(event.reply?.text == "2 traces")
        #expect(event.changes == [TraceChange("purpose", before: nil, after: "incident INC-2026-04")])
        try await store.close()
    }

    @Test("When the access cannot be traced, nothing is handed over")
    func untraceable() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(1))
        let reader = store.reader
        try await store.close()
        await #expect(throws: TraceError.closed) { try await reader.search(TraceQuery(), auditor) }
    }
}
