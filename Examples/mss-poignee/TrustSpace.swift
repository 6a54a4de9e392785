import FoundationEssentials
import Glibc
import Logging
import MSSCore
import MSSHTTP
import MSSTLS
import MSSWhitelist

/// What every operator has: the authorities installed, the CRLs of the day, a verified whitelist.
struct TrustSpace {
    /// What this needs of `sandbox.json` (Documentation/Sandbox.md).
    private struct Description: Decodable {
        struct Whitelist: Decodable { let url: String }
        struct RevocationLists: Decodable { let root, intermediate: String }
        struct Authorities: Decodable { let trustStore: String }
        let whitelist: Whitelist
        let crl: RevocationLists
        let ocsp: String
        let authorities: Authorities
    }

    let directory: String
    let verifier: PKIXVerifier
    let whitelist: WhitelistService

    /// Opens the trust space of a sandbox, uses it, and closes what it holds open.
    static func use(_ directory: String, _ body: (TrustSpace) async throws -> Void) async throws {
        guard let bytes = FileManager.default.contents(atPath: "\(directory)/sandbox.json") else {
            throw ValidationFailure("Pas de bac à sable dans \(directory) : lancez « mss-sandbox create ».")
        }
        let description = try JSONDecoder().decode(Description.self, from: bytes)
        let authorities =
            FileManager.default.contents(atPath: description.authorities.trustStore).map { Array($0) } ?? []
        let trustStore = try TrustStore(contentsOf: description.authorities.trustStore)
        let transport = try AsyncHTTPTransport(HTTPTransportConfiguration(trustRoots: .pem(authorities)))
        do {
            try await body(make(directory, description, trustStore, transport))
        } catch {
            try await transport.shutDown()
            throw error
        }
        try await transport.shutDown()
    }

    /// Installs the authorities, fetches the CRLs, prepares the whitelist.
    private static func make(
        _ directory: String, _ description: Description, _ trustStore: TrustStore, _ transport: any HTTPTransport
    ) async throws -> TrustSpace {
        let crls = CRLStore(trustStore: trustStore)
        let refresher = CRLRefresher(
            store: crls, urls: [description.crl.root, description.crl.intermediate],
            transport: transport)
        await refresher.refreshAll()
        // EX_OPE_5050: the CRLs held, then the responder; what nobody can tell is refused.
        let revocation = RevocationChecker(
            policy: RevocationPolicy(order: .crlThenOCSP, scope: .path, onUnknown: .refuse), crls: crls,
            ocsp: OCSPClient(transport: transport, configuration: .init(responder: description.ocsp)))
        let verifier = PKIXVerifier(trustStore: trustStore, revocation: revocation)

        let whitelist = WhitelistService(
            source: HTTPWhitelistSource(url: description.whitelist.url, transport: transport),
            store: FileWhitelistStore(directory: "\(directory)/copies-liste"),
            verifier: try WhitelistVerifier(trustStore: trustStore, certificates: verifier),
            logger: Logger(label: "liste") { _ in SwiftLogNoOpLogHandler() })
        return TrustSpace(directory: directory, verifier: verifier, whitelist: whitelist)
    }

    /// The certificate and key issued under `name` by `mss-sandbox certificate`.
    func identity(_ name: String) throws -> TLSIdentity {
        try TLSIdentity(
            certificateFile: "\(directory)/certificats/\(name).pem", keyFile: "\(directory)/certificats/\(name).key")
    }

    /// Asks for the list; says what became of it.
    func refreshList() async -> (line: String, isAccepted: Bool) {
        await whitelist.loadCopy()
        let before = whitelist.snapshot != nil
        switch await whitelist.refresh() {
        case .success(.unchanged): return ("Liste inchangée, celle du disque est vérifiée.", true)
        case .success(.installed): return ("Liste téléchargée, signature vérifiée, en vigueur.", true)
        case .failure(let failure):
            let kept = before ? " La dernière liste vérifiée reste en vigueur." : " Aucune liste n'est en vigueur."
            return ("Liste refusée : \(failure.explanation)\(kept)", false)
        }
    }
}

/// A failure told in French to whoever typed the command.
struct ValidationFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ExplainedFailure {
    /// The explanation and the requirement behind it.
    var told: String { requirement.map { "\(explanation) [\($0)]" } ?? explanation }
}

/// Prints a line at once, even into a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
