import MSSCore
import MSSHTTP
import MSSProSanteConnect

/// Pro Santé Connect as this software uses it.
struct ProSanteConnect {
    let client: ProSanteConnectClient
    let transport: AsyncHTTPTransport
    let identifier: String
    let secret: String?

    /// - Parameters:
    ///   - client: the software's `client_id`; in the sandbox, the one that is known there.
    init(_ surroundings: Surroundings, client given: String?, secret givenSecret: String?) throws {
        let known = try surroundings.sandbox?.psc.clients.first { $0.secret != nil }
        guard let identifier = given ?? known?.id else {
            throw ToldFailure("Donnez l'identifiant du logiciel auprès de Pro Santé Connect (--client).")
        }
        self.identifier = identifier
        let secret = givenSecret ?? (identifier == known?.id ? known?.secret : nil)
        self.secret = secret
        transport = try surroundings.transport()
        let issuer =
            try surroundings.emetteur ?? surroundings.sandbox?.psc.issuer ?? ProviderMetadata.production.issuer
        self.client = ProSanteConnectClient(
            IdentityProvider(.proSanteConnect(issuer: issuer), transport: transport),
            as: ClientRegistration(
                identifier: identifier, proof: secret.map { .basic(secret: $0) } ?? ClientRegistration.Proof.none))
    }
}
