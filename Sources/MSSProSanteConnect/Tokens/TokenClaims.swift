public import MSSCore
import MSSJSON

/// What a verified token says (RFC 7519 §4.1, OpenID Connect Core §2), as far as it is used.
public struct TokenClaims: Sendable, Hashable {
    /// `iss`.
    public let issuer: String
    /// `sub`: the provider's own name for the person.
    public let subject: String
    /// `exp`.
    public let expires: Timestamp
    /// `iat`.
    public let issued: Timestamp
    /// `nbf`.
    public let notBefore: Timestamp?
    /// `azp`: the client software that the token was given to.
    public let client: String?
    /// `aud`.
    public let audience: [String]
    /// `acr`: how the person proved her identity (`eidas1`, …).
    public let assurance: String?
    /// `typ`: `Bearer`, `ID`, `Refresh`, … as Keycloak has it.
    public let type: String?
    /// `nonce`.
    public let nonce: String?
    /// `sid`: the session with the provider.
    public let session: String?

    /// Reads claims from their JSON.
    package init(_ bytes: [UInt8]) throws(TokenFailure) { try self.init(try CompactToken.object(bytes)) }

    init(_ members: [String: JSONNode]) throws(TokenFailure) {
        func text(_ name: String) throws(TokenFailure) -> String? {
            guard let node = members[name] else { return nil }
            guard let text = node.text else { throw .malformed }
            return text
        }
        func time(_ name: String) throws(TokenFailure) -> Timestamp? {
            guard let node = members[name] else { return nil }
            // NumericDate (RFC 7519 §2), up to the year 9999.
            guard let seconds = node.number, (0...253_402_300_799).contains(seconds) else { throw .malformed }
            return Timestamp(seconds: Int64(seconds))
        }
        guard let issuer = try text("iss") else { throw .missingClaim("iss") }
        guard let subject = try text("sub"), !subject.isEmpty else { throw .missingClaim("sub") }
        // EX_LPS_0900 step 6 names both.
        guard let expires = try time("exp") else { throw .missingClaim("exp") }
        guard let issued = try time("iat") else { throw .missingClaim("iat") }
        self.issuer = issuer
        self.subject = subject
        self.expires = expires
        self.issued = issued
        notBefore = try time("nbf")
        client = try text("azp")
        switch members["aud"]?.value {
        case nil: audience = []
        case .string(let one): audience = [one]
        case .array(let items):
            audience = items.compactMap(\.text)
            guard audience.count == items.count else { throw .malformed }
        default: throw .malformed
        }
        assurance = try text("acr")
        type = try text("typ")
        nonce = try text("nonce")
        session = try text("sid")
    }
}
