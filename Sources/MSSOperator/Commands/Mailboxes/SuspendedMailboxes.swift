import MSSAccounts
import MSSCore

/// `bal suspendues`: the suspended mailboxes with their reasons, structure by structure, to be handed to those who answer
/// for the structures (RE_GBM_4430).
public enum ListSuspended: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// Only of this structure: FINESS, SIRET, or with its type.
        public var structure: String?

        /// Of one structure, or of all.
        public init(structure: String? = nil) { self.structure = structure }
    }

    /// A suspended mailbox.
    public struct Entry: Codable, Sendable, Hashable {
        /// The structure; `nil` for a mailbox without one.
        public var structure: String?
        /// Its name.
        public var structureName: String?
        /// The mailbox.
        public var address: String
        /// `personnelle`, `organisationnelle` or `applicative` (EX_GBM_3040).
        public var kind: String
        /// Given and family name of the responsible.
        public var responsible: String
        /// Since when.
        public var since: String
        /// Why.
        public var reason: String
    }

    /// The list.
    public struct Reply: Codable, Sendable, Hashable {
        /// By structure, then by address.
        public var mailboxes: [Entry]

        /// The lines that people read.
        public var lines: [String] {
            guard !mailboxes.isEmpty else { return ["Aucune boîte aux lettres n'est suspendue."] }
            var lines: [String] = []
            var last: String??
            for one in mailboxes {
                if last != .some(one.structure) {
                    lines.append(
                        one.structure.map { "Structure \(one.structureName ?? "inconnue") (\($0))" } ?? "Sans structure"
                    )
                    last = .some(one.structure)
                }
                lines.append(
                    "  \(one.address), \(one.kind), responsable \(one.responsible) : "
                        + "suspendue depuis le \(one.since.prefix(10)), motif : \(one.reason)")
            }
            return lines
        }
    }

    /// `bal-suspendues`.
    public static let name = "bal-suspendues"
    /// Suspensions.
    public static let duty = AdministrationDuty.suspensions

    /// A look.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        AdminTrace(MailboxCommands.consult, "bal suspendues \(arguments.structure ?? "")")
    }

    /// Lists.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let wanted = try arguments.structure.map { text throws(AdminFailure) in try AccountWords.structure(text) }
        let found = try await context.node.accounts.repository.read { reader in
            var entries: [Entry] = []
            var position = MailboxID(0)
            while true {
                let page = try reader.mailboxes(after: position, limit: 1000)
                for mailbox in page where wanted == nil || mailbox.structure == wanted {
                    if let entry = try Entry(mailbox, reader) { entries.append(entry) }
                }
                guard let last = page.last else { return entries }
                position = last.id
            }
        }
        return Reply(
            mailboxes: found.sorted { ($0.structure ?? "", $0.address) < ($1.structure ?? "", $1.address) })
    }
}

extension ListSuspended.Entry {
    /// `nil` for a mailbox that is not suspended.
    fileprivate init?(_ mailbox: Mailbox, _ reader: any AccountReader) throws {
        guard case .suspended(let reason, let since) = mailbox.state else { return nil }
        structure = mailbox.structure?.text
        structureName = try mailbox.structure.flatMap { try reader.structure($0) }?.name
        address = mailbox.address.address.text
        kind = mailbox.kind.userFacingName
        responsible = try reader.person(mailbox.responsible).map { "\($0.givenName) \($0.familyName)" } ?? "inconnu"
        self.since = since.shown
        self.reason = reason
    }
}
