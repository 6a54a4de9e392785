import MSSCore
import MSSHTTP
import MSSTestKit
import Testing

@testable import MSSProSanteConnect

@Suite("Client software signs in: redirection, e-CPS alone, refresh, sign-out")
struct ClientTests {
    static let redirect = "http://127.0.0.1:8765/retour"
    static let doctor = Realm.doctor.identifier
    static let publicClient = ClientRegistration(identifier: "editeur-public", proof: .none)
    static let secretClient = ClientRegistration(identifier: "editeur-de-test", proof: .basic(secret: "secret-de-test"))

    /// What the person's browser does: the consent page, then back to the software.
    static func browse(_ url: String, as person: String, in realm: Realm) async throws -> String {
        let page = try await realm.transport.send(HTTPRequest(url: url))
        #expect(page.status == 200)
        let html = String(decoding: page.body, as: UTF8.self)
        #expect(person.isEmpty || html.contains("value=\"\(person)\""))
        var fields: [(name: String, value: String)] = [("personne", person)]
        for input in html.split(separator: "<input type=\"hidden\" name=\"").dropFirst() {
            let parts = input.split(separator: "\"", omittingEmptySubsequences: false)
            fields.append((String(parts[0]), String(parts[2])))
        }
        let answer = try await realm.transport.send(
            HTTPRequest(
                .post, url: realm.psc.url + "/auth/consent",
                headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")],
                body: Array(FormText.encoded(fields).utf8)))
        return try #require(answer.header("location"))
    }

    static func signIn(_ client: ProSanteConnectClient, in realm: Realm) async throws -> TokenSet {
        let request = try await client.beginSignIn(redirect: redirect)
        return try await client.finish(request, callback: try await browse(request.url, as: doctor, in: realm))
    }

