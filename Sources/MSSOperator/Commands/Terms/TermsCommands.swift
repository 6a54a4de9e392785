import MSSAccounts
import MSSCore
import MSSTraces

/// The commands about the terms of use: who accepted which, and that somebody did (EX_DCU_5030).
public enum TermsCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] = [RecordAcceptance.self, ListAcceptances.self]
}

/// A person and the terms that she accepted last.
public struct PersonTerms: Codable, Sendable, Hashable {
    /// Her number.
    public var number: Int64
    /// The person.
    public var person: MailboxPerson
    /// The version accepted last; `nil` for none.
    public var version: String?
    /// When.
    public var at: String?
    /// Whether it opens the service.
    public var isAdmitted: Bool

    enum CodingKeys: String, CodingKey {
        case number = "numero"
        case person = "personne"
        case version
        case at = "le"
        case isAdmitted = "admise"
    }

    init(_ person: Person, _ terms: TermsOfUse?) {
        number = person.id.rawValue
        self.person = MailboxPerson(person)
        version = person.acceptedTerms?.version
        at = person.acceptedTerms?.at.shown
        isAdmitted = terms?.admits(person.acceptedTerms) ?? true
    }
}

/// `bal conditions accepter`: an administrator notes the acceptance that persons gave, and what shows it.
public enum RecordAcceptance: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The identities of the persons.
        public var persons: [String]
        /// What shows the acceptance: a signed form and where it is kept, a ticket.
        public var evidence: String
        /// The version; the one in force when it is not given.
        public var version: String?

        /// An acceptance.
        public init(persons: [String], evidence: String, version: String? = nil) {
            self.persons = persons
            self.evidence = evidence
            self.version = version
        }
    }

    /// `conditions-accepter`.
    public static let name = "conditions-accepter"
    /// Persons.
    public static let duty = AdministrationDuty.persons

    /// Notes it for all of them, who all must be known; the accounts trace each with what shows it.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> [PersonTerms] {
        guard let terms = context.node.accounts.rights.terms else {
            throw AdminFailure(
                refused: "Aucunes conditions ne sont en vigueur : donnez « conditions.version », puis redémarrez.",
                "no terms", "EX_DCU_5030")
        }
        let version = arguments.version ?? terms.version
        // Another one would shut the person out, not in.
        guard version == terms.version || terms.formerVersions.contains(version) else {
            throw AdminFailure(
                refused:
                    "La version « \(version) » n'ouvre pas le service : la version en vigueur est \(terms.version).",
                "other version", "EX_DCU_5030")
        }
        guard !arguments.persons.isEmpty else { throw AdminFailure(400, "Dites qui a accepté.") }
        let work = AccountWork(context)
        var persons: [PersonID] = []
        for text in arguments.persons { persons.append(try await work.person(text)) }
        var done: [PersonTerms] = []
        for person in persons {
            let outcome = try await work.perform(
                .noteAcceptance(person, version: version, evidence: arguments.evidence))
            if let person = outcome.person { done.append(PersonTerms(person, terms)) }
        }
        return done
    }
}

/// `bal conditions lister`: who accepted which terms, and who has still to.
public enum ListAcceptances: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// Only those to whom the service does not open for want of an acceptance.
        public var onlyMissing = false
        /// Only numbers above this one.
        public var after: Int64 = 0
        /// As many persons looked at, at most.
        public var limit = 1000

        /// Everybody.
        public init(onlyMissing: Bool = false) { self.onlyMissing = onlyMissing }
    }

    /// A page.
    public struct Reply: Codable, Sendable, Hashable {
        /// The version in force; `nil` when nothing is asked.
        public var version: String?
        /// Persons by number.
        public var persons: [PersonTerms]
        /// For ``Arguments/after``; `nil` when there are no more.
        public var next: Int64?

        enum CodingKeys: String, CodingKey {
            case version
            case persons = "personnes"
            case next = "suite"
        }
    }

    /// `conditions-lister`.
    public static let name = "conditions-lister"
    /// Persons.
    public static let duty = AdministrationDuty.persons

    /// A look.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        AdminTrace(MailboxCommands.consult, "bal conditions lister")
    }

    /// Lists those to whom the service is open.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let limit = min(max(arguments.limit, 1), 10_000)
        let page = try await context.node.accounts.repository.read {
            try $0.persons(after: PersonID(arguments.after), limit: limit)
        }
        let terms = context.node.accounts.rights.terms
        let shown = page.filter(\.isAuthorised).map { PersonTerms($0, terms) }
        return Reply(
            version: terms?.version, persons: arguments.onlyMissing ? shown.filter { !$0.isAdmitted } : shown,
            next: page.count == limit ? page.last?.id.rawValue : nil)
    }
}
