import Foundation
import GRDB
import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

/// What happens to mailboxes beside their reading.
extension MailStoreTests {
    @Test("EX_GBM_4030: what a mailbox received before a time is destroyed, in one folder or in all")
    func purges() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        for day in 0..<4 {
            for use in [MailFolderUse.inbox, .sent] {
                try await store.put([1], alice, .use(use), at: start + .seconds(day * 86_400))
            }
        }
        let time = start + .seconds(2 * 86_400)
        #expect(try await store.purge(alice, .use(.sent), receivedBefore: time) == 2)
        #expect(try await store.purge(alice, receivedBefore: time) == 2)
        #expect(try await store.status(alice)?.messages == 4)
        await #expect(throws: StoreError.unknownMailbox) { try await store.purge(bob, receivedBefore: time) }
        await store.close()
    }

    @Test("who waits for news of a mailbox has them, whoever made them, and only of that one")
    func changes() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        var (first, second) = (
            store.changes(of: alice).makeAsyncIterator(), store.changes(of: alice).makeAsyncIterator()
        )
        try await store.put([1], bob)
        try await store.put([1])
        let number = try await store.status(alice)!.changeNumber
        #expect(await first.next() == number)
        #expect(await second.next() == number)
        let inbox = try await store.inbox().id
        for _ in 0..<5 { try await store.put([1]) }
        // Who is slow hears of the latest: it says all.
        #expect(await first.next() == (try await store.status(alice)!.changeNumber))
        #expect(try await store.messages(in: inbox, changedSince: number).count == 5)
        await store.close()
        #expect(await second.next() != nil)
        #expect(await second.next() == nil)
    }

    @Test("volumes of which most was deleted are emptied, and used again")
    func compaction() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        let inbox = try await store.inbox().id
        var kept: [UInt32: [UInt8]] = [:]
        for round in 0..<12 {
            var gone: [UInt32] = []
            for number in 0..<20 {
                let bytes = noise(15_000, seed: UInt64(round * 100 + number))
                let uid = try await store.put(bytes).uid
                if number == 0 { kept[uid] = bytes } else { gone.append(uid) }
            }
            try await store.expunge(gone, from: inbox, onlyDeleted: false)
        }
        // 3.6 MB went through volumes of 256 KB; 180 KB are left. Emptying runs beside the traffic.
        var rounds = 0
        while try Folder.numbers(folder.mail + "/volumes", "volume").count > 4, rounds < 500 {
            let uid = try await store.put([1]).uid
            try await store.expunge([uid], from: inbox, onlyDeleted: false)
            rounds += 1
        }
        #expect(try Folder.numbers(folder.mail + "/volumes", "volume").count <= 4)
        for (uid, bytes) in kept { #expect(try await store.content(of: uid, in: inbox).bytes() == bytes) }
        #expect(try await store.verify().findings == [])
        await store.close()
    }

    @Test("an export has every message: as mbox with LF and quoted From lines, or as it was delivered")
    func export() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        try await store.create(alice)
        let first = Array("Subject: a\r\n\r\nFrom me\r\n>From you\r\nFromage\r\nlast".utf8)
        let second = Array("From: b\r\n\r\n\r\n".utf8)
        try await store.put(first)
        try await store.put(second, alice, .use(.sent))
        var mbox: [UInt8] = []
        #expect(try await store.exportMbox(alice) { mbox += $0.readableBytesView } == 2)
        #expect(
            String(decoding: mbox, as: UTF8.self) == """
                From MAILER-DAEMON Fri Jan 15 08:00:00 2027
                Subject: a

                >From me
                >>From you
                Fromage
                last

                From MAILER-DAEMON Fri Jan 15 08:00:00 2027
                From: b




                """)
        // Python's reader of mbox files finds the same messages.
        try TestFiles.write(mbox, to: folder.path + "/export.mbox")
        let script = "import mailbox,sys;print([m['Subject'] or m['From'] for m in mailbox.mbox(sys.argv[1])])"
        let python = try await ExternalTool.run("python3", ["-c", script, folder.path + "/export.mbox"])
        #expect(python.text == "['a', 'b']\n", "\(python.errors)")
        var found: [[UInt8]] = []
        try await store.exportMessages(alice) { _, message in
            found.append(try await store.content(of: message.uid, in: message.folder).bytes())
        }
        #expect(found == [first, second])
        await store.close()
    }
}
