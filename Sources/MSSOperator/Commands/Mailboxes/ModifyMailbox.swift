import MSSAccounts
import MSSCore

/// `bal modifier`: what those who hold a mailbox may have changed: its texts in the directory and its responsible
/// (EX_GBM_5410), the structure that it is attached to (EX_PBA_5012).
public enum ModifyMailbox: AdminCommand {
    /// What is asked; what is `nil` stays as it is.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// The description, for the directory.
        public var description: String?
        /// The service, for the directory.
        public var service: String?
        /// The telephone number, for the directory.
        public var phone: String?
        /// The identity of the new responsible, who is known already.
        public var responsible: String?
        /// The structure to attach to, which is known already.
        public var structure: String?
        /// Whether several sites share the mailbox, so that a juridical FINESS fits (EX_PBA_5011).
        public var isShared = false

        /// Changes of a mailbox; set what is to be changed.
        public init(address: String) { self.address = address }
    }

    /// `bal-modifier`.
    public static let name = "bal-modifier"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Changes one thing after the other, each judged by the rules and traced with before and after; what is refused ends
    /// the command.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        let work = AccountWork(context)
        let mailbox = try await work.mailbox(arguments.address)
        // Everything that was written is understood before anything is changed.
        let structure = try arguments.structure.map { text throws(AdminFailure) in try AccountWords.structure(text) }
        if let structure, try await work.accounts.repository.read({ try $0.structure(structure) }) == nil {
            throw AdminFailure(refused: "La structure \(structure.text) n'est pas connue.", "unknown structure")
        }
        var operations: [AccountOperation] = []
        if let structure { operations.append(.attach(mailbox.id, structure, isShared: arguments.isShared)) }
        if let text = arguments.responsible {
            operations.append(.changeResponsible(mailbox.id, try await work.person(text)))
        }
        if arguments.description != nil || arguments.service != nil || arguments.phone != nil {
            operations.append(
                .describe(
                    mailbox.id, summary: arguments.description ?? mailbox.summary,
                    service: arguments.service ?? mailbox.service, phone: arguments.phone ?? mailbox.phone))
        }
        guard !operations.isEmpty else { throw AdminFailure(400, "Dites ce qui est à modifier.") }
        var advice: [AccountFinding] = []
        for operation in operations { advice += try await work.perform(operation).advice }
        return try await work.details(mailbox.id, advice: advice)
    }
}
