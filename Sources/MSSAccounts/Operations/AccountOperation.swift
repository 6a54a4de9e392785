public import MSSCore

/// A change of the accounts, as a value: the only way to make one.
public enum AccountOperation: Sendable, Hashable {
    /// Add or correct a structure.
    case saveStructure(Structure)
    /// Add a person to the authorised users (EX_SSI_5130); the number is given by the base.
    case addPerson(Person)
    /// Correct what is known of a person, the identity apart.
    case updatePerson(Person)
    /// Take over a corrected national identifier (EX_PBA_5100), or move from a local one to an RPPS (EX_GBM_4312).
    case changeIdentity(PersonID, PersonIdentity)
    /// Close the service to a person, or open it again (EX_SSI_5130).
    case authorise(PersonID, Bool)
    /// Note that the authorisation of a person was reviewed (EX_SSI_5130, 1.7 draft).
    case reviewAuthorisation(PersonID)
    /// Note that a person accepted the terms (EX_DCU_5030).
    case acceptTerms(PersonID, version: String)
    /// Note an acceptance that a person gave to an administrator, and what shows it: a signed form, for example
    /// (EX_DCU_5030).
    case noteAcceptance(PersonID, version: String, evidence: String)
    /// Open a mailbox; the number and the creation are given by the base.
    case create(Mailbox)
    /// Suspend a mailbox (RE_GBM_4420).
    case suspend(MailboxID, reason: String)
    /// Lift a suspension (RE_GBM_4440).
    case reactivate(MailboxID)
    /// Close a mailbox for good; its address is reserved (RE_GBM_4330). With what was `seen` of its use, only if nobody has
    /// used it since: who decides by that decided some time ago.
    case delete(MailboxID, seen: LastUse? = nil)
    /// Add a co-holder (EX_GBM_5410).
    case addCoHolder(MailboxID, PersonID)
    /// Remove a co-holder and the delegations given by them (EX_GBM_5410).
    case removeCoHolder(MailboxID, PersonID)
    /// Name another responsible (EX_GBM_5410).
    case changeResponsible(MailboxID, PersonID)
    /// Create a delegation, or change the one of the same delegate and principal (EX_GBM_5413).
    case delegate(MailboxID, Delegation)
    /// Remove a delegation (EX_GBM_5413).
    case removeDelegation(MailboxID, delegate: PersonID, principal: PersonID)
    /// Edit what the directory says of it (EX_GBM_5410).
    case describe(MailboxID, summary: String, service: String, phone: String)
    /// Choose liste rouge, or not (EX_PBA_5040).
    case setUnlisted(MailboxID, Bool)
    /// Attach to a structure (EX_PBA_5011, EX_PBA_5012).
    case attach(MailboxID, StructureIdentifier?, isShared: Bool)
    /// Forward, or stop (EX_GBM_4480).
    case forward(MailboxID, to: DirectoryMailAddress?)
    /// Reply automatically, or stop (EX_GBM_4471).
    case replyAutomatically(MailboxID, AutomaticReply?)
    /// Purge sent messages after days, or never (EX_GBP_3050).
    case purgeSent(MailboxID, afterDays: Int?)
    /// Set the quota.
    case setQuota(MailboxID, Int64?)
    /// Note the octets in use.
    case noteUsage(MailboxID, Int64)
    /// Note a connection of a person, or of the application when `nil` (EX_GBM_4440).
    case noteConnection(MailboxID, PersonID?)
    /// Ask for the deletion of the own personal mailbox (EX_GBM_6021).
    case requestDeletion(MailboxID)
    /// Note what the life cycle did.
    case mark(MailboxID, LifecycleMarks)

    /// The name kept in traces.
    public var name: String {
        switch self {
        case .saveStructure: "saveStructure"
        case .addPerson: "addPerson"
        case .updatePerson: "updatePerson"
        case .changeIdentity: "changeIdentity"
        case .authorise: "authorise"
        case .reviewAuthorisation: "reviewAuthorisation"
        case .acceptTerms: "acceptTerms"
        case .noteAcceptance: "noteAcceptance"
        case .create: "create"
        case .suspend: "suspend"
        case .reactivate: "reactivate"
        case .delete: "delete"
        case .addCoHolder: "addCoHolder"
        case .removeCoHolder: "removeCoHolder"
        case .changeResponsible: "changeResponsible"
        case .delegate: "delegate"
        case .removeDelegation: "removeDelegation"
        case .describe: "describe"
        case .setUnlisted: "setUnlisted"
        case .attach: "attach"
        case .forward: "forward"
        case .replyAutomatically: "replyAutomatically"
        case .purgeSent: "purgeSent"
        case .setQuota: "setQuota"
        case .noteUsage: "noteUsage"
        case .noteConnection: "noteConnection"
        case .requestDeletion: "requestDeletion"
        case .mark: "mark"
        }
    }

