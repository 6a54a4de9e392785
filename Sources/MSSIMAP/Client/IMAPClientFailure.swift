public import MSSCore
import MSSSASL
public import MSSTLS

/// Why a session or a command of the client failed. Its texts hold no address, credential or word of the server, so that
/// the software around the client can show and log them (client requirement 1.7).
public struct IMAPClientFailure: ExplainedFailure, Hashable {
    /// What happened.
    public enum Cause: Sendable, Hashable {
        /// The connection could not be made, or broke; the system's reason.
        case connection(String)
        /// The server fell silent.
        case timedOut
        /// The server ended the session, with `BYE` or without.
        case ended(IMAPStatusResponse?)
        /// TLS failed.
        case tls(TLSFailure)
        /// Octets came in clear behind the answer to `STARTTLS` (RFC 9051 §11.1).
        case clearOctetsAfterStartTLS
        /// The server refused the credentials (EX_LPS_0710).
        case authentication(IMAPStatusResponse)
        /// No credentials could be had: the person must sign in again, perhaps.
        case credentials
        /// The server refused a command.
        case refused(IMAPStatusResponse)
        /// What the server sent cannot be understood.
        case malformed(IMAPSyntaxError)
        /// The server does not offer what is needed: its capability.
        case notOffered(String)
        /// The message to append could not be read.
        case content
        /// The task was cancelled, or the session closed by this side.
        case cancelled
    }

    /// What happened.
    public var cause: Cause

    /// A failure.
    public init(_ cause: Cause) { self.cause = cause }

    /// Whether the session is over: another one must be opened.
    public var endsSession: Bool {
        switch cause {
        case .refused, .notOffered, .content: false
        default: true
        }
    }

    /// Whether trying again, with a new session and fresh credentials, may help without anybody doing something.
    public var isTemporary: Bool {
        switch cause {
        case .connection, .timedOut, .ended: true
        case .authentication(let response), .refused(let response):
            [.unavailable, .inUse, .limit, .serverBug].contains(response.code)
        case .tls, .clearOctetsAfterStartTLS, .credentials, .malformed, .notOffered, .content, .cancelled: false
        }
    }

    /// The requirement behind the refusal.
    public var requirement: RequirementID? {
        switch cause {
        case .tls(let failure): failure.requirement
        case .notOffered("STARTTLS"), .clearOctetsAfterStartTLS: "EX_LPS_0500"
        case .authentication: "EX_LPS_0710"
        default: nil
        }
    }

    /// One French sentence for the reader.
    public var explanation: String {
        switch cause {
        case .connection: "La connexion à la messagerie n'a pas pu être établie ou s'est rompue."
        case .timedOut: "Le serveur de messagerie n'a pas répondu dans le délai imparti."
        case .ended: "Le serveur de messagerie a mis fin à la session ; elle sera rouverte."
        case .tls(let failure): failure.explanation
        case .clearOctetsAfterStartTLS:
            "La connexion a été abandonnée : des données sont arrivées en clair à la place de la négociation TLS."
        case .authentication: "Le serveur de messagerie a refusé l'authentification."
        case .credentials: "Les données d'authentification n'ont pas pu être obtenues : reconnectez-vous."
        case .refused(let response):
            switch response.code {
            case .overQuota?: "La boîte aux lettres est pleine."
            case .nonExistent?, .tryCreate?: "Ce dossier n'existe pas."
            case .alreadyExists?: "Un dossier de ce nom existe déjà."
            case .expungeIssued?: "Un message a été supprimé entre-temps."
            case .tooBig?: "Le message dépasse la taille acceptée par le serveur."
            default: "Le serveur de messagerie a refusé l'opération."
            }
        case .malformed: "La réponse du serveur de messagerie n'a pas pu être comprise."
        case .notOffered("STARTTLS"): "Le serveur de messagerie ne propose pas de connexion chiffrée (STARTTLS)."
        case .notOffered: "Le serveur de messagerie ne propose pas une fonction nécessaire."
        case .content: "Le message à enregistrer n'a pas pu être relu."
        case .cancelled: "L'opération a été interrompue."
        }
    }

    /// English text for logs.
    public var description: String {
        switch cause {
        case .connection(let reason): "connection: \(reason)"
        case .timedOut: "timed out"
        case .ended(let response): "session ended by the server\(response.map { ": \($0)" } ?? "")"
        case .tls(let failure): "TLS: \(failure)"
        case .clearOctetsAfterStartTLS: "octets in clear after the answer to STARTTLS"
        case .authentication(let response): "authentication refused: \(response)"
        case .credentials: "credentials not available"
        case .refused(let response): "refused: \(response)"
        case .malformed(let error): "malformed response: \(error)"
        case .notOffered(let name): "\(name) not offered"
        case .content: "content could not be read"
        case .cancelled: "cancelled"
        }
    }
}
