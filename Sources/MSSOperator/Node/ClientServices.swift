import MSSCore
import MSSHTTP
import MSSPolicy
import MSSProSanteConnect
import MSSStore

/// What the logins of client software are judged with: Pro Santé Connect, and the operator's own method beside it.
final class ClientServices: Sendable {
    /// Verifies tokens; `nil` where no entry point takes them.
    let tokens: AccessTokenVerifier?
    /// Checks passwords and codes; `nil` where it is not offered.
    let alternative: AlternativeLogin?
    /// What was enrolled for it.
    let credentials: SealedCredentials
    private let transport: AsyncHTTPTransport?

    private init(
        _ tokens: AccessTokenVerifier?, _ alternative: AlternativeLogin?, _ credentials: SealedCredentials,
        _ transport: AsyncHTTPTransport?
    ) {
        self.tokens = tokens
        self.alternative = alternative
        self.credentials = credentials
        self.transport = transport
    }

    /// Opens what is kept; Pro Santé Connect is asked at the first login.
    static func open(
        _ settings: OperatorSettings, _ layout: OperatorLayout, _ master: StoreMasterKey, _ clock: any WallClock
    ) async throws -> ClientServices {
        let (lps, psc) = (settings.apiLPS, settings.apiLPS.psc)
        var tokens: AccessTokenVerifier?
        var transport: AsyncHTTPTransport?
        let roots = try TrustServices.roots(psc.serverAuthorities)
        let credentials = try await SealedCredentials.open(layout.credentials, master: master)
        if lps.submissionPSC.address != nil || lps.imapPSC.address != nil {
            let made: AsyncHTTPTransport
            do throws(HTTPTransportError) {
                made = try AsyncHTTPTransport(HTTPTransportConfiguration(trustRoots: roots))
            } catch {
                await credentials.close()
                throw OperatorFailure.http(reason: error.description)
            }
            transport = made
            var policy = TokenPolicy()
            if !psc.clients.isEmpty { policy.clients = Set(psc.clients) }
            let provider = IdentityProvider(
                .proSanteConnect(issuer: settings.pscIssuer), transport: made, clock: clock, timeout: psc.timeout)
            tokens = AccessTokenVerifier(provider, policy: policy, clock: clock)
        }
        let alternative = lps.offersAlternative ? AlternativeLogin(credentials, clock: clock) : nil
        return ClientServices(tokens, alternative, credentials, transport)
    }

    func close() async {
        try? await transport?.shutDown()
        await credentials.close()
    }
}

extension OperatorSettings {
    /// The issuer of the tokens that are taken.
    public var pscIssuer: String {
        apiLPS.psc.issuer
            ?? (identity.trustSpace == .production
                ? ProviderMetadata.production.issuer : ProviderMetadata.sandbox.issuer)
    }
}
