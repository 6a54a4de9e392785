public import MSSAccounts
public import MSSCore
import MSSMessage
import MSSSMTP

/// Tells holders of new accesses in their own mailboxes (§2.4.3: « par tout moyen »): the personal one where there is one,
/// otherwise another that they answer for. What concerns the use of one mailbox is left in that one (EX_GDT_5020).
public struct MailboxInformer: AccountInformer {
    /// A person without a mailbox in which she could be told.
    public struct NoMailbox: Error, Sendable, Hashable {
        /// The person.
        public var person: PersonID
    }

    private let repository: any AccountRepository
    private let drop: any MailboxDrop
    private let author: MailAddress
    private let authorName: String
    private let clock: any WallClock

    /// An informer that writes as the operator's mailbox.
    public init(
        repository: any AccountRepository, drop: any MailboxDrop, author: MailAddress, authorName: String,
        clock: any WallClock = SystemWallClock()
    ) {
        self.repository = repository
        self.drop = drop
        self.author = author
        self.authorName = authorName
        self.clock = clock
    }

    /// Leaves the notice in the person's mailbox, whatever its quota; the same key again leaves it once.
    public func inform(_ person: Person, _ notice: AccessNotice, key: String) async throws {
        let (id, wanted) = (person.id, notice.mailbox)
        let found = try await repository.read { reader -> MSSAccounts.Mailbox? in
            if let wanted { return try reader.mailbox(wanted).flatMap { $0.exists ? $0 : nil } }
            let held = try reader.mailboxes(of: id).compactMap { try reader.mailbox($0) }
                .filter { $0.state == .active && $0.responsible == id }
            return held.first { $0.kind == .person } ?? held.first
        }
        guard let found else { throw NoMailbox(person: id) }
        var message = OutgoingMessage(
            from: MSSMessage.Mailbox(name: authorName, author), to: [MSSMessage.Mailbox(found.address.address)],
            subject: notice.subject, content: .text(notice.body))
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-generated")))
        let delivery = try OperatorMail.delivery(message, to: found.address.address, clock: clock)
        _ = try await drop.deliver(
            MailboxDelivery(
                delivery.message.content, to: MailboxReference(found), key: "\(key)/\(found.id.rawValue)",
                received: clock.now()))
    }
}