    /// The mailbox concerned; `nil` when none is, or not yet.
    public var mailbox: MailboxID? {
        switch self {
        case .suspend(let id, _), .reactivate(let id), .delete(let id, _), .addCoHolder(let id, _),
            .removeCoHolder(let id, _), .changeResponsible(let id, _), .delegate(let id, _),
            .removeDelegation(let id, _, _), .describe(let id, _, _, _), .setUnlisted(let id, _), .attach(let id, _, _),
            .forward(let id, _), .replyAutomatically(let id, _), .purgeSent(let id, _), .setQuota(let id, _),
            .noteUsage(let id, _), .noteConnection(let id, _), .requestDeletion(let id), .mark(let id, _):
            id
        default: nil
        }
    }

    /// Which duty of administrators it belongs to (EX_SSI_5155).
    var duty: AdministratorDuty {
        switch self {
        case .saveStructure: .structures
        case .addPerson, .updatePerson, .changeIdentity, .authorise, .reviewAuthorisation, .acceptTerms,
            .noteAcceptance:
            .persons
        case .suspend, .reactivate: .suspensions
        default: .mailboxes
        }
    }

    /// What the actor must be allowed to do to the mailbox; `nil` when the operation has its own condition.
    var right: MailboxAction? {
        switch self {
        case .addCoHolder, .removeCoHolder: .manageCoHolders
        case .delegate, .removeDelegation: .manageDelegates
        case .describe: .describe
        case .changeResponsible: .changeResponsible
        case .setUnlisted, .attach, .forward, .replyAutomatically, .purgeSent: .configure
        case .delete: .close
        default: nil
        }
    }
}

/// When a mailbox was used last.
public struct LastUse: Sendable, Hashable {
    /// The last connection to the mailbox.
    public var connection: Timestamp?
    /// The last authentication of any of the persons who hold it.
    public var authentication: Timestamp?

    /// The use of a mailbox that these persons hold.
    public init(_ mailbox: Mailbox, _ persons: [Person]) {
        connection = mailbox.lastConnection
        authentication = persons.compactMap(\.lastAuthentication).max()
    }
}

/// Why an operation is refused, beside rights, rules and the base.
public enum AccountOperationError: Error, Sendable, Hashable {
    /// The mailbox, person or structure does not exist.
    case notFound
    /// Only an administrator, the structure's manager or the operator's jobs may do this.
    case notForUsers
    /// The state of the mailbox does not allow it.
    case wrongState
    /// The mailbox was used after what the deletion was decided on (EX_GBM_6010).
    case usedSince
    /// The address is reserved for its former holder until a date (RE_GBM_4330).
    case addressReserved(until: Timestamp)
    /// The person already has this role, or has it not.
    case roleUnchanged
    /// The delegate and the principal are one person, the period is empty, or nothing is delegated.
    case emptyDelegation
    /// A text is too long or holds control characters.
    case badText
    /// A number is out of range.
    case badNumber
    /// The clock shows a time before one already noted.
    case clockWentBack
}

extension AccountOperationError: ExplainedFailure {
    /// The requirement concerned.
    public var requirement: RequirementID? {
        switch self {
        case .notFound, .notForUsers, .badText, .badNumber, .clockWentBack: nil
        case .usedSince: "EX_GBM_6010"
        case .wrongState: "RE_GBM_4420"
        case .addressReserved: "RE_GBM_4330"
        case .roleUnchanged: "EX_GBM_5410"
        case .emptyDelegation: "EX_GBM_5413"
        }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .notFound: "La boîte aux lettres, la personne ou la structure désignée n'existe pas."
        case .notForUsers: "Cette action revient à un administrateur ou au gestionnaire de la structure."
        case .usedSince: "La boîte aux lettres a été utilisée entre-temps : elle n'est pas supprimée."
        case .wrongState: "L'état de la boîte aux lettres ne permet pas cette action."
        case .addressReserved(let time):
            "Cette adresse a appartenu à une autre personne : elle est réservée jusqu'au \(time.xsdDateTime.prefix(10))."
        case .roleUnchanged: "Cette personne a déjà ce rôle, ou ne l'a pas."
        case .emptyDelegation: "La délégation est vide : vérifiez le délégué, la période et les droits."
        case .badText: "Un texte est trop long ou contient un caractère de contrôle."
        case .badNumber: "Un nombre est hors des limites admises."
        case .clockWentBack: "L'horloge du serveur a reculé : rien n'a été enregistré."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .notFound: "not found"
        case .notForUsers: "not for users"
        case .usedSince: "used since"
        case .wrongState: "wrong state of the mailbox"
        case .addressReserved: "address reserved"
        case .roleUnchanged: "role unchanged"
        case .emptyDelegation: "empty delegation"
        case .badText: "bad text"
        case .badNumber: "number out of range"
        case .clockWentBack: "clock went back"
        }
    }
}
