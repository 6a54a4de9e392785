public import MSSAccounts
public import MSSCore
import MSSSMTP
public import MSSWhitelist

/// Why the connector refuses a peer, a sender, a recipient or a message: what is answered, which requirement it
/// enforces, and what a French reader is told. The one place where these are said.
public enum ExchangeRefusal: ExplainedFailure, Hashable {
    /// The peer showed no certificate: no mutual TLS.
    case noCertificate
    /// The peer's certificate may not do this, by the whitelist.
    case peer(WhitelistRefusal)
    /// The domain of a sender or recipient is not in the whitelist, or there is no whitelist to ask.
    case notTrusted(WhitelistRefusal)
    /// The recipient's domain is not one of this operator's, and the connector relays for nobody.
    case relaying(Domain)
    /// The sender's domain is not one of this operator's.
    case foreignSender(Domain)
    /// No mailbox has this address.
    case unknownMailbox
    /// The mailbox is suspended.
    case suspended
    /// The mailbox has no room left.
    case full
    /// The own mailbox has no room left, so it sends nothing either.
    case senderFull
    /// A test mailbox and an ordinary one; the rule's own words.
    case testCircle(String)
    /// The message is larger than allowed, in octets.
    case tooLarge(limit: Int)
    /// More recipients than allowed.
    case tooManyRecipients(limit: Int)
    /// None of the recipients was accepted.
    case noRecipient
    /// The message has been on the way too often.
    case loop
    /// The header is longer than any honest one.
    case headerTooLarge
    /// The author shown is not the sender.
    case foreignAuthor
    /// The author has no right to send as this mailbox.
    case notAllowed(AccessDenial)
    /// Malware was found, by these names.
    case malware([String])
    /// The message could not be scanned; whether trying again may help.
    case notScanned(isPermanent: Bool)
    /// No room to keep the message; there may be later.
    case noRoom
    /// Something here does not work; English, for the log.
    case localFailure(String)

