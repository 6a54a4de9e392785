import MSSCore
import MSSHTTP
import MSSTestKit

@testable import MSSProSanteConnect

/// A provider over real HTTPS with everything that asks it.
struct Realm {
    static let doctor = TestProSanteConnect.Person(
        identifier: "899700000009", givenName: "Jeanne", familyName: "MARTIN")

    let clock: TestClock
    let psc: TestProSanteConnect
    let transport: AsyncHTTPTransport
    let provider: IdentityProvider
    let verifier: AccessTokenVerifier

    init(_ policy: TokenPolicy = TokenPolicy(), timeout: Duration = .seconds(30)) async throws {
        clock = TestClock()
        let credential = try TestPKI.shared.issue(.server(commonName: "localhost", dnsNames: ["localhost"]))
        psc = try await TestProSanteConnect.start(credential: credential, persons: [Realm.doctor], clock: clock)
        transport = try AsyncHTTPTransport(
            HTTPTransportConfiguration(trustRoots: .pem(Array(TestPKI.shared.trustStorePEM.utf8))))
        provider = IdentityProvider(
            .proSanteConnect(issuer: psc.issuer), transport: transport, clock: clock, timeout: timeout)
        verifier = AccessTokenVerifier(provider, policy: policy, clock: clock)
    }

    /// A test with a provider, stopped after it.
    static func with(
        _ policy: TokenPolicy = TokenPolicy(), timeout: Duration = .seconds(30),
        _ body: (Realm) async throws -> Void
    ) async throws {
        let realm = try await Realm(policy, timeout: timeout)
        do { try await body(realm) } catch {
            try await realm.stop()
            throw error
        }
        try await realm.stop()
    }

    private func stop() async throws {
        try await psc.stop()
        try await transport.shutDown()
    }

    func requests(_ service: String) -> Int { psc.requests(to: "/protocol/openid-connect/\(service)") }

    /// What a token is refused for.
    func failure(_ token: String) async -> TokenFailure? {
        do throws(TokenFailure) {
            _ = try await verifier.verify(token)
            return nil
        } catch { return error }
    }
}
