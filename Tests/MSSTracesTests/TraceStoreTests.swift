import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import Testing

@testable import MSSTraces

@Suite struct TraceStoreTests {
    @Test("What was recorded is there after the store is closed and opened again")
    func reopen() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        let receipts = try await store.record((1...50).map { received($0) } + [technical(1)])
        #expect(receipts.map(\.sequence) == (1...50).map { UInt64($0) } + [1])
        #expect(receipts.last?.family == .technical)
        try await store.close()
        await #expect(throws: TraceError.closed) { try await store.record(received(99)) }

        let again = try await test.open()
        let page = try await again.reader.search(TraceQuery(action: .receiveMessage, limit: 1000), auditor)
        #expect(page.records.map(\.event.message?.identifier) == (1...50).reversed().map { "M\($0)" })
        #expect(page.next == nil)
        let receipt = try await again.record(received(51))
        // One access was traced in between.
        #expect(receipt.sequence == 52)
        try await again.close()
        let result = try await test.verify()
        #expect(result.findings == [] && result.records == 53 && result.unsealed == 53)
    }

    @Test("EX_GDT_5010: many tasks record at once, each receipt names the record that holds its event")
    func concurrent() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open { $0.segmentSize = 64 << 10 }
        let receipts = try await withThrowingTaskGroup(of: (Int, TraceReceipt).self) { group in
            for number in 1...400 { group.addTask { (number, try await store.record(received(number))) } }
            return try await group.reduce(into: [UInt64: Int]()) { $0[$1.1.sequence] = $1.0 }
        }
        #expect(Set(receipts.keys) == Set(1...400))
        let page = try await store.reader.search(TraceQuery(action: .receiveMessage, limit: 1000), auditor)
        #expect(page.records.count == 400)
        for record in page.records {
            #expect(record.event.message?.identifier == receipts[record.sequence].map { "M\($0)" })
        }
        try await store.close()
        let result = try await test.verify()
        #expect(result.findings == [] && result.seals > 1)
    }

    @Test("A segment is sealed when the day ends, and the operator's signature verifies")
    func dailySeal() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        for day in 1...3 {
            try await store.record([received(day), received(day + 10)])
            test.clock.advance(.seconds(86_400))
        }
        try await store.close()
        let seals = try StoreLayout(root: test.root).numbers(.functional, "seal")
        #expect(seals == [1, 2])
        let result = try await test.verify()
        #expect(result.findings == [] && result.seals == 2 && result.records == 6 && result.unsealed == 2)
    }

    @Test("EX_GDT_5050: under 1.7 no subject reaches the disk, under 1.6 it does")
    func subjectOnDisk() async throws {
        for (version, kept) in [(ReferentialVersion.v1_6, true), (.v1_7draft, false)] {
            let test = try TestStore()
            defer { test.remove() }
            let store = try await test.open { $0.version = version }
            try await store.record(received(1, subject: "Objet reconnaissable"))
            try await store.seal()
            try await store.close()
            let text = try Data(test.contents())
            #expect((text.range(of: Data("Objet reconnaissable".utf8)) != nil) == kept)
        }
    }

    @Test("Patients' addresses reach the disk only when they are to be kept")
    func patientsOnDisk() async throws {
        for handling in PatientAddressHandling.allCases {
            let test = try TestStore()
            defer { test.remove() }
            let store = try await test.open { $0.patientAddresses = handling }
            try await store.record(received(1, mailbox: "185057800608491@patient.mssante.fr"))
            try await store.close()
            let text = try Data(test.contents())
            #expect((text.range(of: Data("185057800608491".utf8)) != nil) == (handling == .kept))
        }
    }

    @Test("EX_GDT_5040: a clock that goes back is told, traced and found, and no trace is lost or reordered")
    func clockBack() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(1))
        test.clock.advance(.seconds(-3600))
        try await store.record(received(2))
        let page = try await store.reader.search(TraceQuery(limit: 10), auditor)
        #expect(page.records.contains { $0.event.action == .clockWentBack })
        #expect(page.records.compactMap(\.event.message?.identifier) == ["M1", "M2"].sorted(by: >))
        try await store.close()
        #expect(test.notices.all.contains { if case .clockWentBack = $0 { true } else { false } })
        let result = try await test.verify()
        #expect(result.findings == [.clockWentBack(.functional, sequence: 2)])
        #expect(result.isSound)
    }

    @Test("A clock that goes back while the store is closed is traced at the next record")
    func clockBackWhileClosed() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(1))
        try await store.close()
        test.clock.advance(.seconds(-5))
        let again = try await test.open()
        try await again.record(received(2))
        let page = try await again.reader.search(TraceQuery(action: .clockWentBack), auditor)
        #expect(page.records.count == 1)
        try await again.close()
    }

    @Test("A second store on the same folder is refused, naming the holder, until the first is closed")
    func busy() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        let error = await #expect(throws: TraceError.self) { try await test.open() }
        #expect(error == .busy(path: test.root, holder: "pid \(getpid())"))
        try await store.close()
        try await test.open().close()
    }

    @Test("A folder that holds something else is not taken for a store")
    func foreignFolder() async throws {
        let test = try TestStore()
        defer { test.remove() }
        try TestFiles.makeDirectory(test.root)
        try TestFiles.write("x", to: test.root + "/notes.txt")
        await #expect(throws: TraceError.notAStore(path: test.root)) { try await test.open() }
    }

    @Test("A trace larger than a record is refused, and the next one is written")
    func tooLarge() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        var event = received(1)
        event.changes = [TraceChange("x", before: nil, after: String(repeating: "x", count: 2 << 20))]
        await #expect(throws: TraceError.self) { try await store.record(event) }
        #expect(try await store.record(received(2)).sequence == 1)
        try await store.close()
    }

    @Test("A key that is not the certificate's is refused before anything is written")
    func wrongKey() throws {
        let other = try TestPKI.shared.issue(.seal(commonName: "Autre"), strength: .fresh)
        let key = try #require(PrivateKey(unencryptedPEM: Array(other.privateKeyPEM.utf8)))
        #expect(throws: TraceError.signing) {
            try KeySealSigner(key: key, certificate: Certificate(der: TestStore.credential.certificateDER))
        }
    }

    private struct FailingSigner: TraceSealSigner {
        let certificate: Certificate
        func sign(_ bytes: [UInt8]) throws -> [UInt8] { throw TraceError.signing }
    }

    @Test("A key module out of order postpones the seal and loses no trace")
    func signerFails() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await TraceStore.open(
            test.root, signer: FailingSigner(certificate: try TestStore.signer().certificate),
            configuration: test.configuration())
        try await store.record(received(1))
        test.clock.advance(.seconds(86_400))
        try await store.record(received(2))
        #expect(test.notices.all.contains(.sealPostponed(.functional, segment: 1)))
        await #expect(throws: TraceError.signing) { try await store.seal() }
        try await store.close()
        let again = try await test.open()
        #expect(try await again.seal().map(\.last) == [2])
        try await again.close()
        #expect(try await test.verify().findings == [])
    }

    private struct FailingAnchor: TraceAnchor {
        func publish(_ head: TraceHead) throws { throw TraceError.closed }
        func latest(_ family: TraceFamily) throws -> TraceHead? { nil }
    }

    @Test("An anchor out of order is told and stops nothing")
    func anchorFails() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open { $0.anchors = [FailingAnchor()] }
        try await store.record(received(1))
        try await store.close()
        #expect(test.notices.all.contains(.anchorFailed(.functional)))
    }
}
