import Foundation
import GRDB
import MSSCore
import MSSIMAP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("IMAP over a mail store")
struct MailStoreIMAPTests {
    private static let facts = IMAPSessionFacts(id: "1", entryPoint: "test", peer: nil)

    private func account(_ store: MailStore, _ mailbox: MailboxName = alice) async throws -> any MailboxAccount {
        try await MailStoreBackend(store).open(IMAPIdentity(mailbox: mailbox.rawValue), Self.facts)
    }

    private func mailbox(_ account: any MailboxAccount, _ name: String) async throws -> IMAPMailbox {
        try #require(try await account.mailboxes().first { $0.name.text == name })
    }

    private func append(_ account: any MailboxAccount, _ text: String, _ name: String = "INBOX") async throws
        -> IMAPAppended
    {
        let draft = try await account.draft(size: text.utf8.count)
        try await draft.add(ByteBuffer(string: text))
        return try await account.append(
            [(IMAPAppendItem(flags: [.seen, IMAPFlag("$Label")!]), draft)], to: try await mailbox(account, name).id)
    }

    @Test("EX_LPS_0500: what is appended is read back, in ranges, with its flags, and survives reopening")
    func append() async throws {
        let folder = try TestFolder()
        let store = try await folder.openMail()
        try await store.create(alice)
        let account = try await account(store)
        let long = String(repeating: "0123456789abcdef\r\n", count: 10_000)
        #expect(try await append(account, long).uids == [1])
        await store.close()
        let again = try await folder.openMail()
        let reopened = try await self.account(again)
        let inbox = try await mailbox(reopened, "INBOX")
        let changes = try await reopened.changes(in: inbox.id, since: 0, vanishedSince: 0)
        #expect(changes.messages.map(\.flags) == [[.seen, IMAPFlag("$Label")!]])
        let content = try #require(try await reopened.content(of: 1, in: inbox.id))
        #expect(content.size == long.utf8.count)
        #expect(try await content.octets(65_530..<65_550) == ByteBuffer(bytes: Array(long.utf8)[65_530..<65_550]))
        await again.close()
    }

    @Test("Changes, vanished messages, moves and subscriptions are told as RFC 7162 and RFC 6851 want them")
    func changes() async throws {
        let store = try await TestFolder().openMail()
        try await store.create(alice)
        let account = try await account(store)
        for text in ["a: b\r\n\r\n1", "a: b\r\n\r\n2", "a: b\r\n\r\n3"] { _ = try await append(account, text) }
        let inbox = try await mailbox(account, "INBOX")
        let outcome = try await account.setFlags(.add, [.deleted], of: [1], in: inbox.id, unchangedSince: nil)
        #expect(outcome.messages.map(\.uid) == [1])
        let refused = try await account.setFlags(
            .add, [.flagged], of: [1, 2], in: inbox.id, unchangedSince: inbox.changeNumber)
        #expect(refused.conflicts == [1])
        #expect(try await account.expunge(nil, in: inbox.id) == [1])
        try await account.create(IMAPMailboxName("Dossiers/Été")!, use: nil)
        let target = try await mailbox(account, "Dossiers/Été")
        #expect(try await account.copy([3], from: inbox.id, to: target.id, moves: true).copies == [1])
        let news = try await account.changes(in: inbox.id, since: inbox.changeNumber, vanishedSince: inbox.changeNumber)
        #expect(news.vanished == [1, 3] && news.messages.map(\.uid) == [2] && news.mailbox.messages == 1)
        try await account.setSubscribed(false, target.id)
        #expect(try await !mailbox(account, "Dossiers/Été").isSubscribed)
        try await account.rename(inbox.id, to: IMAPMailboxName("Vieux")!)
        #expect(try await mailbox(account, "Vieux").messages == 1)
        #expect(try await mailbox(account, "INBOX").messages == 0)
        await store.close()
    }

