import MSSAccounts
import MSSCore
import MSSPolicy

/// `bal type-10`: the inventory of personal mailboxes that the directory knows by no national identifier, which the 1.7 draft
/// has moved to the holder's RPPS or reported to ANS (EX_GBM_4312).
public enum ListTypeTen: AdminCommand {
    /// A mailbox of the inventory.
    public struct Entry: Codable, Sendable, Hashable {
        /// Its address, which is its identifier in the directory.
        public var address: String
        /// The holder.
        public var holder: MailboxPerson
    }

    /// `bal-type-10`.
    public static let name = "bal-type-10"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// A look.
    public static func trace(_ arguments: AdminNothing) -> AdminTrace? {
        AdminTrace(MailboxCommands.consult, "bal type-10")
    }

    /// Takes stock.
    public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> [Entry] {
        try await context.node.accounts.repository.read { reader in
            var facts: [MailboxFacts] = []
            var holders: [DirectoryMailAddress: MailboxPerson] = [:]
            var position = MailboxID(0)
            while true {
                let page = try reader.mailboxes(after: position, limit: 1000)
                for mailbox in page where mailbox.kind == .person && mailbox.exists {
                    guard let person = try reader.person(mailbox.responsible) else { continue }
                    facts.append(MailboxFacts(mailbox, of: person))
                    holders[mailbox.address] = MailboxPerson(person)
                }
                guard let last = page.last else { break }
                position = last.id
            }
            // Whose RPPS is known goes by it already.
            return TypeTenInventory(facts) { _ in nil }.entries.compactMap { entry in
                holders[entry.address].map { Entry(address: entry.address.address.text, holder: $0) }
            }
        }
    }
}

extension MailboxFacts {
    /// What the inventory asks of a mailbox in use.
    fileprivate init(_ mailbox: Mailbox, of person: Person) {
        var holder = Responsible(identifier: .mailbox(mailbox.address.address), hasNationalIdentifier: false)
        if case .national(let identifier) = person.identity {
            holder = Responsible(identifier: identifier, hasNationalIdentifier: true)
        }
        self.init(address: mailbox.address, kind: mailbox.kind, responsible: holder)
    }
}

/// `comptes identite`: a person goes by another identity from now on, mailboxes and rights and all: an RPPS instead of a
/// local one (EX_GBM_4312), or what the directory corrected (EX_PBA_5100).
public enum ChangeIdentity: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The identity so far.
        public var person: String
        /// The identity from now on.
        public var identity: String

        /// A change.
        public init(person: String, identity: String) {
            self.person = person
            self.identity = identity
        }
    }

    /// `comptes-identite`.
    public static let name = "comptes-identite"
    /// Persons.
    public static let duty = AdministrationDuty.persons

    /// Changes it; the accounts trace it with before and after.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxPerson {
        let work = AccountWork(context)
        let identity = try AccountWords.identity(arguments.identity)
        let outcome = try await work.perform(.changeIdentity(try await work.person(arguments.person), identity))
        guard let person = outcome.person else { throw AdminFailure(refused: "Rien n'a changé.", "no outcome") }
        return MailboxPerson(person)
    }
}
