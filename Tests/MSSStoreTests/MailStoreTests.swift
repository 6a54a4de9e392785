import Foundation
import GRDB
import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("Mailboxes")
struct MailStoreTests {
    @Test(
        "what is delivered is there, byte for byte, whatever its size, also after the store is opened again",
        arguments: [0, 1, 1000, 65_535, 65_536, 65_537, 131_072, 400_000])
    func delivered(size: Int) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var store = try await folder.openMail()
        try await store.create(alice)
        let bytes = noise(size, seed: 1)
        let receipt = try await store.put(bytes)
        #expect(receipt.uid == 1 && receipt.size == size && !receipt.isRepeated)
        #expect(try await store.bytes(receipt) == bytes)
        await store.close()
        store = try await folder.openMail()
        #expect(try await store.bytes(receipt) == bytes)
        // Ranges, across the borders of frames.
        for range in [0..<1, 65_530..<65_545, 100_000..<200_000, 390_000..<500_000, 3..<3] {
            let expected = Array(bytes[range.clamped(to: 0..<size)])
            #expect(try await store.octets(range, of: receipt.uid, in: receipt.folder) == expected)
        }
        let inbox = try await store.inbox()
        #expect(inbox.messages == 1 && inbox.octets == Int64(size) && inbox.unseen == 1)
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("a new mailbox has its six folders; names and numbers of folders never come twice")
    func folders() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        await #expect(throws: StoreError.mailboxExists) { try await store.create(alice, at: start) }
        let folders = try await store.folders(of: alice)
        #expect(folders.map(\.name) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"])
        #expect(Set(folders.map(\.use)).count == 6)
        #expect(Set(folders.map(\.validity)).count == 6)
        let patients = try await store.createFolder("Patients", in: alice)
        try await store.createFolder("Patients/2026", in: alice)
        await #expect(throws: StoreError.folderExists) { try await store.createFolder("Patients", in: alice) }
        await #expect(throws: StoreError.folderExists) { try await store.createFolder("inbox", in: alice) }
        await #expect(throws: StoreError.unknownMailbox) {
            try await store.createFolder("x", in: MailboxName("none"))
        }
        try await store.rename(patients, to: "Dossiers")
        #expect(try await store.folders(of: alice).map(\.name).filter { $0.hasPrefix("Dossiers") }.count == 2)
        await #expect(throws: StoreError.folderExists) { try await store.rename(patients, to: "Sent") }
        let inbox = try await store.inbox()
        await #expect(throws: StoreError.folderIsFixed) { try await store.rename(inbox.id, to: "x") }
        await #expect(throws: StoreError.folderIsFixed) { try await store.deleteFolder(inbox.id) }
        let before = try #require(try await store.folder(patients))
        try await store.put([1, 2, 3], alice, .named("Dossiers"))
        try await store.deleteFolder(patients)
        #expect(try await store.folder(patients) == nil)
        #expect(try await store.status(alice)?.messages == 0)
        let again = try await store.createFolder("Dossiers", in: alice)
        #expect(try await store.folder(again)!.validity > before.validity)
        #expect(again != patients)
        // A delivery makes the folder that it names.
        try await store.put([1], alice, .named("Nouveau"))
        #expect(try await store.folders(of: alice).contains { $0.name == "Nouveau" && $0.messages == 1 })
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("RFC 7162: changes are numbered, and what changed or vanished since a number can be asked")
    func changeNumbers() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        for number in 0..<5 { try await store.put([UInt8(number)]) }
        let inbox = try await store.inbox()
        #expect(inbox.nextUID == 6)
        let first = try await store.setFlags(
            .add, [.seen, .flagged], keywords: ["$Forwarded"], of: [2, 9], in: inbox.id)
        #expect(first.messages.map(\.uid) == [2] && first.conflicts == [])
        #expect(first.messages[0].flags == [.seen, .flagged] && first.messages[0].keywords == ["$Forwarded"])
        #expect(try await store.messages(in: inbox.id, changedSince: inbox.changeNumber).map(\.uid) == [2])
        // UNCHANGEDSINCE
        let second = try await store.setFlags(
            .replace, [.answered], of: [2, 3], in: inbox.id, unchangedSince: inbox.changeNumber)
        #expect(second.messages.map(\.uid) == [3] && second.conflicts == [2])
        // Without a change there is no new number.
        let third = try await store.setFlags(.add, [.answered], of: [3], in: inbox.id)
        #expect(third.messages == second.messages)
        let removed = try await store.setFlags(.remove, [.flagged], keywords: ["$forwarded"], of: [2], in: inbox.id)
        #expect(removed.messages[0].flags == .seen && removed.messages[0].keywords == [])
        let known = try #require(try await store.folder(inbox.id)).changeNumber
        _ = try await store.setFlags(.add, .deleted, of: [1, 4], in: inbox.id)
        #expect(try await store.expunge([4, 5], from: inbox.id) == [4])
        #expect(try await store.expunge(from: inbox.id) == [1])
        #expect(try await store.vanished(from: inbox.id, since: known) == [1, 4])
        #expect(try await store.vanished(from: inbox.id, since: 100_000) == [])
        let now = try #require(try await store.folder(inbox.id))
        #expect(now.messages == 3 && now.unseen == 2 && now.changeNumber > known && now.nextUID == 6)
        #expect(try await store.expunge([5], from: inbox.id, onlyDeleted: false) == [5])
        #expect(try await store.messages(in: inbox.id).map(\.uid) == [2, 3])
        await #expect(throws: StoreError.unknownMessage) { try await store.content(of: 5, in: inbox.id) }
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("What changed in a folder is found by its number: no look at every message")
    func changesByNumber() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        for (question, index) in [
            (MailStore.changedMessages, "message_modseq"), (MailStore.vanishedMessages, "vanished_modseq"),
        ] {
            let plan = try await store.read { database in
                try database.all("EXPLAIN QUERY PLAN " + question, [1, 1]).map { $0["detail"] as String }
            }
            #expect(plan.contains { $0.contains("\(index) (folder=? AND modseq>?)") }, "\(plan)")
        }
        await store.close()
    }

    @Test("copies and moves keep flags and dates, and double no octets; the last one that goes frees them")
    func copies() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        let bytes = noise(100_000, seed: 2)
        let receipt = try await store.put(bytes, alice, .use(.inbox), at: start, flags: .flagged)
        let folders = try await store.folders(of: alice)
        let archive = try #require(folders.first { $0.use == .archive }).id
        let trash = try #require(folders.first { $0.use == .trash }).id
        let copied = try await store.copy([receipt.uid, 77], from: receipt.folder, to: archive)
        #expect(copied.map(\.copy) == [1])
        let moved = try await store.move([receipt.uid], from: receipt.folder, to: trash)
        #expect(moved.map(\.copy) == [1])
        #expect(try await store.messages(in: receipt.folder) == [])
        #expect(try await store.vanished(from: receipt.folder, since: 0) == [receipt.uid])
        for place in [archive, trash] {
            let message = try #require(try await store.messages(in: place).first)
            #expect(message.flags == .flagged && message.received == start)
            #expect(try await store.content(of: 1, in: place).bytes() == bytes)
        }
        let other = try await store.inbox(bob).id
        await #expect(throws: StoreError.unknownFolder) { try await store.copy([1], from: archive, to: other) }
        let volumes = folder.mail + "/volumes"
        #expect(try Folder.numbers(volumes, "volume").count == 1)
        try await store.expunge(from: archive, onlyDeleted: false)
        #expect(try Folder.numbers(volumes, "volume").count == 1)
        try await store.expunge(from: trash, onlyDeleted: false)
        #expect(try Folder.numbers(volumes, "volume").count == 0)
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("a message for many is kept once, and each target has its own answer; EX_GBM_4470: a full mailbox refuses")
    func targets() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        try await store.setQuota(1000, of: bob)
        let bytes = noise(1000, seed: 3)
        func deliver(_ key: String) async throws -> [Result<MailReceipt, StoreError>] {
            try await store.deliver(
                SMTPContent(bytes),
                to: [
                    MailTarget(alice, received: start, key: key), MailTarget(bob, received: start, key: key),
                    MailTarget(MailboxName("none"), received: start),
                ])
        }
        let first = try await deliver("m1")
        #expect(try first[0].get().uid == 1)
        #expect(try first[1].get().uid == 1)
        #expect(first[2] == .failure(.unknownMailbox))
        // The same again is the same delivery; another finds the mailbox full.
        let repeated = try await deliver("m1")
        #expect(try repeated[0].get().isRepeated && repeated[1].get().isRepeated)
        let second = try await deliver("m2")
        #expect(try second[0].get().uid == 2)
        #expect(second[1] == .failure(.overQuota(mailbox: bob.rawValue)))
        #expect(try await store.status(bob)?.octets == 1000)
        #expect(try await store.status(bob)?.messages == 1)
        #expect(try await store.bytes(first[1].get()) == bytes)
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("A commit is on disk when it returns: SQLite syncs its log each time")
    func synchronous() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        let mode = try await store.pool.writeWithoutTransaction { try $0.number("PRAGMA synchronous") }
        #expect(mode == 2)
        await store.close()
    }

    @Test(
        "A volume that cannot be changed costs the batch it happens in, and nothing that was acknowledged before or after"
    )
    func failedRoll() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var store = try await folder.openMail()
        try await store.create(alice)
        for seed in 0..<8 { try await store.put(noise(30_000, seed: UInt64(seed))) }
        // All of the first volume is free once it is full.
        try await store.expunge(from: try await store.inbox().id, onlyDeleted: false)
        let obstacles = (2..<20 as Range<UInt32>).map { "\(folder.mail)/volumes/\(Folder.name($0)).volume" }
        for path in obstacles { try Folder.make(path) }
        await #expect(throws: StoreError.self) { try await store.put(noise(30_000, seed: 20)) }
        let small = noise(1_000, seed: 21)
        let kept = try await store.put(small)
        #expect(try await store.bytes(kept) == small)
        for path in obstacles { rmdir(path) }
        let large = noise(30_000, seed: 22)
        let after = try await store.put(large)
        await store.close()
        store = try await folder.openMail()
        #expect(try await store.bytes(kept) == small)
        #expect(try await store.bytes(after) == large)
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("RFC 9051 §2.3.1.1: after a restore no message has the number of one that came after the backup")
    func validityAfterRestore() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        try await store.put(noise(100, seed: 1))
        try await store.backUp(to: folder.path + "/copy")
        let lost = try await store.put(noise(100, seed: 2))
        await store.close()
        try await MailStore.restore(folder.path + "/copy", to: folder.path + "/again")
        let again = try await MailStore.open(
            folder.path + "/again", master: TestFolder.master, configuration: TestFolder.smallMail)
        try await again.renewValidities(at: start)
        let new = try await again.put(noise(100, seed: 3))
        #expect(new.uid == lost.uid && new.validity != lost.validity)
        for mailbox in [alice, bob] {
            let folders = try await again.folders(of: mailbox)
            #expect(Set(folders.map(\.validity)).count == folders.count)
        }
        #expect(try await again.verify().findings == [])
        await again.close()
    }

    @Test("EX_SSI_5110: a backup that cannot read the key of a mailbox fails, and does not leave the mailbox out")
    func unreadableKey() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        try await store.put(noise(1_000, seed: 1))
        let key = folder.mail + "/keys/1.key"
        try Folder.rename(key, to: folder.path + "/away")
        symlink(folder.path + "/away", key)
        await #expect(throws: StoreError.self) { try await store.backUp(to: folder.path + "/copy") }
        await store.close()
    }

    @Test("EX_GBM_6010: a deleted mailbox is unreadable for good, in the store and in every copy of its files")
    func deleted() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var store = try await folder.openMail()
        try await store.create(alice, bob)
        let bytes = noise(1000, seed: 4)
        let results = try await store.deliver(
            SMTPContent(bytes), to: [MailTarget(alice, received: start), MailTarget(bob, received: start)])
        let receipts = try results.map { try $0.get() }
        let id = receipts[0].folder.rawValue
        let found: [UInt8]? = try await store.read { database in
            try database.one("SELECT key FROM message WHERE folder = ?", [id]).map { row -> [UInt8] in
                let key: Data = row[0]
                return [UInt8](key)
            }
        }
        let wrapped = try #require(found)
        let keys = folder.mail + "/keys"
        let before = try Folder.names(keys)
        #expect(before.count == 2)
        #expect(try await store.delete(alice))
        #expect(try await !store.delete(alice))
        #expect(try Folder.names(keys).count == 1)
        await #expect(throws: StoreError.unknownMailbox) { try await store.folders(of: alice) }
        await #expect(throws: StoreError.unknownMessage) {
            try await store.content(of: 1, in: receipts[0].folder)
        }
        // No file holds the key that the message was wrapped with, nor the wrapped one.
        for name in try Folder.names(folder.mail) where !["keys", "volumes"].contains(name) {
            #expect(!(try TestFiles.read(folder.mail + "/" + name)).contains(sequence: wrapped), "\(name)")
        }
        // The other mailbox has the same message still.
        #expect(try await store.bytes(receipts[1]) == bytes)
        #expect(try await store.verify().findings == [])
        // A mailbox of the same name is another one.
        try await store.create(alice)
        #expect(try Folder.names(keys).filter { !before.contains($0) }.count == 1)
        #expect(try await store.delete(alice, retiresName: true))
        await #expect(throws: StoreError.unknownMailbox) { try await store.create(alice, at: start) }
        await store.close()
        store = try await folder.openMail()
        #expect(try await store.mailboxes().map(\.name) == [bob])
        await store.close()
    }

    @Test("nothing of a message can be read in the files without the master key, and another key does not open them")
    func encrypted() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        let secret = Array("Subject: Biopsie de Mme Durand\r\n\r\n".utf8)
        try await store.put(secret)
        try await store.put(secret + [UInt8](repeating: 0x41, count: 100_000))
        await store.close()
        for part in ["", "/keys", "/volumes"] {
            for name in try Folder.names(folder.mail + part) where !["keys", "volumes"].contains(name) {
                let bytes = try TestFiles.read(folder.mail + part + "/" + name)
                #expect(!bytes.contains(sequence: Array("Biopsie".utf8)))
                #expect(!bytes.contains(sequence: [UInt8](repeating: 0x41, count: 64)))
            }
        }
        let other = try StoreMasterKey([UInt8](repeating: 8, count: 32))
        await #expect(throws: StoreError.wrongMasterKey(path: folder.mail)) {
            try await MailStore.open(folder.mail, master: other)
        }
    }
}
