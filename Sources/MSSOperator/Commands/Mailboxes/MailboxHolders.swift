import MSSAccounts
public import MSSCore

/// `bal creer`.
public enum CreateMailbox: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// `PER`, `ORG`, `CAB` or `APP`.
        public var kind: String
        /// The address.
        public var address: String
        /// The identity of the responsible.
        public var responsible: String
        /// Who that is, for one who is not known yet.
        public var givenName: String?
        /// Who that is, for one who is not known yet.
        public var familyName: String?
        /// Whether the person is entitled by law to exchange health data, for one who is not known yet.
        public var isEntitled = false
        /// Whether the person acts for the structure, for one who is not known yet (EX_GBM_4220).
        public var actsForStructure = false
        /// The structure.
        public var structure: String?
        /// Its name, for one that is not known yet.
        public var structureName: String?
        /// `EJ` or `EG`, for a FINESS that is not known yet.
        public var structureEntity: String?
        /// The service, for the directory.
        public var service = ""
        /// The description, for the directory.
        public var description = ""
        /// The telephone number, for the directory.
        public var phone = ""
        /// Octets allowed.
        public var quota: Int64?
        /// Whether the user asked for liste rouge.
        public var isUnlisted = false
        /// Whether it is a test mailbox.
        public var isTest = false

        /// A mailbox; set the other properties where they differ from the ordinary.
        public init(kind: String, address: String, responsible: String) {
            self.kind = kind
            self.address = address
            self.responsible = responsible
        }
    }

    /// `bal-creer`.
    public static let name = "bal-creer"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Opens the mailbox, after its responsible and its structure where they are not known yet.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        let work = AccountWork(context)
        guard let kind = MailboxKind(code: arguments.kind) else {
            throw AdminFailure(
                refused: "« \(arguments.kind) » n'est pas un type : PER, ORG, CAB ou APP.", "no kind", "EX_GBM_3010")
        }
        let address = try AccountWords.address(arguments.address)
        guard context.node.settings.identity.domains.contains(address.address.domain) else {
            throw AdminFailure(
                refused: "\(address.address.domain.ascii) n'est pas un domaine de cet opérateur.", "foreign domain",
                "EX_GBM_4300")
        }
        let structure = try arguments.structure.map { text throws(AdminFailure) in try AccountWords.structure(text) }
        if let structure { try await know(structure, arguments, work) }
        let responsible = try await responsible(arguments, structure, work)
        var mailbox = Mailbox(
            id: MailboxID(0), kind: kind, address: address, responsible: responsible, createdAt: context.now)
        mailbox.structure = structure
        mailbox.service = arguments.service
        mailbox.summary = arguments.description
        mailbox.phone = arguments.phone
        mailbox.quota = arguments.quota
        mailbox.isUnlistedByChoice = arguments.isUnlisted
        mailbox.isTest = arguments.isTest
        let outcome = try await work.perform(.create(mailbox))
        guard let made = outcome.mailbox else {
            throw AdminFailure(refused: "La boîte n'a pas été créée.", "no outcome")
        }
        return try await work.details(made.id, advice: outcome.advice)
    }

    private static func know(
        _ identifier: StructureIdentifier, _ arguments: Arguments, _ work: AccountWork
    ) async throws {
        guard try await work.accounts.repository.read({ try $0.structure(identifier) }) == nil else { return }
        guard let name = arguments.structureName else {
            throw AdminFailure(
                refused: "La structure \(identifier.text) n'est pas connue : donnez son nom (--nom-structure).",
                "unknown structure")
        }
        let entity: FINESS.Entity? =
            switch arguments.structureEntity?.uppercased() {
            case "EJ": .juridical
            case "EG": .geographic
            default: nil
            }
        try await work.perform(.saveStructure(Structure(identifier: identifier, name: name, entity: entity)))
    }

    private static func responsible(
        _ arguments: Arguments, _ structure: StructureIdentifier?, _ work: AccountWork
    ) async throws -> PersonID {
        let identity = try AccountWords.identity(arguments.responsible)
        if let known = try await work.accounts.repository.read({ try $0.person(known: identity) }) { return known.id }
        guard let givenName = arguments.givenName, let familyName = arguments.familyName else {
            throw AdminFailure(
                refused: "Personne n'est connu sous cette identité : donnez --prenom et --nom pour l'inscrire.",
                "unknown person",
                "EX_GBM_4230")
        }
        var person = Person(id: PersonID(0), identity: identity, givenName: givenName, familyName: familyName)
        person.isEntitled = arguments.isEntitled
        person.actsForStructure = arguments.actsForStructure
        person.structures = [structure].compactMap(\.self)
        let outcome = try await work.perform(.addPerson(person))
        guard let made = outcome.person else {
            throw AdminFailure(refused: "La personne n'a pas été inscrite.", "no outcome")
        }
        return made.id
    }
}

/// `bal cotitulaire ajouter|retirer` (EX_GBM_5410).
public enum ChangeCoHolder: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// The identity of the person.
        public var person: String
        /// Added, or removed.
        public var isAdded: Bool

        /// A change.
        public init(address: String, person: String, isAdded: Bool) {
            self.address = address
            self.person = person
            self.isAdded = isAdded
        }
    }

    /// `bal-cotitulaire`.
    public static let name = "bal-cotitulaire"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Adds or removes a co-holder.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        let work = AccountWork(context)
        let person = try await work.person(arguments.person)
        return try await work.change(arguments.address) {
            arguments.isAdded ? .addCoHolder($0, person) : .removeCoHolder($0, person)
        }
    }
}

/// `bal delegue ajouter|retirer` (EX_GBM_5413).
public enum ChangeDelegate: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The mailbox.
        public var address: String
        /// The identity of the delegate.
        public var delegate: String
        /// The identity of the person on whose behalf.
        public var principal: String
        /// Added or changed, or removed.
        public var isAdded: Bool
        /// From when; now when it is not given.
        public var from: String?
        /// Until when.
        public var until: String?
        /// May read.
        public var mayRead = true
        /// May send.
        public var maySend = true

        /// A change.
        public init(address: String, delegate: String, principal: String, isAdded: Bool) {
            self.address = address
            self.delegate = delegate
            self.principal = principal
            self.isAdded = isAdded
        }
    }

    /// `bal-delegue`.
    public static let name = "bal-delegue"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes

    /// Creates, changes or removes a delegation.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> MailboxDetails {
        let work = AccountWork(context)
        let (delegate, principal) = (
            try await work.person(arguments.delegate), try await work.person(arguments.principal)
        )
        let from = try arguments.from.map { text throws(AdminFailure) in try AccountWords.time(text) } ?? context.now
        let until = try arguments.until.map { text throws(AdminFailure) in try AccountWords.time(text) }
        return try await work.change(arguments.address) { id in
            guard arguments.isAdded else { return .removeDelegation(id, delegate: delegate, principal: principal) }
            return .delegate(
                id,
                Delegation(
                    delegate: delegate, principal: principal, from: from, until: until, mayRead: arguments.mayRead,
                    maySend: arguments.maySend))
        }
    }
}
