import MSSAccounts
import MSSCore
import MSSTraces

/// What holders choose for their mailboxes, entered by an administrator at their request: no software of theirs may be able
/// to. Each change is traced by the accounts.
enum HolderChoices {
    static let all: [any AdminCommand.Type] = [SetAbsence.self, SetForwarding.self, SetPurge.self]
}

/// `bal absence` (EX_GBM_4471).
public enum SetAbsence: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// What correspondents read; `nil` ends the absence.
        public var text: String?
        /// From when; by default now.
        public var from: String?
        /// Until when; by default until it is ended.
        public var until: String?

        /// An absence.
        public init(address: String, text: String?, from: String? = nil, until: String? = nil) {
            self.address = address
            self.text = text
            self.from = from
            self.until = until
        }
    }

    /// `bal-absence`.
    public static let name = "bal-absence"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Sets it.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        let reply = try arguments.text.map { text in
            AutomaticReply(
                text: text, from: try arguments.from.map(AccountWords.time) ?? context.node.clock.now(),
                until: try arguments.until.map(AccountWords.time))
        }
        return try await AccountWork(context).change(arguments.address) { .replyAutomatically($0, reply) }
    }
}

/// `bal transfert` (EX_GBM_4480).
public enum SetForwarding: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// Where its messages go too; `nil` ends it.
        public var to: String?

        /// A forwarding.
        public init(address: String, to: String?) {
            self.address = address
            self.to = to
        }
    }

    /// `bal-transfert`.
    public static let name = "bal-transfert"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Sets it.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        let to = try arguments.to.map(AccountWords.address)
        return try await AccountWork(context).change(arguments.address) { .forward($0, to: to) }
    }
}

/// `bal purge-envoyes` (EX_GBP_3050).
public enum SetPurge: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// Days that sent messages stay; `nil` for as long as the holder wants.
        public var days: Int?

        /// A purge.
        public init(address: String, days: Int?) {
            self.address = address
            self.days = days
        }
    }

    /// `bal-purge-envoyes`.
    public static let name = "bal-purge-envoyes"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Sets it.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        try await AccountWork(context).change(arguments.address) { .purgeSent($0, afterDays: arguments.days) }
    }
}
