import Foundation
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTraces

@Suite("Backups of the journal, made while it is written")
struct TraceBackupTests {
    private func event(_ number: Int) -> TraceEvent {
        TraceEvent(.connect, by: .person(TracePerson(identifier: "p\(number)")), request: TraceText("n\(number)"))
    }

    @Test("EX_SSI_5110: the copy holds every trace announced before, verifies, and is gone on with")
    func copy() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open { $0.segmentSize = 8192 }
        for number in 0..<100 { try await store.record(event(number)) }
        let before = try await store.heads()
        let backup = test.folder + "/backup"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<3 {
                group.addTask { for number in 0..<100 { try await store.record(event(1000 * (task + 1) + number)) } }
            }
            group.addTask { try await store.backUp(to: backup) }
            try await group.waitForAll()
        }
        await #expect(throws: TraceError.notAStore(path: backup)) { try await store.backUp(to: backup) }
        try await store.close()

        let certificate = try TestStore.signer().certificate
        // Heads of before are in it; what came later may be.
        let result = await TraceVerifier(folder: backup, certificates: [certificate], heads: before).verify()
        #expect(result.isSound, "\(result.findings)")
        #expect(result.records >= 100 && result.records <= 400)
        #expect(result.seals > 0)
        let copy = try await TraceStore.open(
            backup, signer: try TestStore.signer(),
            configuration: TraceConfiguration(segmentSize: 8192, upkeepInterval: nil, clock: test.clock))
        try await copy.record(event(9999))
        let reader = TraceReader(copy, policy: TraceAccessList(["a": [.search]]))
        let page = try await reader.search(
            TraceQuery(person: "p57"), TraceAccess(by: TracePerson(identifier: "a"), for: .operation("essai")))
        #expect(page.records.map { $0.event.request?.text } == ["n57"])
        try await copy.close()
        #expect(await TraceVerifier(folder: backup, certificates: [certificate]).verify().isSound)
    }

    @Test("an anchor that saw more than the backup says so, until an administrator accepts the loss by name")
    func anchored() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        for number in 0..<5 { try await store.record(event(number)) }
        try await store.backUp(to: test.folder + "/backup")
        for number in 5..<8 { try await store.record(event(number)) }
        try await store.close()
        let (backup, signer) = (test.folder + "/backup", try TestStore.signer())
        await #expect(throws: TraceError.truncated(.functional, lastFound: 5, lastKnown: 8)) {
            _ = try await TraceStore.open(backup, signer: signer, configuration: test.configuration())
        }
        let person = TracePerson(identifier: "adele.admin")
        let restored = try await TraceStore.open(
            backup, signer: signer,
            configuration: test.configuration { $0.recovery = .acceptLoss(by: person, reason: "restauration") })
        try await restored.close()
        let later = try await TraceStore.open(backup, signer: signer, configuration: test.configuration())
        try await later.close()
    }
}