    @Test("A folder of another mailbox is none: every call of an account names its own")
    func isolation() async throws {
        let store = try await TestFolder().openMail()
        try await store.create(alice, bob)
        let (mine, other) = (try await account(store), try await account(store, bob))
        _ = try await append(other, "a: secret\r\n\r\n")
        let foreign = try await mailbox(other, "INBOX").id
        let own = try await mailbox(mine, "INBOX").id
        await #expect(throws: IMAPRefusal.noMailbox) { try await mine.changes(in: foreign, since: 0, vanishedSince: 0) }
        await #expect(throws: IMAPRefusal.noMailbox) {
            try await mine.messages(NumberRanges([1 as UInt32]), in: foreign)
        }
        #expect(try await mine.content(of: 1, in: foreign) == nil)
        await #expect(throws: IMAPRefusal.noMailbox) { try await mine.expunge(nil, in: foreign) }
        await #expect(throws: IMAPRefusal.noMailbox) {
            try await mine.setFlags(.add, [.seen], of: [1], in: foreign, unchangedSince: nil)
        }
        await #expect(throws: IMAPRefusal.noMailbox) { try await mine.copy([1], from: foreign, to: own, moves: false) }
        await #expect(throws: IMAPRefusal.noMailbox) { try await mine.delete(foreign) }
        await #expect(throws: IMAPRefusal.noMailbox) { try await mine.setSubscribed(false, foreign) }
        await #expect(throws: IMAPRefusal.noMailbox) { try await mine.rename(foreign, to: IMAPMailboxName("x")!) }
        await #expect(throws: IMAPRefusal.self) { try await account(store, MailboxName("nobody@h.fr")) }
        await store.close()
    }

    @Test("A full mailbox is refused with OVERQUOTA, and several messages are kept all or none (RFC 3502)")
    func quota() async throws {
        let store = try await TestFolder().openMail()
        try await store.create(alice, quota: 10, at: start)
        let account = try await account(store)
        let inbox = try await mailbox(account, "INBOX")
        var drafts: [(IMAPAppendItem, any IMAPMessageDraft)] = []
        for _ in 0..<2 {
            let draft = try await account.draft(size: 20)
            try await draft.add(ByteBuffer(string: "a: b\r\n\r\n0123456789"))
            drafts.append((IMAPAppendItem(), draft))
        }
        await #expect(throws: IMAPRefusal.overQuota) { try await account.append(drafts, to: inbox.id) }
        #expect(try await mailbox(account, "INBOX").messages == 0)
        await store.close()
    }

    private static let message = """
        From: =?utf-8?Q?Ren=C3=A9e?= <r@a.test>\r
        Subject: Compte rendu de Madame Secret\r
        Content-Type: multipart/mixed; boundary=x\r
        \r
        --x\r
        \r
        texte\r
        --x\r
        Content-Type: application/pdf; name="a.pdf"\r
        Content-Transfer-Encoding: base64\r
        \r
        AAAA\r
        --x--\r

        """

    @Test(
        "EX_GBM_6010: what clients ask of every message is kept with it, unreadable without its key, and goes with it")
    func summaries() async throws {
        let folder = try TestFolder()
        let store = try await folder.openMail()
        try await store.create(alice, bob)
        let account = try await account(store)
        _ = try await append(account, Self.message)
        let inbox = try await mailbox(account, "INBOX")
        let one = NumberRanges([1 as UInt32])
        let summary = try #require(try await account.summaries(one, in: inbox.id)[1])
        #expect(String(decoding: summary.header ?? [], as: UTF8.self).hasSuffix("boundary=x\r\n\r\n"))
        let structure = try #require(summary.structure)
        #expect(String(decoding: structure.envelope, as: UTF8.self).contains("Madame Secret"))
        #expect(
            String(decoding: structure.body, as: UTF8.self).contains(
                #""application" "pdf" ("name" "a.pdf")"#))
        let kept = try await store.read { try $0.all("SELECT sealed FROM summary").map { [UInt8]($0[0] as Data) } }
        #expect(kept.count == 1 && kept[0].count > summary.count)
        #expect(!String(decoding: kept[0], as: UTF8.self).contains("Secret"))
        // Another mailbox sees nothing of it.
        await #expect(throws: IMAPRefusal.noMailbox) {
            try await self.account(store, bob).summaries(one, in: inbox.id)
        }
        // A copy has the same; with the last use it goes.
        let archive = try await mailbox(account, "Archive")
        _ = try await account.copy([1], from: inbox.id, to: archive.id, moves: true)
        #expect(try await account.summaries(one, in: archive.id)[1] == summary)
        _ = try await account.setFlags(.add, [.deleted], of: [1], in: archive.id, unchangedSince: nil)
        _ = try await account.expunge(nil, in: archive.id)
        #expect(try await store.read { try $0.number("SELECT count(*) FROM summary") } == 0)
        await store.close()
    }

    @Test("A summary that is missing or damaged is made anew, and kept; too long a header has none and is read")
    func rebuilt() async throws {
        let store = try await TestFolder().openMail()
        try await store.create(alice)
        let account = try await account(store)
        _ = try await append(account, Self.message)
        _ = try await append(account, "X-Long: \(String(repeating: "x", count: 40_000))\r\n\r\ntexte\r\n")
        let inbox = try await mailbox(account, "INBOX")
        let both = NumberRanges([1, 2] as [UInt32])
        let summary = try #require(try await account.summaries(both, in: inbox.id)[1])
        for change in ["DELETE FROM summary", "UPDATE summary SET sealed = zeroblob(200)"] {
            try await store.write { try $0.database.run(change) }
            #expect(try await account.summaries(both, in: inbox.id) == [1: summary], "\(change)")
            let counts = try await store.read {
                try $0.all("SELECT length(sealed) FROM summary ORDER BY blob").map { $0[0] as Int }
            }
            #expect(counts.count == 2 && counts[0] > 500 && counts[1] == 0, "\(change)")
        }
        #expect(try await account.contents(both, in: inbox.id)[2]?.size ?? 0 > 40_000)
        await store.close()
    }
}
