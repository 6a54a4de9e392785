import MSSAccounts
public import MSSCore

/// A mailbox in a list.
public struct MailboxSummary: Codable, Sendable, Hashable {
    /// Its number.
    public var number: Int64
    /// Its address.
    public var address: String
    /// `PER`, `ORG`, `CAB` or `APP`.
    public var kind: String
    /// `active`, `suspendue` or `supprimee`.
    public var state: String
    /// Octets in use when last measured, and allowed.
    public var used: Int64
    /// Octets allowed; `nil` for no quota.
    public var quota: Int64?
    /// Whether it is a test mailbox.
    public var isTest: Bool

    /// The only names of kinds that people read: `personnelle`, `organisationnelle`, `applicative` (EX_GBM_3040).
    public var kindName: String { MailboxKind(code: kind)?.userFacingName ?? kind }

    init(_ mailbox: Mailbox) {
        number = mailbox.id.rawValue
        address = mailbox.address.address.text
        kind = mailbox.kind.rawValue
        switch mailbox.state {
        case .active: state = "active"
        case .suspended: state = "suspendue"
        case .deleted: state = "supprimee"
        }
        used = mailbox.used
        quota = mailbox.quota
        isTest = mailbox.isTest
    }
}

/// A person with a role in a mailbox.
public struct MailboxPerson: Codable, Sendable, Hashable {
    /// The identity, as traces have it.
    public var identity: String
    /// Given and family name.
    public var name: String
    /// Whether the service is open to the person.
    public var isAuthorised: Bool
    /// The number in the base, as settings name a person.
    public var number: Int64

    init(_ person: Person) {
        number = person.id.rawValue
        identity = person.identity.text
        name = "\(person.givenName) \(person.familyName)"
        isAuthorised = person.isAuthorised
    }
}

/// A mailbox with everything that is known of it.
public struct MailboxDetails: Codable, Sendable, Hashable {
    /// An access for another's sake.
    public struct Delegate: Codable, Sendable, Hashable {
        /// Who may use the mailbox.
        public var delegate: MailboxPerson?
        /// On whose behalf.
        public var principal: MailboxPerson?
        /// From when.
        public var from: String
        /// Until when.
        public var until: String?
        /// May read.
        public var mayRead: Bool
        /// May send.
        public var maySend: Bool
    }

    /// As in a list.
    public var summary: MailboxSummary
    /// The responsible.
    public var responsible: MailboxPerson?
    /// The co-holders.
    public var coHolders: [MailboxPerson] = []
    /// The delegates.
    public var delegates: [Delegate] = []
    /// The structure.
    public var structure: String?
    /// What the directory says of it.
    public var service: String
    /// What the directory says of it.
    public var description: String
    /// Whether the user asked for liste rouge.
    public var isUnlisted: Bool
    /// Why and since when it is suspended.
    public var suspension: String?
    /// When it was created.
    public var created: String
    /// The last connection of a user.
    public var lastConnection: String?
    /// Where messages are forwarded to.
    public var forwarding: String?
    /// Whether it answers automatically now or later.
    public var hasAutomaticReply: Bool
    /// Days after which sent messages are purged.
    public var purgesSentAfterDays: Int?
    /// What the rules advise after a change, in French.
    public var advice: [String] = []

    init(_ mailbox: Mailbox, _ reader: any AccountReader) throws {
        func person(_ id: PersonID) throws -> MailboxPerson? { try reader.person(id).map { MailboxPerson($0) } }
        summary = MailboxSummary(mailbox)
        responsible = try person(mailbox.responsible)
        coHolders = try mailbox.coHolders.compactMap(person)
        delegates = try mailbox.delegations.map { one in
            Delegate(
                delegate: try person(one.delegate), principal: try person(one.principal), from: one.from.shown,
                until: one.until?.shown, mayRead: one.mayRead, maySend: one.maySend)
        }
        structure = mailbox.structure?.text
        service = mailbox.service
        description = mailbox.summary
        isUnlisted = mailbox.isUnlistedByChoice
        if case .suspended(let reason, let since) = mailbox.state { suspension = "\(since.shown) : \(reason)" }
        created = mailbox.createdAt.shown
        lastConnection = mailbox.lastConnection?.shown
        forwarding = mailbox.forwarding?.description
        hasAutomaticReply = mailbox.automaticReply != nil
        purgesSentAfterDays = mailbox.purgesSentAfterDays
    }

    /// The lines that people read.
    public var lines: [String] {
        func said(_ person: MailboxPerson?) -> String {
            person.map { "\($0.name) (\($0.identity))\($0.isAuthorised ? "" : ", service fermé")" } ?? "?"
        }
        var lines = [
            "Adresse : \(summary.address) (BAL \(summary.number))",
            "Type : \(summary.kindName)\(summary.isTest ? ", test" : "")",
            "État : \(summary.state)\(suspension.map { " depuis le \($0)" } ?? "")",
            "Responsable : \(said(responsible))\(responsible.map { ", personne n° \($0.number)" } ?? "")",
        ]
        lines += coHolders.map { "Cotitulaire : \(said($0))" }
        lines += delegates.map { one in
            let what = [one.mayRead ? "lecture" : nil, one.maySend ? "envoi" : nil].compactMap(\.self)
            return "Délégué : \(said(one.delegate)) pour \(said(one.principal)), du \(one.from)"
                + "\(one.until.map { " au \($0)" } ?? "") (\(what.joined(separator: ", ")))"
        }
        if let structure { lines.append("Structure : \(structure)") }
        if !service.isEmpty { lines.append("Service : \(service)") }
        if !description.isEmpty { lines.append("Description : \(description)") }
        lines.append("Liste rouge : \(isUnlisted ? "oui" : "non")")
        let quota = summary.quota.map { " sur \(FrenchSize.text(UInt64(max(0, $0))))" } ?? ", sans quota"
        lines.append("Occupation : \(FrenchSize.text(UInt64(max(0, summary.used))))\(quota)")
        lines.append("Création : \(created) ; dernière connexion : \(lastConnection ?? "aucune")")
        if let forwarding { lines.append("Transfert vers : \(forwarding)") }
        if hasAutomaticReply { lines.append("Réponse automatique : oui") }
        if let purgesSentAfterDays { lines.append("Purge des envoyés : après \(purgesSentAfterDays) jours") }
        return lines + advice.map { "Conseil : \($0)" }
    }
}
