public import MSSCore
import MSSJSON

/// Signs professionals in with Pro Santé Connect, for client software: by redirection (authorization code with PKCE) or
/// by the e-CPS application alone (CIBA); refreshes, signs out.
public struct ProSanteConnectClient: Sendable {
    /// Pro Santé Connect.
    public let provider: IdentityProvider
    /// How the software is known there.
    public let registration: ClientRegistration
    let clock: any WallClock

    /// A client.
    public init(
        _ provider: IdentityProvider, as registration: ClientRegistration, clock: any WallClock = SystemWallClock()
    ) {
        self.provider = provider
        self.registration = registration
        self.clock = clock
    }

    // MARK: By redirection

    /// Begins a sign-in by redirection.
    ///
    /// - Parameter redirect: where the browser comes back to, as registered.
    public func beginSignIn(redirect: String) async throws(SignInFailure) -> AuthorizationRequest {
        AuthorizationRequest(registration, endpoint: try await endpoints().authorization, redirect: redirect)
    }

    /// Ends it.
    ///
    /// - Parameter callback: the whole URL that the browser came back to.
    public func finish(_ request: AuthorizationRequest, callback: String) async throws(SignInFailure) -> TokenSet {
        let code = try request.code(in: callback, issuer: provider.issuer)
        return try await tokens(
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", request.redirect),
                ("code_verifier", request.verifier),
            ], nonce: request.nonce)
    }

    // MARK: Afterwards

    /// New tokens for old ones.
    ///
    /// - Throws: ``SignInFailure/signInNeeded`` when the session is over.
    public func refresh(_ tokens: TokenSet) async throws(SignInFailure) -> TokenSet {
        guard let token = tokens.refreshToken else { throw .signInNeeded }
        do throws(SignInFailure) {
            var fresh = try await self.tokens([("grant_type", "refresh_token"), ("refresh_token", token)], nonce: nil)
            // OpenID Connect Core §12.2: the same person, or none is named.
            if let former = tokens.identity, let now = fresh.identity, former.subject != now.subject {
                throw .foreignAnswer
            }
            fresh.identity = fresh.identity ?? tokens.identity
            fresh.identityToken = fresh.identityToken ?? tokens.identityToken
            // RFC 6749 §6: without a new one the old one stays.
            if fresh.refreshToken == nil {
                fresh.refreshToken = token
                fresh.refreshExpires = tokens.refreshExpires
            }
            return fresh
        } catch .refused("invalid_grant") {
            throw .signInNeeded
        }
    }

    /// Ends the session with the provider: access tokens end with it.
    public func signOut(_ tokens: TokenSet) async throws(SignInFailure) {
        guard let endpoint = try await endpoints().endSession else { throw .unavailable(.notOffered(.logout)) }
        guard let token = tokens.refreshToken else { return }
        let response = try await post(endpoint, [("refresh_token", token)], .logout)
        guard (200..<300).contains(response.status) else { throw .unavailable(.status(.logout, response.status)) }
    }

    // MARK: The token endpoint

    func endpoints() async throws(SignInFailure) -> ProviderMetadata {
        do throws(ProviderFailure) { return try await provider.endpoints() } catch { throw .unavailable(error) }
    }

    func tokens(
        _ fields: [(name: String, value: String)], nonce: String?
    ) async throws(SignInFailure) -> TokenSet {
        let now = clock.now()
        let answer = try await json(try await endpoints().token, fields, .token)
        guard let access = answer["access_token"]?.text, answer["token_type"]?.text?.lowercased() == "bearer" else {
            throw .unavailable(.malformedAnswer(.token))
        }
        // RFC 6749 §5.1 only recommends `expires_in`; without it, the shortest life known.
        let life = answer["expires_in"]?.number ?? 60
        let refreshLife = answer["refresh_expires_in"]?.number
        guard (0...86_400 * 366).contains(life), refreshLife.map({ (0...86_400 * 366).contains($0) }) ?? true else {
            throw .unavailable(.malformedAnswer(.token))
        }
        let identityToken = answer["id_token"]?.text
        return TokenSet(
            accessToken: access, expires: now + .seconds(Int64(life)), refreshToken: answer["refresh_token"]?.text,
            // Keycloak writes 0 for a token without an end of its own.
            refreshExpires: refreshLife.flatMap { $0 > 0 ? now + .seconds(Int64($0)) : nil },
            identityToken: identityToken, identity: try await identity(identityToken, nonce: nonce))
    }

    /// OpenID Connect Core §3.1.3.7.
    private func identity(_ token: String?, nonce: String?) async throws(SignInFailure) -> TokenClaims? {
        guard let token else {
            // Where a nonce was sent, the token that must repeat it is no option.
            if nonce != nil { throw .foreignAnswer }
            return nil
        }
        let claims: TokenClaims
        do throws(TokenFailure) {
            claims = try await provider.claims(of: token, maximumLength: 16 << 10, algorithms: [.rs256])
        } catch {
            if case .unavailable(let failure) = error { throw .unavailable(failure) }
            throw .unusableIdentity(error)
        }
        let leeway = Duration.seconds(30)
        guard claims.audience.contains(registration.identifier),
            claims.client.map({ $0 == registration.identifier }) ?? (claims.audience.count == 1)
        else { throw .unusableIdentity(.otherClient) }
        guard claims.type ?? "ID" == "ID" else { throw .unusableIdentity(.malformed) }
        guard clock.now() < claims.expires + leeway else { throw .unusableIdentity(.expired) }
        guard claims.issued <= clock.now() + leeway else { throw .unusableIdentity(.notYetValid) }
        if let nonce, claims.nonce != nonce { throw .foreignAnswer }
        return claims
    }

    /// Posts a form, and reads the JSON of a success or the error of a refusal.
    func json(
        _ url: String, _ fields: [(name: String, value: String)], _ part: ProviderFailure.Part
    ) async throws(SignInFailure) -> JSONNode {
        let response = try await post(url, fields, part)
        let body = try? JSONReader.read(response.body)
        switch response.status {
        case 200:
            guard let body, body.members != nil else { throw .unavailable(.malformedAnswer(part)) }
            return body
        case 400, 401, 403:
            guard let error = body?["error"]?.text else { throw .unavailable(.status(part, response.status)) }
            throw SignInFailure(code: error)
        default: throw .unavailable(.status(part, response.status))
        }
    }

    private func post(
        _ url: String, _ fields: [(name: String, value: String)], _ part: ProviderFailure.Part
    ) async throws(SignInFailure) -> HTTPResponse {
        var fields = fields
        var headers = [
            HTTPField("Content-Type", "application/x-www-form-urlencoded"), HTTPField("Accept", "application/json"),
        ]
        switch registration.proof {
        case .none: fields.append(("client_id", registration.identifier))
        case .basic(let secret):
            // RFC 6749 §2.3.1: each encoded as in a form, then both in base64.
            let pair = "\(FormText.escaped(registration.identifier)):\(FormText.escaped(secret))"
            headers.append(HTTPField("Authorization", "Basic \(Base64URL.padded(Array(pair.utf8)))"))
        case .form(let secret):
            fields += [("client_id", registration.identifier), ("client_secret", secret)]
        }
        let request = HTTPRequest(
            .post, url: url, headers: headers, body: Array(FormText.encoded(fields).utf8),
            maximumResponseBytes: 256 << 10, timeout: provider.timeout)
        do throws(ProviderFailure) { return try await provider.transport.exchange(request, part) } catch {
            throw .unavailable(error)
        }
    }
}
