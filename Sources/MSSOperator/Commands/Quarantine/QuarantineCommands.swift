import MSSConnector
public import MSSCore
import MSSStore
import MSSTraces

/// The commands about what a scanner blocked (EX_SSI_5090).
public enum QuarantineCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] = [
        ListQuarantine.self, ReleaseQuarantined.self, DropQuarantined.self,
    ]

    /// A message in quarantine.
    public struct Entry: Codable, Sendable, Hashable {
        /// Its name.
        public var id: String
        /// When it was set aside.
        public var time: String
        /// The envelope's sender.
        public var sender: String?
        /// The envelope's recipients.
        public var recipients: [String]
        /// What the scanner found.
        public var findings: [String]

        init(_ entry: QuarantineEntry) {
            id = entry.id
            time = entry.time.shown
            sender = entry.sender?.text
            recipients = entry.recipients.map(\.text)
            findings = entry.findings
        }
    }

    /// One of them, and why it is decided on.
    public struct Decision: Codable, Sendable, Hashable {
        /// Its name.
        public var id: String
        /// Why: for the trace.
        public var reason: String

        /// A decision.
        public init(id: String, reason: String) {
            self.id = id
            self.reason = reason
        }
    }

    static func entry(_ id: String, _ context: AdminContext) async throws -> Entry {
        guard let found = try await context.node.quarantine.entries().first(where: { $0.id == id }) else {
            throw AdminFailure(refused: "La quarantaine ne contient rien de ce nom.", "no such entry")
        }
        return Entry(found)
    }
}

/// `quarantaine lister`.
public enum ListQuarantine: AdminCommand {
    /// `quarantaine-lister`.
    public static let name = "quarantaine-lister"
    /// Quarantine.
    public static let duty = AdministrationDuty.quarantine

    /// A look at who wrote to whom.
    public static func trace(_ arguments: AdminNothing) -> AdminTrace? {
        AdminTrace(MailboxCommands.consult, "quarantaine lister")
    }

    /// Lists, oldest first.
    public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> [QuarantineCommands
        .Entry]
    {
        try await context.node.quarantine.entries().map { QuarantineCommands.Entry($0) }
    }
}

/// `quarantaine liberer`: a message found harmless goes to its recipients after all.
public enum ReleaseQuarantined: AdminCommand {
    /// `quarantaine-liberer`.
    public static let name = "quarantaine-liberer"
    /// Quarantine.
    public static let duty = AdministrationDuty.quarantine

    /// Who let it pass, and why.
    public static func trace(_ arguments: QuarantineCommands.Decision) -> AdminTrace? {
        AdminTrace(.changeConfiguration, "quarantaine liberer \(arguments.id) : \(arguments.reason)")
    }

    /// Releases.
    public static func run(
        _ arguments: QuarantineCommands.Decision, _ context: AdminContext
    ) async throws -> QuarantineCommands.Entry {
        let entry = try await QuarantineCommands.entry(arguments.id, context)
        guard let quarantine = context.node.quarantine as? SealedQuarantine else {
            throw AdminFailure(
                refused: "La quarantaine est tenue par un autre système.", "quarantine of another system")
        }
        try await quarantine.release(arguments.id, into: context.node.spool, at: context.now)
        return entry
    }
}

/// `quarantaine supprimer`.
public enum DropQuarantined: AdminCommand {
    /// `quarantaine-supprimer`.
    public static let name = "quarantaine-supprimer"
    /// Quarantine.
    public static let duty = AdministrationDuty.quarantine

    /// Who destroyed it, and why.
    public static func trace(_ arguments: QuarantineCommands.Decision) -> AdminTrace? {
        AdminTrace(.changeConfiguration, "quarantaine supprimer \(arguments.id) : \(arguments.reason)")
    }

    /// Destroys.
    public static func run(
        _ arguments: QuarantineCommands.Decision, _ context: AdminContext
    ) async throws -> QuarantineCommands.Entry {
        let entry = try await QuarantineCommands.entry(arguments.id, context)
        try await context.node.quarantine.destroy(arguments.id)
        return entry
    }
}
