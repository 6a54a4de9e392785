public import MSSCore

/// Why a token opens nothing. The client reads one and the same answer for all of them (EX_LPS_0710), but for
/// ``unavailable(_:)``; the log reads which it was.
public enum TokenFailure: ExplainedFailure, Hashable {
    /// Longer than any token of the provider.
    case tooLong(limit: Int)
    /// No token in compact form, or members of other types.
    case malformed
    /// A member of header or claims stands there twice.
    case duplicateMember
    /// The header names `none`, an HMAC, or another algorithm that is not allowed.
    case forbiddenAlgorithm
    /// The header asks for something to be understood that is not.
    case criticalExtension
    /// The header does not name the key.
    case noKeyID
    /// The provider has no key of this name.
    case unknownKey
    /// The key did not sign this.
    case badSignature
    /// A token of the provider for something else: an ID token, a refresh token.
    case notAnAccessToken
    /// Another provider's.
    case otherIssuer
    /// Given to a client that is not admitted here.
    case otherClient
    /// The person proved her identity by weaker means than are asked for here.
    case weakIdentification
    /// Its time is over.
    case expired
    /// Its time has not come: issued in the future, by this machine's clock.
    case notYetValid
    /// A claim that must be there is not.
    case missingClaim(String)
    /// The provider no longer knows the session: logged out, revoked.
    case refusedByProvider
    /// UserInfo speaks of somebody else.
    case otherSubject
    /// UserInfo has no `SubjectNameID`.
    case noIdentity
    /// The person may not use the mailbox.
    case notEntitled
    /// The provider cannot be asked now.
    case unavailable(ProviderFailure)

    /// Whether the same token may be accepted later.
    public var isTemporary: Bool { if case .unavailable = self { true } else { false } }

    /// The requirement that is enforced.
    public var requirement: RequirementID? {
        if case .unavailable = self { "RE_LPS_0100" } else { "EX_LPS_0900" }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .tooLong, .malformed, .duplicateMember, .criticalExtension, .noKeyID, .missingClaim, .notAnAccessToken:
            "Le jeton présenté n'est pas un jeton d'accès Pro Santé Connect."
        case .forbiddenAlgorithm, .unknownKey, .badSignature, .otherIssuer:
            "Le jeton présenté n'a pas été signé par Pro Santé Connect."
        case .otherClient: "Le logiciel pour lequel le jeton a été délivré n'est pas admis par ce service."
        case .weakIdentification: "L'authentification Pro Santé Connect n'a pas le niveau exigé par ce service."
        case .expired, .notYetValid: "Le jeton Pro Santé Connect a expiré : reconnectez-vous à Pro Santé Connect."
        case .refusedByProvider: "La session Pro Santé Connect est terminée : reconnectez-vous à Pro Santé Connect."
        case .otherSubject, .noIdentity: "Pro Santé Connect n'a pas fourni l'identité du professionnel."
        case .notEntitled: "Vous n'avez pas accès à cette boîte aux lettres."
        case .unavailable:
            "Pro Santé Connect est indisponible : réessayez dans quelques minutes ou utilisez la méthode de secours."
        }
    }

    /// The English text for logs; nothing of the token.
    public var description: String {
        switch self {
        case .tooLong(let limit): "token longer than \(limit) octets"
        case .malformed: "malformed token"
        case .duplicateMember: "duplicate member in token"
        case .forbiddenAlgorithm: "algorithm of token not allowed"
        case .criticalExtension: "critical extension in token"
        case .noKeyID: "token without key identifier"
        case .unknownKey: "token signed with an unknown key"
        case .badSignature: "signature of token does not verify"
        case .notAnAccessToken: "not an access token"
        case .otherIssuer: "token of another issuer"
        case .otherClient: "token of a client that is not admitted"
        case .weakIdentification: "level of assurance not admitted"
        case .expired: "token expired"
        case .notYetValid: "token not yet valid"
        case .missingClaim(let name): "token without \(name)"
        case .refusedByProvider: "token refused by UserInfo"
        case .otherSubject: "UserInfo of another subject"
        case .noIdentity: "UserInfo without SubjectNameID"
        case .notEntitled: "person not entitled to the mailbox"
        case .unavailable(let failure): "provider not available: \(failure)"
        }
    }
}
