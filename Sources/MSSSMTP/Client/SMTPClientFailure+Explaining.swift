public import MSSCore
import MSSDNS
import MSSTLS

extension SMTPClientFailure {
    /// The status code for a delivery report (RFC 3463): the server's own when it gave one.
    public var status: EnhancedStatusCode {
        let severity = isPermanent ? 5 : 4
        if let reply {
            if let enhanced = reply.enhanced, enhanced.class == severity { return enhanced }
            return Self.code(severity, Self.subject(of: reply.code))
        }
        return Self.code(severity, conditions)
    }

    /// Subject and detail of RFC 3463 for a bare reply code (RFC 5321 §4.2.2 and §4.2.3 give their meanings).
    private static func subject(of code: SMTPReplyCode) -> (Int, Int) {
        switch code.number {
        case 421: (3, 2)
        case 450: (2, 0)
        case 452, 552: (3, 0)
        case 500...504: (5, 0)
        case 530, 534, 535, 538: (7, 0)
        case 550: (1, 0)
        case 551: (1, 6)
        case 553: (1, 3)
        case 556: (1, 10)
        default: (0, 0)
        }
    }

    private var conditions: (Int, Int) {
        switch cause {
        case .reply: (0, 0)
        case .malformedReply, .unexpectedReply: (5, 0)
        case .clearBytesAfterStartTLS, .tls: (7, 5)
        case .timedOut, .closed: phase == .greeting || phase == .connecting ? (4, 1) : (4, 2)
        case .connection: (4, 1)
        case .peerRefused: (7, 1)
        case .notOffered(let keyword):
            switch keyword {
            case "8BITMIME": (6, 3)
            case "SMTPUTF8": (6, 7)
            case "STARTTLS", "AUTH": (7, 4)
            default: (5, 4)
            }
        case .tooLarge: (3, 4)
        case .tooManyRecipients: (5, 3)
        case .unfit: (6, 0)
        case .content: (3, 0)
        case .credentials: (7, 8)
        case .loop: (4, 6)
        case .dns: (4, 3)
        case .noSuchDomain: (1, 2)
        case .acceptsNoMail: (1, 10)
        case .noAddress: (4, 4)
        case .expired: (4, 7)
        case .cancelled: (3, 2)
        }
    }

    private static func code(_ severity: Int, _ rest: (Int, Int)) -> EnhancedStatusCode {
        EnhancedStatusCode(class: severity, subject: rest.0, detail: rest.1)!
    }

    /// The requirement behind the refusal: that of the TLS failure or of the peer check.
    public var requirement: RequirementID? {
        switch cause {
        case .tls(let failure): failure.requirement
        case .peerRefused(let refusal): refusal.requirement
        // §6.7.2.1 step 3: only sessions opened with STARTTLS.
        case .notOffered("STARTTLS"): "EX_3.2_5050"
        case .dns(let failure): failure.requirement
        case .reply where kind == .authentication: "EX_LPS_0710"
        default: nil
        }
    }

    /// One French sentence for a user or administrator.
    public var explanation: String {
        switch cause {
        case .reply(let reply):
            switch kind {
            case .authentication: "Le serveur a refusé l'authentification (code \(reply))."
            default:
                isPermanent
                    ? "Le serveur du destinataire a refusé le message (code \(reply))."
                    : "Le serveur du destinataire ne peut pas prendre le message pour l'instant (code \(reply))."
            }
        case .malformedReply(let error): error.explanation
        case .unexpectedReply(let code):
            "Le serveur de messagerie distant a répondu hors de propos (code \(code))."
        case .clearBytesAfterStartTLS:
            "La connexion a été abandonnée : des données sont arrivées en clair à la place de la négociation TLS."
        case .timedOut: "Le serveur de messagerie distant n'a pas répondu dans le délai imparti."
        case .closed: "Le serveur de messagerie distant a mis fin à la connexion."
        case .connection: "La connexion au serveur de messagerie distant n'a pas pu être établie ou s'est rompue."
        case .tls(let failure): failure.explanation
        case .peerRefused(let refusal): refusal.explanation
        case .notOffered("STARTTLS"):
            "Le serveur de messagerie distant ne propose pas de connexion chiffrée (STARTTLS)."
        case .notOffered("AUTH"): "Le serveur ne propose pas le mode d'authentification demandé."
        case .notOffered("SMTPUTF8"):
            "Le serveur du destinataire n'accepte pas les adresses ou les en-têtes comportant des lettres accentuées."
        case .notOffered("8BITMIME"): "Le serveur du destinataire n'accepte pas le codage de ce message."
        case .notOffered: "Le serveur distant ne propose pas une extension nécessaire à ce message."
        case .tooLarge(let limit):
            "Le message dépasse la taille acceptée par le serveur du destinataire (\(limit) octets)."
        case .tooManyRecipients: "Le message a plus de destinataires que le serveur n'en accepte en une fois."
        case .unfit: "Le message contient des fins de ligne ou des caractères non conformes : il n'a pas été envoyé."
        case .content: "Le message n'a pas pu être relu pour être envoyé."
        case .credentials: "Les données d'authentification n'ont pas pu être obtenues ou sont inutilisables."
        case .loop: "Le message revient à son point de départ : la configuration du domaine destinataire est en boucle."
        case .dns(let failure): failure.explanation
        case .noSuchDomain: "Le domaine du destinataire n'existe pas."
        case .acceptsNoMail: "Le domaine du destinataire ne reçoit pas de messages."
        case .noAddress: "Aucun serveur de messagerie du domaine destinataire n'a d'adresse."
        case .expired: "Le message n'a pas pu être remis dans le délai prévu."
        case .cancelled: "L'envoi a été interrompu."
        }
    }

    /// English text for logs: kind, phase, cause; no address, no credential, no text of the peer.
    public var description: String { "\(kind.rawValue) failure in \(phase.rawValue): \(causeText)" }

    private var causeText: String {
        switch cause {
        case .reply(let reply): "reply \(reply)"
        case .malformedReply(let error): error.description
        case .unexpectedReply(let code): "unexpected reply \(code)"
        case .clearBytesAfterStartTLS: "bytes in clear after the answer to STARTTLS"
        case .timedOut: "timed out"
        case .closed: "connection closed by the server"
        case .connection(let reason): "connection: \(reason)"
        case .tls(let failure): "TLS: \(failure)"
        case .peerRefused(let refusal): "peer refused: \(refusal.detail)"
        case .notOffered(let keyword): "\(keyword) not offered"
        case .tooLarge(let limit): "message larger than the server's limit of \(limit) octets"
        case .tooManyRecipients: "too many recipients for the server"
        case .unfit: "CR or LF alone, or NUL, in the message"
        case .content(let reason): "content: \(reason)"
        case .credentials: "credentials not available or not usable"
        case .loop: "the server is ourselves"
        case .dns(let failure): "DNS: \(failure)"
        case .noSuchDomain: "no such domain"
        case .acceptsNoMail: "null MX"
        case .noAddress: "no host with an address"
        case .expired: "delivery time expired"
        case .cancelled: "cancelled"
        }
    }
}
