public import MSSCore

/// What a notice tells its reader, in the words of a physician's day rather than of SMTP (RE_GBM_4410).
public enum NoticeReason: String, Sendable, Hashable, CaseIterable {
    /// No mailbox has this address.
    case unknownAddress
    /// The mailbox is over its quota.
    case mailboxFull
    /// The mailbox is suspended (RE_GBM_4420).
    case mailboxSuspended
    /// The recipient's domain is not in the trust space's white list.
    case domainNotTrusted
    /// The recipient's domain does not exist or takes no mail.
    case unknownDomain
    /// Malware was found.
    case malware
    /// The message is larger than accepted.
    case tooLarge
    /// Too many recipients.
    case tooManyRecipients
    /// Attempts were given up.
    case expired
    /// The other server refused without a cause known here.
    case refused
    /// Attempts go on.
    case delayed
    /// In the mailbox.
    case delivered
    /// Handed to a server that reports nothing more.
    case relayed
    /// Sent on to the members of a list.
    case expanded

    /// The reason that a status stands for. `5.7.1` alone says no more than "refused".
    public init(action: DeliveryReport.Action, status: EnhancedStatusCode) {
        switch action {
        case .delivered: self = .delivered
        case .relayed: self = .relayed
        case .expanded: self = .expanded
        case .delayed: self = .delayed
        case .failed:
            switch (status.subject, status.detail) {
            case (1, 1), (1, 3), (1, 6): self = .unknownAddress
            case (1, 2), (1, 10), (4, 4): self = .unknownDomain
            case (2, 1): self = .mailboxSuspended
            case (2, 2): self = .mailboxFull
            case (2, 3), (3, 4): self = .tooLarge
            case (4, 7), (4, 1): self = .expired
            case (5, 3): self = .tooManyRecipients
            default: self = .refused
            }
        }
    }

    /// The status that this SDK gives (RFC 3463, RFC 7505).
    public var status: EnhancedStatusCode {
        switch self {
        case .unknownAddress: "5.1.1"
        case .mailboxFull: "5.2.2"
        case .mailboxSuspended: "5.2.1"
        case .domainNotTrusted: "5.7.1"
        case .unknownDomain: "5.1.2"
        case .malware: "5.7.0"
        case .tooLarge: "5.3.4"
        case .tooManyRecipients: "5.5.3"
        case .expired: "5.4.7"
        case .refused: "5.0.0"
        case .delayed: "4.4.1"
        case .delivered: "2.1.5"
        case .relayed: "2.1.9"
        case .expanded: "2.1.5"
        }
    }

    /// The action that goes with it.
    public var action: DeliveryReport.Action {
        switch self {
        case .delayed: .delayed
        case .delivered: .delivered
        case .relayed: .relayed
        case .expanded: .expanded
        default: .failed
        }
    }

    /// A few words for the subject.
    public var title: String {
        switch self {
        case .unknownAddress: "adresse inconnue"
        case .mailboxFull: "boîte aux lettres pleine"
        case .mailboxSuspended: "boîte aux lettres suspendue"
        case .domainNotTrusted: "destinataire hors de l'espace de confiance MSSanté"
        case .unknownDomain: "domaine de messagerie introuvable"
        case .malware: "contenu malveillant détecté"
        case .tooLarge: "message trop volumineux"
        case .tooManyRecipients: "trop de destinataires"
        case .expired: "destinataire injoignable"
        case .refused: "message refusé"
        case .delayed: "remise retardée"
        case .delivered: "message remis"
        case .relayed: "message transmis"
        case .expanded: "message transmis à une liste"
        }
    }

    /// What happened, in a sentence.
    public var explanation: String {
        switch self {
        case .unknownAddress: "Aucune boîte aux lettres ne correspond à cette adresse."
        case .mailboxFull: "La boîte aux lettres du destinataire est pleine : elle ne peut plus recevoir de message."
        case .mailboxSuspended: "La boîte aux lettres du destinataire est suspendue : elle n'accepte plus de message."
        case .domainNotTrusted:
            "Le domaine de cette adresse ne fait pas partie de l'espace de confiance MSSanté : pour protéger les données "
                + "de santé, le message n'est pas sorti de cet espace."
        case .unknownDomain: "Le domaine de cette adresse n'existe pas ou ne reçoit pas de messages."
        case .malware: "Un contenu malveillant (virus) a été détecté dans le message, qui n'a pas été transmis."
        case .tooLarge: "Le message, pièces jointes comprises, dépasse la taille acceptée par le destinataire."
        case .tooManyRecipients: "Le message est adressé à plus de destinataires qu'il n'est permis (40 au plus)."
        case .expired:
            "Le serveur du destinataire n'a pas pu être joint malgré plusieurs tentatives, désormais abandonnées."
        case .refused: "Le serveur du destinataire a refusé le message."
        case .delayed: "Le message n'a pas encore pu être remis ; de nouvelles tentatives auront lieu automatiquement."
        case .delivered: "Le message a été déposé dans la boîte aux lettres du destinataire."
        case .relayed: "Le message a été transmis au serveur du destinataire, qui ne confirmera pas sa remise."
        case .expanded: "Le message a été transmis aux membres de la liste de diffusion."
        }
    }

    /// What the reader can do; `nil` when nothing is to be done.
    public var advice: String? {
        switch self {
        case .unknownAddress: "Vérifiez l'adresse dans l'Annuaire Santé, puis renvoyez le message."
        case .mailboxFull:
            "Prévenez le destinataire par un autre moyen et renvoyez le message plus tard. En cas d'urgence, n'attendez pas."
        case .mailboxSuspended: "Cherchez dans l'Annuaire Santé une autre adresse de ce destinataire."
        case .domainNotTrusted:
            "Cherchez dans l'Annuaire Santé une adresse MSSanté de ce destinataire. N'utilisez pas une messagerie ordinaire "
                + "pour des données de santé."
        case .unknownDomain: "Vérifiez l'orthographe de l'adresse dans l'Annuaire Santé, puis renvoyez le message."
        case .malware: "Ne renvoyez pas ces pièces jointes et prévenez votre service informatique."
        case .tooLarge: "Réduisez les pièces jointes ou envoyez-les en plusieurs messages."
        case .tooManyRecipients: "Envoyez le message en plusieurs fois, à 40 destinataires au plus."
        case .expired: "Prévenez le destinataire par un autre moyen et renvoyez le message plus tard."
        case .refused: "Si le problème persiste, transmettez cet avis à votre service informatique."
        case .delayed:
            "Vous n'avez rien à faire. Ne renvoyez pas le message ; en cas d'urgence, joignez le destinataire autrement."
        case .delivered, .relayed, .expanded: nil
        }
    }
}
