import Glibc
import MSSAccounts
import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTLS
import MSSTestKit
import MSSTraces
import NIOCore
import Testing

@testable import MSSOperator

@Suite("A disk that is truly full", .serialized, .enabled(if: SmallDisk.isPossible))
struct FullDiskTests {
    private static func identity() throws -> KeySealSigner {
        let credential = try TestPKI.shared.issue(.seal(commonName: "Journal"))
        guard let key = PrivateKey(unencryptedPEM: Array(credential.privateKeyPEM.utf8)) else {
            throw TraceError.signing
        }
        return try KeySealSigner(key: key, certificate: Certificate(der: credential.certificateDER))
    }

    private static func message(_ number: Int, _ size: Int) throws -> NewDelivery {
        let envelope = OutgoingEnvelope(
            sender: try MailAddress("a@alpha.mssante.fr"), recipients: [try MailAddress("b@beta.mssante.fr")])
        return NewDelivery(
            SMTPOutgoingMessage(envelope, SMTPContent(noise(size, seed: UInt64(number)))), id: DeliveryID("m\(number)"))
    }

    @Test(
        "RFC 5321 §6.1: spool, mailboxes, accounts, traces, quarantine and ledgers refuse whole, lose nothing, and go on when there is room"
    )
    func everything() async throws {
        let disk = try SmallDisk(megabytes: 12)
        defer { disk.remove() }
        let master = try StoreMasterKey([UInt8](repeating: 7, count: 32))
        let now = SystemWallClock().now()
        let small = SpoolConfiguration(segmentSize: 256 << 10, chunkSize: 16 << 10, spares: 1)
        let spool = try await Spool.open(disk.path + "/file", master: master, configuration: small)
        let mail = try await MailStore.open(
            disk.path + "/courrier", master: master,
            configuration: MailStoreConfiguration(volumeSize: 256 << 10, shareLimit: 32 << 10))
        let name = MailboxName("1")
        try await mail.create(name, at: now)
        let signer = try Self.identity()
        let traces = try await TraceStore.open(
            disk.path + "/traces", signer: signer, configuration: TraceConfiguration(upkeepInterval: nil))
        let ledgers = try await SQLiteLedgers.open(disk.path + "/registres.sqlite")
        let quarantine = try await SealedQuarantine.open(disk.path + "/quarantaine", master: master)
        let repository = try SQLiteAccountRepository(path: disk.path + "/comptes.sqlite")
        let connector = ConnectorSpool(spool)

        func put(_ number: Int, _ size: Int = 9000) async throws {
            try await mail.deliver(
                SMTPContent(noise(size, seed: UInt64(number))),
                to: MailTarget(name, .use(.inbox), received: now, key: "k\(number)"))
        }
        func trace(_ number: Int) async throws {
            try await traces.record(TraceEvent(.connect, by: .person(TracePerson(identifier: "p\(number)"))))
        }
        func person(_ number: Int) async throws {
            try await repository.write { writer in
                var one = Person(
                    id: try writer.nextPersonID(), identity: .national(.rpps(try RPPS(rpps(number)))),
                    givenName: "Jeanne",
                    familyName: String(repeating: "x", count: 1000))
                one.isEntitled = true
                try writer.save(one)
            }
        }
        func keep(_ number: Int) async throws {
            try await quarantine.keep(
                SMTPContent(noise(9000, seed: UInt64(number))),
                QuarantineEntry(
                    id: "q\(number)", time: now, message: "q", sender: nil,
                    recipients: [try MailAddress("b@beta.mssante.fr")],
                    findings: []))
        }
        for number in 0..<5 {
            _ = try await spool.enqueue(try Self.message(number, 9000), at: now)
            try await put(number)
            try await trace(number)
            try await person(number)
            try await keep(number)
            _ = try await ledgers.claim(MailboxID(1), to: "c\(number)", at: now, interval: .seconds(60))
        }
        disk.fill()

        // Each store until it refuses: some still have room in files of theirs.
        var taken = (spool: 5, mail: 5, traces: 5, persons: 5, kept: 5)
        do {
            for number in 5..<500 {
                _ = try await spool.enqueue(try Self.message(number, 9000), at: now)
                taken.spool += 1
            }
            Issue.record("spool written without room")
        } catch StoreError.diskFull {}
        do {
            for number in 5..<500 {
                try await put(number)
                taken.mail += 1
            }
            Issue.record("mail written without room")
        } catch StoreError.diskFull {}
        do {
            for number in 5..<50_000 {
                try await trace(number)
                taken.traces += 1
            }
            Issue.record("traces written without room")
        } catch TraceError.diskFull {}
        do {
            for number in 5..<5000 {
                try await person(number)
                taken.persons += 1
            }
            Issue.record("accounts written without room")
        } catch AccountStoreError.full {}
        do {
            for number in 5..<500 {
                try await keep(number)
                taken.kept += 1
            }
            Issue.record("quarantine written without room")
        } catch StoreError.diskFull {}
        do {
            for number in 5..<5000 {
                _ = try await ledgers.claim(MailboxID(1), to: "c\(number)", at: now, interval: .seconds(60))
            }
            Issue.record("ledgers written without room")
        } catch StoreError.diskFull {}
        // What a sender is told: 452 4.3.1.
        do {
            let draft = try await connector.draft()
            for _ in 0..<64 { try await draft.append(.init(bytes: noise(16 << 10, seed: 1))) }
            try await draft.commit(
                DeliveryID("x"), OutgoingEnvelope(sender: nil, recipients: [try MailAddress("b@beta.mssante.fr")]),
                with: [],
                at: now)
            Issue.record("taken without room")
        } catch MessageSpoolError.noRoom {}

        // Deliveries end all the same.
        let lease = DeliveryLeaseRequest(limit: 3, perDestination: 10, now: now, until: now + .seconds(60))
        for job in try await spool.lease(lease) {
            let served = job.message.envelope.recipients.map(\.address)
            try await spool.settle(job, DeliverySettlement(delivered: served), at: now)
        }
        #expect(spool.count == taken.spool - 3)

        disk.release()
        _ = try await spool.enqueue(try Self.message(9000, 9000), at: now)
        try await put(9000)
        try await put(9001, 200_000)
        try await trace(99_000)
        try await person(9000)
        try await keep(9000)
        #expect(try await ledgers.claim(MailboxID(2), to: "new", at: now, interval: .seconds(60)))
        #expect(try await !ledgers.claim(MailboxID(1), to: "c0", at: now, interval: .seconds(60)))
        #expect(spool.count == taken.spool - 3 + 1)
        let verified = try await mail.verify()
        #expect(verified.isSound && verified.messages == taken.mail + 2, "\(verified.findings)")
        #expect(try await quarantine.entries().count == taken.kept + 1 && quarantine.damaged.isEmpty)
        let persons = try await repository.read { try $0.persons(after: PersonID(0), limit: 10_000).count }
        #expect(persons == taken.persons + 1)
        try await traces.close()
        await spool.close()
        await mail.close()
        await quarantine.close()
        await ledgers.close()
        try await repository.close()

        // And with the next start.
        let journal = await TraceVerifier(folder: disk.path + "/traces", certificates: [signer.certificate]).verify()
        #expect(journal.isSound && journal.records == taken.traces + 1, "\(journal.findings)")
        let again = try await Spool.open(disk.path + "/file", master: master, configuration: small)
        #expect(again.count == taken.spool - 3 + 1)
        await again.close()
        // Whatever the size of segments is set to by then: 64 MB are not there for one.
        let other = try await Spool.open(disk.path + "/file", master: master)
        #expect(other.count == taken.spool - 3 + 1)
        await other.close()
        let box = try await MailStore.open(disk.path + "/courrier", master: master)
        #expect(try await box.verify().isSound)
        await box.close()
    }
}
