import GRDB
import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("Mailboxes under crashes, damage and full disks; backup and restore", .serialized)
struct MailCrashTests {
    /// What a child does until it is killed.
    fileprivate static func live(_ root: String, _ ledger: String, until acknowledged: Int, life: Int) async throws {
        let store = try await MailStore.open(root, master: TestFolder.master, configuration: TestFolder.smallMail)
        let file = Glibc.open(ledger, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let count = Guarded(0)
        let inbox = try await store.inbox().id
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask {
                    for number in 0... {
                        let seed = life * 1_000_000 + task * 10_000 + number
                        // Some have a file of their own.
                        let size = seed * 37 % (number % 5 == 0 ? 90_000 : 9000)
                        let target = MailTarget(alice, received: start, key: "\(seed)")
                        guard
                            let receipt = try? await store.deliver(
                                SMTPContent(noise(size, seed: UInt64(seed))), to: target)
                        else { return }
                        var line = "\(receipt.uid) \(seed) \(size)"
                        if seed % 7 == 0 {
                            let gone = try? await store.expunge([receipt.uid], from: inbox, onlyDeleted: false)
                            line = gone == nil ? "" : "\(receipt.uid) gone 0"
                        }
                        let bytes = Array((line + "\n").utf8)
                        _ = Glibc.write(file, bytes, bytes.count)
                        let total = count.withLock { count in
                            count += 1
                            return count
                        }
                        if total >= acknowledged { kill(getpid(), SIGKILL) }
                    }
                }
            }
        }
    }

    @Test("after kill -9, again and again, every delivery that was acknowledged is there, whole, once")
    func killed() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (root, ledger) = (folder.mail, folder.path + "/ledger")
        let first = try await folder.openMail()
        try await first.create(alice)
        await first.close()
        for life in 0..<8 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [root = root as String, ledger = ledger as String, life = life as Int] in
                try await MailCrashTests.live(root, ledger, until: 15 + life * 11 % 50, life: life)
            }
            let store = try await folder.openMail()
            let inbox = try await store.inbox().id
            let present = Set(try await store.messages(in: inbox).map(\.uid))
            for line in try lines(ledger) {
                let words = line.split(separator: " ")
                let uid = try #require(UInt32(words[0]))
                guard let seed = Int(words[1]) else {
                    #expect(!present.contains(uid))
                    continue
                }
                let bytes = try await store.content(of: uid, in: inbox).bytes()
                #expect(bytes == noise(Int(words[2])!, seed: UInt64(seed)))
            }
            #expect(try await store.verify().findings == [])
            await store.close()
        }
        #expect(try lines(ledger).count > 150)
    }

    @Test("two processes on one store: the second is refused")
    func twoProcesses() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        let root = folder.mail
        await #expect(processExitsWith: .exitCode(7)) { [root = root as String] in
            do { _ = try await MailStore.open(root, master: TestFolder.master) } catch StoreError.busy { exit(7) }
        }
        await store.close()
    }

    @Test("a byte that changed is found: when the message is read, and by the verification, which names the message")
    func flipped() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        let (short, long) = (try await store.put(noise(5000, seed: 1)), try await store.put(noise(90_000, seed: 2)))
        _ = try await store.put(noise(5000, seed: 3))
        for (receipt, offset) in [(short, 100), (long, 70_000)] {
            let place = try await store.place(of: receipt.uid, in: receipt.folder)
            let path = store.volumes.path(place.volume)
            let whole = try TestFiles.read(path)
            var damaged = whole
            damaged[place.offset + offset] ^= 4
            try TestFiles.write(damaged, to: path)
            store.volumes.forget(place.volume)
            await #expect {
                _ = try await store.bytes(receipt)
            } throws: { error in
                if case StoreError.damaged(path, _, _) = error { true } else { false }
            }
            let findings = try await store.verify().findings
            guard case .message(alice, "INBOX", receipt.uid, _)? = findings.first, findings.count == 1 else {
                Issue.record("\(findings)")
                continue
            }
            try TestFiles.write(whole, to: path)
            store.volumes.forget(place.volume)
        }
        let result = try await store.verify()
        #expect(result.isSound && result.messages == 3 && result.octets == 100_000)
        await store.close()
    }

    @Test("the verification finds wrong counts, missing volumes and missing keys")
    func verification() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        let receipt = try await store.put(noise(100, seed: 1))
        try await store.write { writer in
            try writer.database.run("UPDATE folder SET unseen = 9 WHERE id = ?", [receipt.folder.rawValue])
            try writer.database.run("UPDATE mailbox SET octets = 9 WHERE name = ?", [alice.rawValue])
            try writer.database.run("UPDATE blob SET uses = 9")
        }
        unlink(store.volumes.path(try await store.place(of: 1, in: receipt.folder).volume))
        unlink(folder.mail + "/keys/2.key")
        store.volumes.forget(1)
        let findings = try await store.verify().findings
        #expect(findings.contains(.folderCounts(alice, folder: "INBOX")))
        #expect(findings.contains(.mailboxCounts(alice)))
        #expect(findings.contains(.uses(count: 1)))
        #expect(findings.contains { if case .volume = $0 { true } else { false } })
        #expect(findings.contains { if case .message(alice, _, 1, _) = $0 { true } else { false } })
        await store.close()
        // A key that a running process still knows is missed by the next one.
        let again = try await folder.openMail()
        #expect(try await again.verify().findings.contains(.key(bob)))
        await again.close()
    }

    @Test(
        "a full disk refuses deliveries, whole or not at all; what is there can be read, and what is deleted makes room"
    )
    func fullDisk() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let root = folder.mail
        await #expect(processExitsWith: .success) { [root = root as String] in
            let store = try await MailStore.open(root, master: TestFolder.master, configuration: TestFolder.smallMail)
            try await store.create(alice)
            let first = try await store.put(noise(9000, seed: 1))
            // No file may grow beyond what the base and the volumes that are there need.
            limitFiles(to: 250 << 10)
            var taken = 1
            do {
                for _ in 0..<200 {
                    try await store.put(noise(9000, seed: 2))
                    taken += 1
                }
                preconditionFailure("written without room")
            } catch StoreError.diskFull {}
            do {
                try await store.put(noise(400_000, seed: 3))
                preconditionFailure("written without room")
            } catch StoreError.diskFull {}
            limitFiles(to: nil)
            let (count, bytes) = (try await store.inbox().messages, try await store.bytes(first))
            precondition(count == taken && bytes == noise(9000, seed: 1))
            try await store.put(noise(400_000, seed: 3))
            let isSound = try await store.verify().isSound
            precondition(isSound)
            await store.close()
        }
        let store = try await folder.openMail()
        #expect(try await store.verify().findings == [])
        #expect(try Folder.names(folder.mail + "/volumes").allSatisfy { !$0.hasSuffix(".new") })
        await store.close()
    }

    @Test("EX_SSI_5110: a backup made while mail comes and goes is restored whole, and every byte of it compared")
    func backup() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        for number in 0..<60 {
            try await store.put(noise(number * 1500, seed: UInt64(number)), number % 2 == 0 ? alice : bob)
        }
        let inbox = try await store.inbox().id
        _ = try await store.setFlags(.add, [.seen], keywords: ["urgent"], of: [2, 3], in: inbox)
        try await store.expunge([4, 5], from: inbox, onlyDeleted: false)

        // First at rest: the copy is the store.
        let before = try await store.everything()
        let rest = try await store.backUp(to: folder.path + "/rest")
        #expect(rest.messages == 58)
        try await MailStore.restore(folder.path + "/rest", to: folder.path + "/restored")
        let restored = try await MailStore.open(
            folder.path + "/restored", master: TestFolder.master, configuration: TestFolder.smallMail)
        #expect(try await restored.everything() == before)
        #expect(try await restored.verify().findings == [])
        // And it lives on.
        try await restored.put([1])
        #expect(try await restored.verify().findings == [])
        await restored.close()

        // Then under way: it is the store at one moment.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<40 {
                        let receipt = try await store.put(noise(number * 300, seed: UInt64(task)), bob)
                        if number % 3 == 0 {
                            try await store.expunge([receipt.uid], from: receipt.folder, onlyDeleted: false)
                        }
                    }
                }
            }
            group.addTask { _ = try await store.backUp(to: folder.path + "/busy") }
            group.addTask { try await store.delete(alice) }
            try await group.waitForAll()
        }
        try await MailStore.restore(folder.path + "/busy", to: folder.path + "/second")
        let second = try await MailStore.open(
            folder.path + "/second", master: TestFolder.master, configuration: TestFolder.smallMail)
        #expect(try await second.verify().findings == [])
        await second.close()
        #expect(try await store.verify().findings == [])
        await store.close()

        // sha256sum reads the list too.
        let check = try await ExternalTool.run(
            "sh", ["-c", "cd \"$1\" && sha256sum --quiet -c backup.sha256", "sh", folder.path + "/rest"])
        #expect(check.succeeded, "\(check.everything)")
    }

    @Test("a backup that is not what was written is refused, and so is a folder that holds something")
    func badBackup() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        try await store.put(noise(1000, seed: 1))
        let backup = folder.path + "/backup"
        try await store.backUp(to: backup)
        await #expect(throws: StoreError.notEmpty(path: backup)) { try await store.backUp(to: backup) }
        await store.close()
        await #expect(throws: StoreError.notEmpty(path: folder.mail)) {
            try await MailStore.restore(backup, to: folder.mail)
        }
        let path = backup + "/volumes/0000000001.volume"
        var bytes = try TestFiles.read(path)
        bytes[500] ^= 1
        try TestFiles.write(bytes, to: path)
        await #expect(throws: StoreError.damaged(path: path, offset: 0, reason: "digest")) {
            try await MailStore.restore(backup, to: folder.path + "/a")
        }
        unlink(path)
        await #expect(throws: StoreError.missing(path: path)) {
            try await MailStore.restore(backup, to: folder.path + "/b")
        }
        unlink(backup + "/backup.sha256")
        await #expect(throws: StoreError.notAStore(path: backup)) {
            try await MailStore.restore(backup, to: folder.path + "/c")
        }
    }
}
