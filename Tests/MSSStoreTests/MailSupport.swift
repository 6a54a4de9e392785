import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore

@testable import MSSStore

extension TestFolder {
    /// Small files, so that little traffic shows what much does.
    static let smallMail = MailStoreConfiguration(volumeSize: 256 << 10, shareLimit: 32 << 10)

    func openMail(_ configuration: MailStoreConfiguration = TestFolder.smallMail) async throws -> MailStore {
        try await MailStore.open(mail, master: TestFolder.master, configuration: configuration)
    }
}

let alice = MailboxName("alice@hopital.test")
let bob = MailboxName("bob@hopital.test")

extension MailStore {
    /// A store with mailboxes.
    func create(_ names: MailboxName...) async throws {
        for name in names { try await create(name, at: start) }
    }

    @discardableResult
    func put(
        _ bytes: [UInt8], _ mailbox: MailboxName = alice, _ folder: MailTarget.Folder = .use(.inbox),
        at time: Timestamp = start, flags: MailFlags = []
    ) async throws -> MailReceipt {
        try await deliver(SMTPContent(bytes), to: MailTarget(mailbox, folder, received: time, flags: flags))
    }

    func inbox(_ mailbox: MailboxName = alice) async throws -> MailFolder {
        let folders = try await folders(of: mailbox)
        guard let inbox = folders.first(where: { $0.use == .inbox }) else { throw StoreError.unknownFolder }
        return inbox
    }

    func bytes(_ receipt: MailReceipt) async throws -> [UInt8] {
        try await content(of: receipt.uid, in: receipt.folder).bytes()
    }

    /// All that a store holds, in a form that can be compared.
    func everything() async throws -> [String: [UInt8]] {
        var all: [String: [UInt8]] = [:]
        for mailbox in try await mailboxes() {
            all["\(mailbox)"] = []
            for folder in try await folders(of: mailbox.name) {
                all["\(folder)"] = []
                for message in try await messages(in: folder.id) {
                    all["\(message)"] = try await content(of: message.uid, in: folder.id).bytes()
                }
                for uid in try await vanished(from: folder.id, since: 0) { all["\(folder.id) vanished \(uid)"] = [] }
            }
        }
        return all
    }
}
