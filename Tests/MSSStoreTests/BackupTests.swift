import Glibc
import MSSConnector
import MSSCore
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("Backups of the spool, the quarantine and the ledgers, made while they are in use", .serialized)
struct BackupTests {
    @Test(
        "EX_SSI_5110: a spool's backup holds what was acknowledged before, while messages come, end and segments are freed"
    )
    func spool() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        for number in 0..<30 {
            _ = try await spool.enqueue(
                .to("b@d.test", body: noise(3000, seed: UInt64(number)), id: "s\(number)"), at: start)
        }
        let backup = folder.path + "/backup"
        // Others come and go meanwhile, in segments of 64 KiB that are used again.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<3 {
                group.addTask {
                    for number in 0..<60 {
                        let id = "x\(task)-\(number)"
                        _ = try await spool.enqueue(.to("c@e.test", body: noise(5000, seed: 7), id: id), at: start)
                        let jobs = try await spool.lease(request(limit: 1, allowances: [try Domain("d.test"): 0]))
                        for job in jobs {
                            let served = job.message.envelope.recipients.map(\.address)
                            try await spool.settle(job, DeliverySettlement(delivered: served), at: start)
                        }
                    }
                }
            }
            group.addTask { try await spool.backUp(to: backup) }
            try await group.waitForAll()
        }
        await #expect(throws: StoreError.notEmpty(path: backup)) { try await spool.backUp(to: backup) }
        // What was kept for the copy is free again.
        let used = spool.usage.segments
        for job in try await spool.lease(request()) {
            try await spool.settle(
                job, DeliverySettlement(delivered: job.message.envelope.recipients.map(\.address)), at: start)
        }
        _ = try await spool.enqueue(.to("b@d.test", id: "last"), at: start)
        #expect(spool.usage.segments < used)
        await spool.close()

        let list = try await BackupList.write(backup)
        #expect(try await BackupList.verify(backup) == list)
        try await BackupList.restore(backup, to: folder.path + "/restored")
        let restored = try await Spool.open(
            folder.path + "/restored", master: TestFolder.master, configuration: TestFolder.small())
        let jobs = try await restored.lease(request(limit: 1000, perDestination: 1000))
        let kept = Set(jobs.filter { $0.destination.ascii == "d.test" }.map(\.id.rawValue))
        #expect(kept == Set((0..<30).map { "s\($0)" }))
        for job in jobs {
            let number = UInt64(job.id.rawValue.dropFirst()) ?? 7
            let bytes = try await job.message.content.bytes()
            #expect(bytes == noise(bytes.count, seed: number))
            try await restored.settle(
                job, DeliverySettlement(delivered: job.message.envelope.recipients.map(\.address)), at: start)
        }
        #expect(restored.count == 0)
        await restored.close()
    }

    @Test("EX_SSI_5110: quarantine and ledgers are copied in use, and the copies serve")
    func others() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let quarantine = try await SealedQuarantine.open(folder.path + "/q", master: TestFolder.master)
        let entry = QuarantineEntry(
            id: "m1", time: start, message: "m1", sender: nil, recipients: [address("b@d.test")], findings: ["Eicar"])
        try await quarantine.keep(SMTPContent(noise(100_000, seed: 1)), entry)
        let ledgers = try await SQLiteLedgers.open(folder.path + "/l.sqlite")
        let record = JobRecord(job: "j", lastDone: start)
        _ = try await ledgers.replace(JobRecord(job: "j"), by: record)
        let backup = folder.path + "/backup"
        try Folder.make(backup)
        try await quarantine.backUp(to: backup + "/q")
        try await ledgers.backUp(to: backup + "/l.sqlite")
        try await quarantine.destroy("m1")
        await quarantine.close()
        await ledgers.close()

        let copy = try await SealedQuarantine.open(backup + "/q", master: TestFolder.master)
        #expect(try await copy.entries() == [entry])
        #expect(try await copy.content(of: "m1")?.bytes() == noise(100_000, seed: 1))
        await copy.close()
        let again = try await SQLiteLedgers.open(backup + "/l.sqlite")
        #expect(try await again.record(of: "j") == record && again.replaced == nil)
        await again.close()
    }

    @Test("a list that names other places, or misses a file, restores nothing")
    func lists() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let backup = folder.path + "/backup"
        try Folder.make(backup)
        try Folder.make(backup + "/a")
        try TestFiles.write(noise(10, seed: 1), to: backup + "/a/b")
        #expect(try await BackupList.write(backup).files == 1)
        #expect(try await BackupList.restore(backup, to: folder.path + "/1").bytes == 10)
        let list = try TestFiles.read(backup + "/" + BackupList.name)
        let text = String(decoding: list, as: UTF8.self)
        for name in ["../b", "/etc/hostname", "a/../../b"] {
            try TestFiles.write(Array(text.replacing("a/b", with: name).utf8), to: backup + "/" + BackupList.name)
            await #expect(throws: StoreError.notAStore(path: backup)) { _ = try await BackupList.verify(backup) }
        }
        try TestFiles.write(list, to: backup + "/" + BackupList.name)
        unlink(backup + "/a/b")
        await #expect(throws: StoreError.missing(path: backup + "/a/b")) {
            try await BackupList.restore(backup, to: folder.path + "/2")
        }
    }
}
