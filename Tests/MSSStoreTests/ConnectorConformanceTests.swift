import MSSAccounts
import MSSConnector
import MSSCore
import MSSSMTP
import NIOCore
import Testing

@testable import MSSStore

@Suite("The stores serve the connector")
struct ConnectorConformanceTests {
    private func reference(_ number: Int64) -> MailboxReference {
        MailboxReference(id: MailboxID(number), address: try! DirectoryMailAddress("alice@hopital.test"))  // a literal
    }

    @Test("a message goes through the connector's spool as it arrives, with what belongs to it")
    func spool() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let connector: any MessageSpool = ConnectorSpool(spool)
        let draft = try await connector.draft()
        try await draft.append(ByteBuffer(bytes: noise(9000, seed: 1)))
        #expect(try await draft.content().bytes() == noise(9000, seed: 1))
        let envelope = OutgoingEnvelope(sender: nil, recipients: [address("b@d.test")])
        try await draft.commit(DeliveryID("m1"), envelope, with: [.to("c@e.test", id: "m2")], at: start)
        await draft.discard()
        let jobs = try await connector.queue.lease(request())
        #expect(Set(jobs.map(\.id.rawValue)) == ["m1", "m2"])
        for job in jobs where job.id.rawValue == "m1" {
            #expect(try await job.message.content.bytes() == noise(9000, seed: 1))
        }
        await spool.close()
    }

    @Test("EX_GBM_4470, EX_GBM_4030, EX_GBM_6010: deliveries once by key, quota, purge and destruction for good")
    func mailboxes() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let store = try await folder.openMail()
        let drop: any MailboxDrop = store
        let mailbox = reference(17)
        #expect(try await drop.usage(of: mailbox) == MailboxUsage(octets: 0, messages: 0))
        func deliver(_ key: String, _ folder: MailboxFolder = .inbox, quota: Int64? = nil) async throws
            -> MailboxReceipt
        {
            try await drop.deliver(
                MailboxDelivery(
                    SMTPContent(noise(1000, seed: 1)), to: mailbox, folder: folder, key: key, received: start,
                    isSeen: folder == .sent, quota: quota))
        }
        let first = try await deliver("m1")
        #expect(!first.isRepeated && first.size == 1000)
        let again = try await deliver("m1")
        #expect(again.isRepeated && again.id == first.id)
        _ = try await deliver("m2", .sent)
        _ = try await deliver("m3", .named("Résultats"), quota: 2001)
        await #expect(throws: MailboxDropError.overQuota) { try await deliver("m4", quota: 3000) }
        #expect(try await drop.usage(of: mailbox) == MailboxUsage(octets: 3000, messages: 3))
        let folders = try await store.folders(of: MailboxName("17"))
        #expect(folders.first { $0.use == .sent }?.unseen == 0)
        #expect(folders.contains { $0.name == "Résultats" })
        #expect(try await drop.purge(mailbox, .sent, receivedBefore: start + .seconds(1)) == 1)
        #expect(try await drop.purge(reference(99), nil, receivedBefore: start) == 0)
        try await drop.destroy(mailbox)
        try await drop.destroy(mailbox)
        #expect(try await drop.usage(of: mailbox) == MailboxUsage(octets: 0, messages: 0))
        await #expect(throws: MailboxDropError.noMailbox) { try await deliver("m5") }
        #expect(try await store.verify().findings == [])
        await store.close()
    }
}