    @Test(
        "By redirection, with PKCE: tokens that the operator's verifier accepts",
        arguments: [publicClient, secretClient])
    func redirection(_ registration: ClientRegistration) async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: registration, clock: realm.clock)
            let tokens = try await Self.signIn(client, in: realm)
            #expect(tokens.identity?.audience == [registration.identifier])
            #expect(tokens.expires == realm.clock.now() + .seconds(120))
            #expect(try await realm.verifier.verify(tokens.accessToken).userInfo.subjectNameID == Self.doctor)
            #expect(!"\(tokens)\(String(reflecting: tokens))".contains(tokens.accessToken))
            #expect(!"\(registration)\(String(reflecting: registration))".contains("secret-de-test"))
        }
    }

    @Test("RFC 6749 §10.12, RFC 9207: a callback of another request or another issuer is refused without a question")
    func foreignCallbacks() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: Self.publicClient, clock: realm.clock)
            let request = try await client.beginSignIn(redirect: Self.redirect)
            let callback = try await Self.browse(request.url, as: Self.doctor, in: realm)
            let asked = realm.requests("token")
            for bad in [
                "", "http://ailleurs/retour?code=a&state=\(request.state)", Self.redirect, "\(Self.redirect)?code=a",
                "\(Self.redirect)?code=a&state=autre",
                "\(Self.redirect)?code=a&state=\(request.state)&iss=https%3A%2F%2Fx",
                "\(Self.redirect)?code=a&code=b&state=\(request.state)", "\(Self.redirect)?state=\(request.state)",
                "\(Self.redirect)?code=%zz&state=\(request.state)",
            ] {
                await #expect(throws: SignInFailure.foreignAnswer, "\(bad)") {
                    try await client.finish(request, callback: bad)
                }
            }
            #expect(realm.requests("token") == asked)
            #expect(try await client.finish(request, callback: callback).identity != nil)
            let other = try await client.beginSignIn(redirect: Self.redirect)
            let refusal = try await Self.browse(other.url, as: "", in: realm)
            await #expect(throws: SignInFailure.refusedByPerson) { try await client.finish(other, callback: refusal) }
        }
    }

    @Test(
        "RFC 7636 §1: another's code under one's own state is asked for, and worth nothing without its verifier",
        arguments: [publicClient, secretClient])
    func anothersCode(_ registration: ClientRegistration) async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: registration, clock: realm.clock)
            let thief = try await client.beginSignIn(redirect: Self.redirect)
            // Two codes of the victim's, both good: the one is stolen, the other shows that nothing else is wrong with it.
            let victims = [
                try await client.beginSignIn(redirect: Self.redirect),
                try await client.beginSignIn(redirect: Self.redirect),
            ]
            var callbacks: [String] = []
            for victim in victims {
                callbacks.append(try await Self.browse(victim.url, as: Self.doctor, in: realm))
            }
            let code = try victims[0].code(in: callbacks[0], issuer: realm.psc.issuer)
            let forged = "\(Self.redirect)?" + FormText.encoded([("code", code), ("state", thief.state)])
            let asked = realm.requests("token")
            await #expect(throws: SignInFailure.refused("invalid_grant")) {
                try await client.finish(thief, callback: forged)
            }
            // The state was right, so the software asked: it was the verifier that the provider refused.
            #expect(realm.requests("token") == asked + 1)
            let tokens = try await client.finish(victims[1], callback: callbacks[1])
            #expect(try await realm.verifier.verify(tokens.accessToken).userInfo.subjectNameID == Self.doctor)
        }
    }

    @Test("CIBA: the software waits as long as asked to, and gets its tokens when the person agrees")
    func backchannel() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: Self.secretClient, clock: realm.clock)
            let request = try await client.askTelephone(of: Self.doctor, message: "42")
            #expect(request.interval == .seconds(5))
            let waits = Guarded<[Duration]>([])
            let tokens = try await client.tokens(for: request) { duration in
                realm.clock.advance(duration)
                let count = waits.withLock { waits in
                    waits.append(duration)
                    return waits.count
                }
                // A moment without network, then the person agrees.
                realm.psc.fault = count == 2 ? .error : nil
                if count == 4 { realm.psc.decide(realm.psc.waiting[0], approved: true) }
            }
            #expect(waits.withLock { $0 } == [.seconds(5), .seconds(5), .seconds(10), .seconds(10)])
            #expect(try await realm.verifier.verify(tokens.accessToken).userInfo.subjectNameID == Self.doctor)
        }
    }

    @Test("CIBA: refused, too late, unknown person: each its own failure")
    func backchannelFailures() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: Self.secretClient, clock: realm.clock)
            let refused = try await client.askTelephone(of: Self.doctor, message: "42")
            realm.psc.decide(realm.psc.waiting[0], approved: false)
            await #expect(throws: SignInFailure.refusedByPerson) {
                try await client.tokens(for: refused) { realm.clock.advance($0) }
            }
            let late = try await client.askTelephone(of: Self.doctor, message: "42")
            await #expect(throws: SignInFailure.tooLate) {
                try await client.tokens(for: late) { realm.clock.advance($0) }
            }
            await #expect(throws: SignInFailure.refused("unknown_user_id")) {
                try await client.askTelephone(of: "899700000777", message: "42")
            }
            let wrong = ProSanteConnectClient(
                realm.provider, as: ClientRegistration(identifier: "editeur-de-test", proof: .form(secret: "faux")),
                clock: realm.clock)
            await #expect(throws: SignInFailure.refused("invalid_client")) {
                try await wrong.askTelephone(of: Self.doctor, message: "42")
            }
        }
    }

    // MARK: Token sources

    @Test("Tokens are refreshed before they expire, once for a hundred connections at the same moment")
    func refreshing() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: Self.secretClient, clock: realm.clock)
            let first = try await Self.signIn(client, in: realm)
            let kept = Guarded<[TokenSet?]>([])
            let source = RefreshingTokens(client, tokens: first) { tokens in kept.withLock { $0.append(tokens) } }
            #expect(try await source.accessToken() == first.accessToken)
            realm.clock.advance(.seconds(90))
            let asked = realm.requests("token")
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<100 { group.addTask { try await source.accessToken() } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(tokens.count == 1)
            #expect(!tokens.contains(first.accessToken))
            #expect(realm.requests("token") == asked + 1)
            #expect(kept.withLock { $0.count } == 1)
            // A server refused it: another is had, and not a third for the same refusal.
            let token = try #require(tokens.first)
            await source.refused(token)
            let third = try await source.accessToken()
            #expect(third != token)
            await source.refused(token)
            #expect(try await source.accessToken() == third)
        }
    }

    @Test("PSC is away: what is valid still serves; the session is over: the person is asked to sign in, once")
    func endings() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: Self.secretClient, clock: realm.clock)
            let first = try await Self.signIn(client, in: realm)
            let source = RefreshingTokens(client, tokens: first)
            realm.clock.advance(.seconds(100))
            realm.psc.fault = .error
            #expect(try await source.accessToken() == first.accessToken)
            realm.clock.advance(.seconds(20))
            await #expect(throws: SignInFailure.unavailable(.status(.token, 503))) { try await source.accessToken() }
            realm.psc.fault = nil
            let second = try await source.accessToken()
            #expect(second != first.accessToken)
            realm.psc.end(session: try #require(first.identity?.session))
            realm.clock.advance(.seconds(100))
            await #expect(throws: SignInFailure.signInNeeded) { try await source.accessToken() }
            let asked = realm.requests("token")
            await #expect(throws: SignInFailure.signInNeeded) { try await source.accessToken() }
            #expect(realm.requests("token") == asked)
            let again = try await Self.signIn(client, in: realm)
            await source.signedIn(again)
            #expect(try await source.accessToken() == again.accessToken)
        }
    }

    @Test("Signing out ends the session: neither refresh nor UserInfo know it any more")
    func signOut() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(realm.provider, as: Self.secretClient, clock: realm.clock)
            let tokens = try await Self.signIn(client, in: realm)
            try await client.signOut(tokens)
            await #expect(throws: SignInFailure.signInNeeded) { try await client.refresh(tokens) }
            #expect(await realm.failure(tokens.accessToken) == .refusedByProvider)
        }
    }

    @Test("Discovery of another issuer, and endpoints in clear, are not believed")
    func discovery() {
        func read(_ change: (String) -> String) -> Result<ProviderMetadata, ProviderFailure> {
            let text = """
                {"issuer":"https://i","authorization_endpoint":"https://i/a","token_endpoint":"https://i/t",
                "userinfo_endpoint":"https://i/u","jwks_uri":"https://i/k"}
                """
            return Result { () throws(ProviderFailure) in
                try ProviderMetadata(discovery: Array(change(text).utf8), of: "https://i")
            }
        }
        #expect((try? read { $0 }.get())?.keys == "https://i/k")
        #expect(read { $0.replacing("\"https://i\"", with: "\"https://j\"") } == .failure(.otherIssuer))
        #expect(read { $0.replacing("https://i/k", with: "http://i/k") } == .failure(.insecureEndpoint))
        #expect(read { $0.replacing("jwks_uri", with: "jwks") } == .failure(.malformedAnswer(.discovery)))
        #expect(read { _ in "[]" } == .failure(.malformedAnswer(.discovery)))
        #expect(ProviderMetadata.production.keys.hasSuffix("/protocol/openid-connect/certs"))
    }
}
