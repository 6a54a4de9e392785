import MSSCore
import MSSProSanteConnect
import MSSTestKit
import Testing

/// The code of the article, compiled and run.
@Suite("The article's code")
struct SnippetTests {
    // snippet: verify
    func makeVerifier(_ transport: any HTTPTransport) -> AccessTokenVerifier {
        let issuer = ProviderMetadata.production.issuer
        return AccessTokenVerifier(IdentityProvider(.proSanteConnect(issuer: issuer), transport: transport))
    }

    func whoIs(_ token: String, _ verifier: AccessTokenVerifier) async -> String {
        do throws(TokenFailure) {
            return try await verifier.verify(token).userInfo.subjectNameID
        } catch {
            // 454 4.7.0 or [UNAVAILABLE] when error.isTemporary, else EX_LPS_0710's refusal.
            return error.explanation
        }
    }
    // end snippet

    // snippet: sign-in
    func signIn(_ client: ProSanteConnectClient, person: String) async throws -> RefreshingTokens {
        let request = try await client.askTelephone(of: person, message: "37")
        print("Confirmez le nombre 37 dans l'application e-CPS.")
        let tokens = try await client.tokens(for: request)
        return RefreshingTokens(client, tokens: tokens)
    }
    // end snippet

    @Test("The verifier of the article tells people, not machines, and speaks to the holder")
    func verify() async throws {
        try await Realm.with { realm in
            let token = try realm.psc.token(for: Realm.doctor.identifier)
            #expect(await whoIs(token, realm.verifier) == "899700000009")
            let verifier = makeVerifier(realm.transport)
            #expect(await whoIs("e30.e30.e30", verifier).hasPrefix("Le jeton présenté"))
        }
    }

    @Test("The sign-in of the article ends when the person agrees")
    func signIn() async throws {
        try await Realm.with { realm in
            let client = ProSanteConnectClient(
                realm.provider, as: ClientTests.secretClient, clock: realm.clock)
            async let source = signIn(client, person: Realm.doctor.identifier)
            while realm.psc.waiting.isEmpty { await Task.yield() }
            realm.psc.decide(realm.psc.waiting[0], approved: true)
            let token = try await source.accessToken()
            #expect(!token.isEmpty)
        }
    }
}
