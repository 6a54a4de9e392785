import Glibc
import MSSAccounts
import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTestKit
import MSSTraces
import NIOCore
import Testing

@testable import MSSOperator

@Suite("EX_SSI_5110: a backup of everything while the operator works, and its full restore", .serialized)
struct BackupRestoreTests {
    private func create(_ context: AdminContext, _ address: String, _ identity: String) async throws {
        var arguments = CreateMailbox.Arguments(kind: "PER", address: address, responsible: identity)
        arguments.givenName = "Jeanne"
        arguments.familyName = "Martin"
        arguments.isEntitled = true
        _ = try await CreateMailbox.run(arguments, context)
    }

    @Test(
        "EX_SSI_5110: what was acknowledged before the backup is in it, whole; the restore is verified and traced by name"
    )
    func whole() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        let backup = world.root + "/sauvegarde"
        let address = try DirectoryMailAddress("jeanne.martin@alpha.mssante.fr")
        try await world.withNode { node, context in
            try await create(context, address.address.text, doctor)
            let mailbox = try #require(try await node.accounts.repository.read { try $0.mailbox(at: address) })
            let reference = MailboxReference(mailbox)
            for number in 0..<20 {
                _ = try await node.mail.deliver(
                    MailboxDelivery(
                        SMTPContent(noise(number * 9000, seed: UInt64(number))), to: reference, key: "k\(number)",
                        received: context.now))
            }
            for number in 0..<10 {
                let envelope = OutgoingEnvelope(
                    sender: address.address, recipients: [try MailAddress("a@beta.mssante.fr")])
                _ = try await node.spool.enqueue(
                    NewDelivery(
                        SMTPOutgoingMessage(envelope, SMTPContent(noise(5000, seed: UInt64(number)))),
                        id: DeliveryID("w\(number)")), at: context.now)
            }
            let stores = try node.backedUpStores
            try await stores.quarantine.keep(
                SMTPContent(noise(3000, seed: 99)),
                QuarantineEntry(
                    id: "q1", time: context.now, message: "q1", sender: nil, recipients: [address.address],
                    findings: ["Eicar"]))
            _ = try await stores.ledgers.replace(JobRecord(job: "x"), by: JobRecord(job: "x", lastDone: context.now))
            // Mail comes and goes meanwhile.
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 100..<160 {
                        _ = try await node.mail.deliver(
                            MailboxDelivery(
                                SMTPContent(noise(4000, seed: UInt64(number))), to: reference, key: "k\(number)",
                                received: context.now))
                    }
                }
                group.addTask {
                    for number in 0..<60 {
                        try await node.traces.record(
                            TraceEvent(.connect, by: .person(TracePerson(identifier: "p\(number)"))))
                    }
                }
                group.addTask {
                    let summary = try await MakeBackup.run(MakeBackup.Arguments(folder: backup), context)
                    #expect(summary.messages >= 20 && summary.waiting == 10 && summary.files > 10)
                }
                try await group.waitForAll()
            }
        }
        // Nothing of it can be read without the master key, nor is the key in it.
        let key = String(decoding: try TestFiles.read(world.root + "/cles/maitresse.cle").prefix(64), as: UTF8.self)
        let check = try await ExternalTool.run("grep", ["-r", "-l", "-e", key, backup])
        #expect(check.output.isEmpty)
        let sums = try await ExternalTool.run(
            "sh", ["-c", "cd \"$1\" && sha256sum --quiet -c backup.sha256", "sh", backup])
        #expect(sums.succeeded, "\(sums.everything)")

        // For trial, elsewhere.
        let trial = try await OperatorRestore(world.settings).run(
            backup, to: world.root + "/essai", by: CommandWorld.administrator)
        #expect(trial.isSound, "\(trial.findings)")
        #expect(trial.waiting == 10 && trial.mailboxes == 1 && trial.quarantine == 1 && trial.messages >= 20)

        // The data folder is lost; the service goes on from the backup.
        rename(world.settings.data.folder, world.root + "/perdu")
        let report = try await OperatorRestore(world.settings).run(backup, by: CommandWorld.administrator)
        #expect(report.isSound)
        try await world.withNode { node, context in
            #expect(node.spool.count == 10)
            let mailbox = try #require(try await node.accounts.repository.read { try $0.mailbox(at: address) })
            let name = MailboxName("\(mailbox.id.rawValue)")
            let inbox = try #require(try await node.mail.folders(of: name).first { $0.use == .inbox })
            let messages = try await node.mail.messages(in: inbox.id)
            #expect(messages.count == report.messages)
            for (number, message) in messages.prefix(20).enumerated() {
                var bytes: [UInt8] = []
                try await node.mail.content(of: message.uid, in: inbox.id).forEachChunk {
                    bytes += $0.readableBytesView
                }
                #expect(bytes == noise(number * 9000, seed: UInt64(number)))
            }
            // A delivery that the backup holds is recognised when the queue repeats it.
            let again = try await node.mail.deliver(
                MailboxDelivery(
                    SMTPContent(noise(0, seed: 0)), to: MailboxReference(mailbox), key: "k0", received: context.now))
            #expect(again.isRepeated)
            let found = try await SearchTraces.run(
                SearchTraces.Arguments(
                    criteria: TraceCriteria(action: "configuration.change"), purpose: "exploitation:essai"), context)
            #expect(found.records.contains { $0.line.contains("restauration") && $0.line.contains("adele.admin") })
        }
        #expect(try await TraceCheck(world.settings).run().isSound)
    }

    @Test("a backup that was changed restores nothing; one within the data, or to a relative path, is not begun")
    func refused() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        let backup = world.root + "/sauvegarde"
        try await world.withNode { _, context in
            for folder in ["sauvegarde", world.settings.data.folder + "/s"] {
                await #expect(throws: AdminFailure.self) {
                    _ = try await MakeBackup.run(MakeBackup.Arguments(folder: folder), context)
                }
            }
            _ = try await MakeBackup.run(MakeBackup.Arguments(folder: backup), context)
        }
        let path = backup + "/comptes/comptes.sqlite"
        var bytes = try TestFiles.read(path)
        bytes[100] ^= 1
        try TestFiles.write(bytes, to: path)
        await #expect(throws: StoreError.damaged(path: path, offset: 0, reason: "digest")) {
            _ = try await OperatorRestore(world.settings).run(
                backup, to: world.root + "/essai", by: CommandWorld.administrator)
        }
    }
}

extension TraceCriteria {
    init(action: String) {
        self.init()
        self.action = action
    }
}
