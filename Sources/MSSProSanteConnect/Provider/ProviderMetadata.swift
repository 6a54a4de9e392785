import MSSJSON

/// Where an OpenID provider offers what (OpenID Connect Discovery §3).
public struct ProviderMetadata: Sendable, Hashable {
    /// The issuer, letter by letter as its tokens name it.
    public var issuer: String
    /// Where users sign in.
    public var authorization: String
    /// Where codes become tokens.
    public var token: String
    /// Who the person is.
    public var userInfo: String
    /// The signing keys.
    public var keys: String
    /// Where sessions end; `nil` when not offered.
    public var endSession: String?
    /// Where CIBA begins; `nil` when not offered.
    public var ciba: String?

    /// The provider's endpoints.
    public init(
        issuer: String, authorization: String, token: String, userInfo: String, keys: String,
        endSession: String? = nil, ciba: String? = nil
    ) {
        self.issuer = issuer
        self.authorization = authorization
        self.token = token
        self.userInfo = userInfo
        self.keys = keys
        self.endSession = endSession
        self.ciba = ciba
    }

    /// Pro Santé Connect in production.
    public static let production = keycloak(
        "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet",
        authorization: "https://wallet.esw.esante.gouv.fr/auth")
    /// Pro Santé Connect's sandbox (« bac à sable »).
    public static let sandbox = keycloak(
        "https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet",
        authorization: "https://wallet.bas.psc.esante.gouv.fr/auth")

    private static func keycloak(_ issuer: String, authorization: String) -> ProviderMetadata {
        let base = issuer + "/protocol/openid-connect"
        return ProviderMetadata(
            issuer: issuer, authorization: authorization, token: base + "/token", userInfo: base + "/userinfo",
            keys: base + "/certs", endSession: base + "/logout", ciba: base + "/ext/ciba/auth")
    }

    /// Reads a discovery document.
    ///
    /// - Parameter issuer: who must have written it (OpenID Connect Discovery §4.3).
    init(discovery bytes: [UInt8], of issuer: String) throws(ProviderFailure) {
        guard let document = try? JSONReader.read(bytes), let named = document["issuer"]?.text else {
            throw .malformedAnswer(.discovery)
        }
        guard named == issuer else { throw .otherIssuer }
        func endpoint(_ name: String) throws(ProviderFailure) -> String? {
            guard let url = document[name]?.text else { return nil }
            // OpenID Connect Discovery §3: https, without exception.
            guard url.lowercased().hasPrefix("https://") else { throw .insecureEndpoint }
            return url
        }
        guard let authorization = try endpoint("authorization_endpoint"), let token = try endpoint("token_endpoint"),
            let userInfo = try endpoint("userinfo_endpoint"), let keys = try endpoint("jwks_uri")
        else { throw .malformedAnswer(.discovery) }
        self.init(
            issuer: issuer, authorization: authorization, token: token, userInfo: userInfo, keys: keys,
            endSession: try endpoint("end_session_endpoint"),
            ciba: try endpoint("backchannel_authentication_endpoint"))
    }
}
