public import MSSCore

/// A token that holds, with the person it speaks for.
public struct VerifiedToken: Sendable, Hashable {
    /// What the token says.
    public let claims: TokenClaims
    /// What UserInfo says.
    public let userInfo: UserInfo
}

/// Verifies access tokens of Pro Santé Connect: steps 4 to 7 of EX_LPS_0900. One serves all entry points.
///
/// Form, signature and times are judged at every call; only UserInfo's answer is remembered, for a minute at most.
public final class AccessTokenVerifier: Sendable {
    /// Who issues the tokens.
    public let provider: IdentityProvider
    private let policy: TokenPolicy
    private let clock: any WallClock
    private let cache: IdentityCache

    /// A verifier.
    public init(
        _ provider: IdentityProvider, policy: TokenPolicy = TokenPolicy(), clock: any WallClock = SystemWallClock()
    ) {
        self.provider = provider
        self.policy = policy
        self.clock = clock
        cache = IdentityCache(policy, clock: clock)
    }

    /// Verifies a token and finds out whose it is.
    public func verify(_ token: String) async throws(TokenFailure) -> VerifiedToken {
        // Steps 4 and 5.
        let claims = try await provider.claims(
            of: token, maximumLength: policy.maximumLength, algorithms: policy.algorithms)
        try check(claims)
        // Step 7. What is remembered never outlives the token.
        let answer = await cache.answer(about: token, until: claims.expires + policy.leeway) { [self] in
            do throws(TokenFailure) { return .success(try await self.askUserInfo(token)) } catch {
                return .failure(error)
            }
        }
        let userInfo = try answer.get()
        // OpenID Connect Core §5.3.2: the two must speak of the same person.
        guard userInfo.subject == claims.subject else { throw .otherSubject }
        return VerifiedToken(claims: claims, userInfo: userInfo)
    }

    /// Forgets what UserInfo said.
    public func forget() async { await cache.clear() }

    /// Step 6, and whatever tells an access token of Pro Santé Connect from other tokens that its keys sign.
    private func check(_ claims: TokenClaims) throws(TokenFailure) {
        // Keycloak signs ID and refresh tokens with the same keys.
        guard claims.type ?? "Bearer" == "Bearer" else { throw .notAnAccessToken }
        let now = clock.now()
        guard now < claims.expires + policy.leeway, claims.issued <= claims.expires else { throw .expired }
        guard claims.issued <= now + policy.leeway, claims.notBefore.map({ $0 <= now + policy.leeway }) ?? true else {
            throw .notYetValid
        }
        if let clients = policy.clients {
            guard let client = claims.client, clients.contains(client) else { throw .otherClient }
        }
        if let levels = policy.assuranceLevels {
            guard let level = claims.assurance, levels.contains(level) else { throw .weakIdentification }
        }
    }

    private func askUserInfo(_ token: String) async throws(TokenFailure) -> UserInfo {
        let response: HTTPResponse
        do throws(ProviderFailure) {
            let request = HTTPRequest(
                url: try await provider.endpoints().userInfo,
                headers: [HTTPField("Authorization", "Bearer \(token)"), HTTPField("Accept", "application/json")],
                maximumResponseBytes: 64 << 10, timeout: provider.timeout)
            response = try await provider.transport.exchange(request, .userInfo)
        } catch { throw .unavailable(error) }
        switch response.status {
        case 200: return try UserInfo(response.body)
        // RFC 6750 §3.1: the token is expired, revoked, malformed, or not good enough.
        case 400, 401, 403: throw .refusedByProvider
        default: throw .unavailable(.status(.userInfo, response.status))
        }
    }
}
