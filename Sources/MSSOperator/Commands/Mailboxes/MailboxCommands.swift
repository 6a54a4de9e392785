import MSSStore
import MSSAccounts
import MSSConnector
public import MSSCore
import MSSTraces

/// The commands about mailboxes and who has them. What they change is traced by the accounts, with before and after and
/// the administrator's name (EX_GDT_5030); what they show is traced here.
public enum MailboxCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] =
        [
            ListMailboxes.self, ShowMailbox.self, CreateMailbox.self, SuspendMailbox.self, ReactivateMailbox.self,
            DeleteMailbox.self, ChangeCoHolder.self, ChangeDelegate.self, ChooseListeRouge.self, ExportMailbox.self,
            ModifyMailbox.self, ListSuspended.self, ListTypeTen.self, ChangeIdentity.self,
        ] + HolderChoices.all

    /// A look at what is known of mailboxes and persons.
    static let consult = TraceAction(.technical, "mailbox.consult") ?? .changeMailbox
}

/// `bal lister`.
public enum ListMailboxes: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// Only numbers above this one.
        public var after: Int64 = 0
        /// As many at most.
        public var limit = 1000
        /// Only of this domain.
        public var domain: String?
        /// Deleted ones too.
        public var includesDeleted = false

        /// All mailboxes.
        public init() {}
    }

    /// A page.
    public struct Reply: Codable, Sendable, Hashable {
        /// Mailboxes by number.
        public var mailboxes: [MailboxSummary]
        /// For ``Arguments/after``; `nil` when there are no more.
        public var next: Int64?
    }

    /// `bal-lister`.
    public static let name = "bal-lister"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// A look.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        AdminTrace(MailboxCommands.consult, "bal lister")
    }

    /// Lists.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let limit = min(max(arguments.limit, 1), 10_000)
        let page = try await context.node.accounts.repository.read {
            try $0.mailboxes(after: MailboxID(arguments.after), limit: limit)
        }
        let shown = page.filter { mailbox in
            (arguments.includesDeleted || mailbox.exists)
                && arguments.domain.map { mailbox.address.address.domain.ascii == $0.lowercased() } ?? true
        }
        return Reply(
            mailboxes: shown.map { MailboxSummary($0) }, next: page.count == limit ? page.last?.id.rawValue : nil)
    }
}

/// The arguments of commands about one mailbox.
public struct MailboxArguments: Codable, Sendable, Hashable {
    /// Its address.
    public var address: String

    /// A mailbox.
    public init(address: String) { self.address = address }

    var traced: MailAddress? { try? MailAddress(address) }
}

/// `bal montrer`.
public enum ShowMailbox: AdminCommand {
    /// `bal-montrer`.
    public static let name = "bal-montrer"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// A look.
    public static func trace(_ arguments: MailboxArguments) -> AdminTrace? {
        AdminTrace(MailboxCommands.consult, "bal montrer", mailbox: arguments.traced)
    }

    /// Shows.
    public static func run(_ arguments: MailboxArguments, _ context: AdminContext) async throws -> MailboxDetails {
        let work = AccountWork(context)
        return try await work.details(try await work.mailbox(arguments.address).id)
    }
}

/// `bal suspendre` (RE_GBM_4420).
public enum SuspendMailbox: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// Why.
        public var reason: String

        /// A suspension.
        public init(address: String, reason: String) {
            self.address = address
            self.reason = reason
        }
    }

    /// `bal-suspendre`.
    public static let name = "bal-suspendre"
    /// Suspensions.
    public static let duty = AdministrationDuty.suspensions

    /// Suspends.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        try await AccountWork(context).change(arguments.address) { .suspend($0, reason: arguments.reason) }
    }
}

/// `bal reactiver` (RE_GBM_4440).
public enum ReactivateMailbox: AdminCommand {
    /// `bal-reactiver`.
    public static let name = "bal-reactiver"
    /// Suspensions.
    public static let duty = AdministrationDuty.suspensions

    /// Lifts a suspension.
    public static func run(_ arguments: MailboxArguments, _ context: AdminContext) async throws -> MailboxDetails {
        try await AccountWork(context).change(arguments.address) { .reactivate($0) }
    }
}

/// `bal supprimer`: the mailbox is closed, then its key destroyed, and with it every message (EX_GBM_6010).
public enum DeleteMailbox: AdminCommand {
    /// `bal-supprimer`.
    public static let name = "bal-supprimer"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Deletes for good. After a crash between the two steps the daily round finishes.
    public static func run(_ arguments: MailboxArguments, _ context: AdminContext) async throws -> MailboxDetails {
        let work = AccountWork(context)
        let mailbox = try await work.mailbox(arguments.address)
        try await work.perform(.delete(mailbox.id))
        try await context.node.mail.destroy(MailboxReference(mailbox))
        return try await work.details(mailbox.id)
    }
}

/// `bal liste-rouge` (EX_PBA_5040).
public enum ChooseListeRouge: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// Whether it is to be unlisted.
        public var isUnlisted: Bool

        /// A choice.
        public init(address: String, isUnlisted: Bool) {
            self.address = address
            self.isUnlisted = isUnlisted
        }
    }

    /// `bal-liste-rouge`.
    public static let name = "bal-liste-rouge"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Notes the user's choice.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        try await AccountWork(context).change(arguments.address) { .setUnlisted($0, arguments.isUnlisted) }
    }
}
