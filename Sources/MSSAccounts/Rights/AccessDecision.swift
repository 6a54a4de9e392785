public import MSSCore

/// The answer to « may this actor do this to this mailbox? », with its reason.
public enum AccessDecision: Sendable, Hashable {
    /// Yes, as this.
    case allowed(Capacity)
    /// No, because of this.
    case denied(AccessDenial)

    /// True for yes.
    public var isAllowed: Bool { if case .allowed = self { true } else { false } }

    /// What the decision rests on.
    public var requirement: RequirementID? {
        switch self {
        case .denied(let denial): denial.requirement
        case .allowed(let capacity):
            switch capacity {
            case .responsible: "EX_GBM_4220"
            case .coHolder: "EX_GBM_5410"
            case .delegate: "EX_GBM_5411"
            case .application: "EX_LPS_1200"
            case .structureManager, .administrator, .system: nil
            }
        }
    }

    /// One French sentence.
    public var explanation: String {
        switch self {
        case .denied(let denial): denial.explanation
        case .allowed(let capacity):
            switch capacity {
            case .responsible: "Accès en qualité de responsable opérationnel."
            case .coHolder: "Accès en qualité de cotitulaire."
            case .delegate: "Accès en qualité de délégué, pour le compte d'un titulaire."
            case .application: "Accès par le certificat de la structure."
            case .structureManager: "Gestion en qualité de gestionnaire des boîtes de la structure."
            case .administrator: "Gestion en qualité d'administrateur."
            case .system: "Traitement de l'opérateur."
            }
        }
    }

    /// Throws the denial, if it is one.
    public func require() throws(AccessDenial) {
        if case .denied(let denial) = self { throw denial }
    }
}

/// Why something is refused.
public enum AccessDenial: String, Error, Sendable, Hashable, CaseIterable {
    /// No such mailbox.
    case unknownMailbox
    /// No such person in the list of authorised users.
    case unknownPerson
    /// The service was closed to the person.
    case notAuthorised
    /// The terms in force are not accepted.
    case termsNotAccepted
    /// The mailbox is suspended.
    case suspended
    /// The mailbox is deleted.
    case deleted
    /// The responsible or co-holder is not entitled to health data.
    case notEntitled
    /// Neither responsible nor co-holder nor delegate.
    case noRole
    /// The role does not go so far.
    case beyondRole
    /// The delegation is over, has not begun, or does not cover this.
    case delegationNotInForce
    /// The person who delegated is no longer a holder, or no longer entitled.
    case principalLost
    /// The certificate is another structure's.
    case otherStructure
    /// Application mailboxes only.
    case notAnApplication
    /// Messages are not for administrators or managers.
    case messagesAreNotForManagers
    /// The administrator's account is not for this.
    case beyondDuty
    /// The base could not be asked for so long that what is known of rights may be over.
    case unverifiable

    /// True when asking again later may get another answer without anybody's doing: a server defers, it does not refuse.
    public var isTemporary: Bool { self == .unverifiable }
}

extension AccessDenial: ExplainedFailure {
    /// The requirement that refuses.
    public var requirement: RequirementID? {
        switch self {
        case .unknownMailbox: nil
        case .unknownPerson, .notAuthorised: "EX_SSI_5130"
        case .termsNotAccepted: "EX_DCU_5030"
        case .suspended: "RE_GBM_4420"
        case .deleted: "EX_GBM_6010"
        case .notEntitled: "EX_GBM_4220"
        case .noRole: "EX_GBM_4230"
        case .beyondRole: "EX_GBM_5410"
        case .delegationNotInForce, .principalLost: "EX_GBM_5411"
        case .otherStructure, .notAnApplication: "EX_LPS_1200"
        case .messagesAreNotForManagers, .beyondDuty: "EX_SSI_5155"
        case .unverifiable: "EX_SSI_5130"
        }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .unknownMailbox: "Cette boîte aux lettres n'existe pas."
        case .unknownPerson: "Vous n'êtes pas connu de ce service."
        case .notAuthorised: "L'accès au service vous a été retiré."
        case .termsNotAccepted:
            "Les conditions d'utilisation du service doivent d'abord être acceptées par l'utilisateur, ou par le responsable d'une boîte applicative."
        case .suspended: "Cette boîte aux lettres est suspendue."
        case .deleted: "Cette boîte aux lettres a été supprimée."
        case .notEntitled: "Seul un professionnel habilité accède aux messages de cette boîte aux lettres."
        case .noRole: "Vous n'avez pas accès à cette boîte aux lettres."
        case .beyondRole: "Votre rôle sur cette boîte aux lettres ne permet pas cette action."
        case .delegationNotInForce: "Votre délégation n'est pas en vigueur ou ne couvre pas cette action."
        case .principalLost: "La personne qui vous a donné délégation n'a plus accès à cette boîte aux lettres."
        case .otherStructure: "Le certificat présenté n'est pas celui de la structure de cette boîte aux lettres."
        case .notAnApplication: "Un certificat de structure n'ouvre que des boîtes aux lettres applicatives."
        case .messagesAreNotForManagers: "La gestion des boîtes aux lettres ne donne pas accès aux messages."
        case .beyondDuty: "Votre compte d'administration n'est pas prévu pour cette action."
        case .unverifiable: "Vos droits ne peuvent pas être vérifiés pour le moment : réessayez dans quelques instants."
        }
    }

    /// The English text for logs.
    public var description: String { "access denied: \(rawValue)" }
}
