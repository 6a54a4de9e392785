import MSSAccounts
public import MSSConnector
public import MSSCore
public import MSSSMTP
import NIOCore

// What the connector asks of stores, by the embedded ones.

/// The connector's spool on a ``Spool``.
public struct ConnectorSpool: MessageSpool {
    private let spool: Spool

    /// The connector's spool.
    public init(_ spool: Spool) { self.spool = spool }

    /// The spool itself.
    public var queue: any DeliveryQueue { spool }

    /// Begins a message.
    public func draft() async throws -> any MessageDraft { ConnectorDraft(draft: spool.draft()) }
}

/// A ``SpoolDraft`` for the connector, which names every message.
private struct ConnectorDraft: MessageDraft {
    let draft: SpoolDraft

    func append(_ piece: ByteBuffer) async throws { try await roomy { try await draft.append(piece) } }

    func content() async throws -> SMTPContent { try await draft.read() }

    func commit(
        _ id: DeliveryID, _ envelope: OutgoingEnvelope, with others: [NewDelivery], at now: Timestamp
    ) async throws {
        _ = try await roomy { try await draft.commit(id, envelope, with: others, at: now) }
    }

    func discard() async { await draft.discard() }

    /// A full disk in the connector's words, so that the sender is told 452 4.3.1.
    private func roomy<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch StoreError.diskFull { throw MessageSpoolError.noRoom }
    }
}

extension MailStore: MailboxDrop {
    private func name(_ mailbox: MailboxReference) -> MailboxName { MailboxName("\(mailbox.id.rawValue)") }

    private func folder(_ folder: MailboxFolder) -> MailTarget.Folder {
        switch folder {
        case .inbox: .use(.inbox)
        case .sent: .use(.sent)
        case .named(let name): .named(name)
        }
    }

    /// Puts a message into a mailbox, which is made with its first message. One that was destroyed stays so: the numbers of
    /// the accounts' base never come twice.
    public func deliver(_ delivery: MailboxDelivery) async throws -> MailboxReceipt {
        let name = name(delivery.mailbox)
        let target = MailTarget(
            name, folder(delivery.folder), received: delivery.received, flags: delivery.isSeen ? .seen : [],
            key: delivery.key, quota: delivery.quota)
        do {
            let receipt: MailReceipt
            do { receipt = try await deliver(delivery.content, to: target) } catch StoreError.unknownMailbox {
                do { try await create(name, at: delivery.received) } catch StoreError.mailboxExists {}
                receipt = try await deliver(delivery.content, to: target)
            }
            return MailboxReceipt(
                id: "\(receipt.validity)-\(receipt.uid)", size: receipt.size, isRepeated: receipt.isRepeated)
        } catch let error as StoreError {
            switch error {
            case .unknownMailbox: throw MailboxDropError.noMailbox
            case .overQuota: throw MailboxDropError.overQuota
            default: throw MailboxDropError.unavailable(error.description)
            }
        }
    }

    /// What a mailbox holds.
    public func usage(of mailbox: MailboxReference) async throws -> MailboxUsage {
        let status = try await status(name(mailbox))
        return MailboxUsage(octets: status?.octets ?? 0, messages: status?.messages ?? 0)
    }

    /// Destroys old messages.
    public func purge(
        _ mailbox: MailboxReference, _ folder: MailboxFolder?, receivedBefore time: Timestamp
    ) async throws -> Int {
        do {
            return try await purge(name(mailbox), folder.map { self.folder($0) }, receivedBefore: time)
        } catch StoreError.unknownMailbox { return 0 }
    }

    /// Destroys a mailbox's messages with its key.
    public func destroy(_ mailbox: MailboxReference) async throws {
        try await delete(name(mailbox), retiresName: true)
    }
}
