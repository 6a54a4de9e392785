import MSSCore
import MSSSMTP
import MSSStore
import NIOCore
import Testing

/// The code of the article, compiled and run.
@Suite struct StoreSnippetTests {
    // snippet: spool
    func queue(
        _ envelope: OutgoingEnvelope, _ pieces: [ByteBuffer], in spool: Spool, now: Timestamp
    ) async throws -> DeliveryID {
        let draft = spool.draft()
        for piece in pieces { try await draft.append(piece) }
        // What was added can be read before it is taken, by a scanner for instance.
        _ = try await draft.read().prefix(1024)
        return try await draft.commit(nil, envelope, at: now)[0]  // on the disk
    }
    // end snippet

    // snippet: mail
    func deliver(
        _ message: SMTPContent, to mailboxes: [MailboxName], in store: MailStore, id: String, now: Timestamp
    ) async throws -> [MailboxName] {
        let targets = mailboxes.map { MailTarget($0, .use(.inbox), received: now, key: id) }
        let results = try await store.deliver(message, to: targets)
        return zip(mailboxes, results).compactMap { name, result in
            if case .failure = result { name } else { nil }  // full, or unknown: the others have it
        }
    }
    // end snippet

    // snippet: backup
    func testBackup(of store: MailStore, in folder: String, master: StoreMasterKey) async throws -> Bool {
        try await store.backUp(to: folder + "/sauvegarde")
        try await MailStore.restore(folder + "/sauvegarde", to: folder + "/essai")
        let restored = try await MailStore.open(folder + "/essai", master: master)
        let result = try await restored.verify()
        await restored.close()
        return result.isSound
    }
    // end snippet

    @Test("EX_SSI_5110: the code of the article does what it says")
    func article() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let envelope = OutgoingEnvelope(sender: nil, recipients: [address("b@d.test")])
        let id = try await queue(envelope, [ByteBuffer(string: "a"), ByteBuffer(string: "b")], in: spool, now: start)
        #expect(try await spool.message(id)?.message.content.bytes() == Array("ab".utf8))
        await spool.close()
        let store = try await folder.openMail()
        try await store.create(alice)
        let missed = try await deliver(
            SMTPContent("x".utf8), to: [alice, bob], in: store, id: "m1", now: start)
        #expect(missed == [bob])
        #expect(try await testBackup(of: store, in: folder.path, master: TestFolder.master))
        await store.close()
    }
}
