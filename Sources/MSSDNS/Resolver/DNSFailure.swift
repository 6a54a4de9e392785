public import MSSCore

/// Why a name could not be resolved.
public enum DNSFailure: ExplainedFailure, Hashable {
    /// The text is no domain name; the reason in English.
    case malformedName(String)
    /// A record received cannot be read; the reason in English.
    case malformedRecord(String)
    /// The servers of the zone failed or refused: response code of RFC 1035 §4.1.1 (2 SERVFAIL, 5 REFUSED…).
    case serverFailure(responseCode: Int)
    /// No answer within the time allowed.
    case timedOut
    /// DNSSEC validation failed; the validator's reason in English.
    case bogus(String)
    /// The answer is not signed while the resolver requires it.
    case notSigned
    /// The resolver is shut down or could not be set up; the reason in English.
    case unavailable(String)
    /// The task was cancelled.
    case cancelled

    /// Whether a later attempt may succeed without any change of the zone.
    public var isTransient: Bool {
        switch self {
        case .serverFailure, .timedOut, .unavailable, .cancelled, .bogus: true
        case .malformedName, .malformedRecord, .notSigned: false
        }
    }

    /// No requirement of the Référentiel: the DNS standards only.
    public var requirement: RequirementID? { nil }

    /// English text for logs.
    public var description: String {
        switch self {
        case .malformedName(let why): "malformed domain name: \(why)"
        case .malformedRecord(let why): "malformed DNS record: \(why)"
        case .serverFailure(let code): "DNS response code \(code)"
        case .timedOut: "no DNS answer in time"
        case .bogus(let why): "DNSSEC validation failed: \(why)"
        case .notSigned: "DNS answer not signed although DNSSEC is required"
        case .unavailable(let why): "DNS resolver unavailable: \(why)"
        case .cancelled: "DNS query cancelled"
        }
    }

    /// One French sentence for an administrator.
    public var explanation: String {
        switch self {
        case .malformedName: "Le nom de domaine est mal formé."
        case .malformedRecord: "Un enregistrement DNS reçu est illisible."
        case .serverFailure(let code): "Le serveur DNS du domaine a répondu par une erreur (code \(code))."
        case .timedOut: "Le serveur DNS n'a pas répondu dans le temps imparti."
        case .bogus: "La signature DNSSEC de la réponse n'est pas valide."
        case .notSigned: "La réponse DNS n'est pas signée alors que DNSSEC est exigé."
        case .unavailable: "Le résolveur DNS n'est pas disponible."
        case .cancelled: "La requête DNS a été interrompue."
        }
    }
}
