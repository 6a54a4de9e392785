public import MSSCore

/// Why signing in with Pro Santé Connect failed, for client software: what to tell the user, and whether to ask again.
public enum SignInFailure: ExplainedFailure, Hashable {
    /// The person refused.
    case refusedByPerson
    /// The person did not answer in time.
    case tooLate
    /// The answer is not the one to this request: state, issuer or nonce differ. Somebody else's answer, or an attack.
    case foreignAnswer
    /// The session is over: the person signs in again.
    case signInNeeded
    /// The provider refuses the request, for this reason of RFC 6749 §5.2 or OpenID Connect CIBA §13.
    case refused(String)
    /// The identity that came with the tokens does not hold.
    case unusableIdentity(TokenFailure)
    /// The provider cannot be asked now.
    case unavailable(ProviderFailure)

    /// Whether the same may succeed later without anybody's doing.
    public var isTemporary: Bool { if case .unavailable = self { true } else { false } }

    /// The client half has no requirement of the operators' Référentiel.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .refusedByPerson: "La connexion à Pro Santé Connect a été refusée."
        case .tooLate: "La demande de connexion à Pro Santé Connect est restée sans réponse."
        case .foreignAnswer: "La réponse reçue de Pro Santé Connect ne correspond pas à la demande : recommencez."
        case .signInNeeded: "La session Pro Santé Connect est terminée : reconnectez-vous."
        case .refused: "Pro Santé Connect a refusé la demande du logiciel."
        case .unusableIdentity: "L'identité reçue de Pro Santé Connect n'est pas valide."
        case .unavailable: "Pro Santé Connect est indisponible : réessayez dans quelques minutes."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .refusedByPerson: "access denied by the person"
        case .tooLate: "request expired"
        case .foreignAnswer: "answer to another request"
        case .signInNeeded: "session over"
        case .refused(let code): "refused: \(code)"
        case .unusableIdentity(let failure): "ID token: \(failure)"
        case .unavailable(let failure): "provider not available: \(failure)"
        }
    }
}