    /// The requirement that is enforced.
    public var requirement: RequirementID? {
        switch self {
        case .noCertificate: "EX_3.1_5020"
        case .peer(.noList), .notTrusted(.noList): "EX_2.2_5035"
        case .peer: "EX_3.1_5030"
        case .notTrusted: "EX_3.2_5060"
        case .relaying, .foreignSender: "EX_3.2_5040"
        case .unknownMailbox: "EX_GBM_4460"
        case .suspended: "RE_GBM_4420"
        case .full: "EX_GBM_4460"
        case .senderFull: "EX_GBM_4470"
        case .testCircle: "EX_GBM_4010"
        case .tooLarge: "EX_GBM_4410"
        case .tooManyRecipients: "EX_GBM_4420"
        case .noRecipient, .loop, .headerTooLarge, .noRoom, .localFailure: nil
        case .foreignAuthor: "EX_GBM_4220"
        case .notAllowed(let denial): denial.requirement
        case .malware, .notScanned: "EX_SSI_5090"
        }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .noCertificate: "Le serveur n'a présenté aucun certificat : l'échange exige TLS mutuel."
        case .peer(let refusal), .notTrusted(let refusal): refusal.explanation
        case .relaying(let domain):
            "Le domaine « \(domain) » n'est pas géré par cet opérateur, qui ne sert de relais à aucun autre."
        case .foreignSender(let domain): "Le domaine « \(domain) » de l'émetteur n'est pas géré par cet opérateur."
        case .unknownMailbox: "Aucune boîte aux lettres n'a cette adresse."
        case .suspended: "Cette boîte aux lettres est suspendue : elle n'accepte aucun message."
        case .full: "Cette boîte aux lettres est pleine."
        case .senderFull: "Votre boîte aux lettres est pleine : elle ne peut plus émettre de message."
        case .testCircle(let words): words
        case .tooLarge(let limit): "Le message dépasse la taille admise (\(limit / 1_000_000) Mo)."
        case .tooManyRecipients(let limit): "Un message a au plus \(limit) destinataires."
        case .noRecipient: "Aucun destinataire n'a été accepté."
        case .loop: "Le message tourne en rond : il est passé par trop de serveurs."
        case .headerTooLarge: "L'en-tête du message est trop long."
        case .foreignAuthor: "L'auteur affiché du message n'est pas la boîte aux lettres qui l'envoie."
        case .notAllowed(let denial): denial.explanation
        case .malware(let names):
            "Un contenu malveillant a été détecté dans le message (\(names.joined(separator: ", ")))."
        case .notScanned: "Le message n'a pas pu être analysé par l'antivirus."
        case .noRoom: "La place manque pour prendre le message en charge ; réessayez plus tard."
        case .localFailure: "Une erreur interne empêche de prendre le message en charge ; réessayez plus tard."
        }
    }

    /// English, for logs: no local part, no content.
    public var description: String {
        switch self {
        case .noCertificate: "no client certificate"
        case .peer(let refusal), .notTrusted(let refusal): refusal.description
        case .relaying(let domain): "relaying to \(domain) refused"
        case .foreignSender(let domain): "sender of \(domain) is not ours"
        case .unknownMailbox: "unknown mailbox"
        case .suspended: "mailbox suspended"
        case .full: "mailbox full"
        case .senderFull: "sender's mailbox full"
        case .testCircle: "test mailboxes exchange among themselves only"
        case .tooLarge(let limit): "message larger than \(limit) octets"
        case .tooManyRecipients(let limit): "more than \(limit) recipients"
        case .noRecipient: "no recipient accepted"
        case .loop: "mail loop"
        case .headerTooLarge: "header too large"
        case .foreignAuthor: "From is not the sender"
        case .notAllowed(let denial): denial.description
        case .malware(let names): "malware: \(names.joined(separator: ", "))"
        case .notScanned: "not scanned"
        case .noRoom: "no room in the spool"
        case .localFailure(let detail): "local failure: \(detail)"
        }
    }

    /// What a failure of the spool is to the sender.
    init(spool error: any Error) {
        self = error as? MessageSpoolError == .noRoom ? .noRoom : .localFailure("spool: \(type(of: error))")
    }

    /// Reply code and enhanced status (RFC 5321 §4.2.3, RFC 3463).
    private var codes: (SMTPReplyCode, EnhancedStatusCode) {
        switch self {
        case .noCertificate: (530, "5.7.0")
        case .peer(.noList), .notTrusted(.noList): (451, "4.3.0")
        case .peer, .notTrusted: (550, "5.7.1")
        // RFC 3463 X.7.1: delivery not authorised; what every server says to relaying.
        case .relaying, .foreignSender, .testCircle, .foreignAuthor: (550, "5.7.1")
        // A right that cannot be verified now is neither given nor refused for good.
        case .notAllowed(let denial): denial.isTemporary ? (451, "4.7.0") : (550, "5.7.1")
        case .unknownMailbox: (550, "5.1.1")
        // RE_GBM_4420 names X.2.1 itself.
        case .suspended: (550, "5.2.1")
        // EX_GBM_4460 names 5.2.2.
        case .full, .senderFull: (552, "5.2.2")
        case .tooLarge: (552, "5.3.4")
        // RFC 5321 §4.5.3.1.10: the sender keeps the others for another transaction.
        case .tooManyRecipients: (452, "4.5.3")
        case .noRecipient: (554, "5.5.1")
        case .loop: (554, "5.4.6")
        case .headerTooLarge: (552, "5.3.4")
        case .malware: (550, "5.7.0")
        case .notScanned(let isPermanent): isPermanent ? (550, "5.7.0") : (451, "4.7.0")
        // RFC 5321 §4.2.3, RFC 3463 X.3.1: mail system full.
        case .noRoom: (452, "4.3.1")
        case .localFailure: (451, "4.3.0")
        }
    }

    /// What the peer reads: the explanation in ASCII (its server may not know SMTPUTF8) after the requirement, by which
    /// its administrator finds the text.
    public var reply: SMTPReply {
        let (code, enhanced) = codes
        let reference = requirement.map { "[\($0)] " } ?? ""
        return SMTPReply(code: code, enhanced: enhanced, text: reference + explanation.frenchInASCII)
    }

    /// Whether trying again later is useless.
    public var isPermanent: Bool { codes.0.severity == .permanentFailure }

    /// The refusal as the SMTP server takes it.
    var smtp: SMTPRefusal { SMTPRefusal(reply, cause: description) }

    /// The refusal as the delivery queue takes it: what another operator's server would have answered.
    var deliveryFailure: SMTPClientFailure {
        switch self {
        case .peer(let refusal), .notTrusted(let refusal):
            SMTPClientFailure(
                .policy, .resolving,
                .peerRefused(
                    SMTPPeerRefusal(
                        requirement: requirement, explanation: explanation, detail: description,
                        isPermanent: refusal != .noList)), isPermanent: refusal != .noList)
        default:
            SMTPClientFailure(isPermanent ? .permanent : .transient, .recipient, .reply(reply))
        }
    }
}
