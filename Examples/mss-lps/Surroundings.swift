import ArgumentParser
import Foundation
import MSSCore
import MSSDNS
import MSSHTTP
import MSSTLS

/// Whom the software asks and believes, on the command line.
struct SurroundingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Un bac à sable : son DNS, ses autorités, son PSC.", valueName: "dossier"))
    var bac: String?
    @Option(help: ArgumentHelp("Un résolveur DNS, au lieu de ceux du système.", valueName: "adresse[@port]"))
    var dns: String?
    @Option(help: ArgumentHelp("Autorités des serveurs (PEM), au lieu de celles du bac.", valueName: "fichier"))
    var autorites: String?
    @Option(help: ArgumentHelp("L'émetteur des jetons ; par défaut Pro Santé Connect.", valueName: "https://…"))
    var emetteur: String?

    /// The values, with paths that hold wherever the next command is run.
    var values: Surroundings {
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        return Surroundings(
            bac: bac.map(absolute), dns: dns, autorites: autorites.map(absolute), emetteur: emetteur)
    }
}

/// Whom the software asks and believes: the DNS, the authorities of servers. In production both are the system's; the
/// sandbox has its own.
struct Surroundings: Codable {
    var bac: String?
    var dns: String?
    var autorites: String?
    var emetteur: String?

    /// What this needs of `sandbox.json` (Documentation/Sandbox.md).
    struct Sandbox: Decodable {
        struct Authorities: Decodable { var trustStore: String }
        struct NameServer: Decodable { var address: String, port: Int }
        struct Provider: Decodable { var issuer: String, clients: [Client] }
        struct Client: Decodable { var id: String, secret: String? }
        var authorities: Authorities
        var dns: NameServer
        var psc: Provider
    }

    /// The sandbox, when there is one.
    var sandbox: Sandbox? {
        get throws {
            guard let bac else { return nil }
            let url = URL(fileURLWithPath: bac).appendingPathComponent("sandbox.json")
            guard let bytes = try? Data(contentsOf: url) else { throw ToldFailure("\(url.path) n'est pas lisible.") }
            return try JSONDecoder().decode(Sandbox.self, from: bytes)
        }
    }

    /// The resolver: SRV records and addresses are asked of it.
    func resolver() throws -> UnboundResolver {
        var configuration = UnboundConfiguration()
        if let server = try dns ?? sandbox.map({ "\($0.dns.address)@\($0.dns.port)" }) {
            configuration.upstream = .forwarders([server])
        }
        return try UnboundResolver(configuration)
    }

    private var authorityFile: String? { get throws { try autorites ?? sandbox?.authorities.trustStore } }

    /// The authorities of mail servers: IGC-Santé's, or what the operator says. An operator's servers for client software
    /// may show any certificate that the software trusts (§6.8.2).
    func trustStore() throws -> TrustStore {
        guard let file = try authorityFile else {
            throw ToldFailure("Donnez les autorités des serveurs (--autorites), par exemple celles de l'IGC-Santé.")
        }
        return try TrustStore(contentsOf: [file])
    }

    /// HTTPS, for Pro Santé Connect.
    func transport() throws -> AsyncHTTPTransport {
        guard let file = try authorityFile else { return try AsyncHTTPTransport(HTTPTransportConfiguration()) }
        let roots = try TrustStore(contentsOf: [file]).authorities.map(\.der)
        return try AsyncHTTPTransport(HTTPTransportConfiguration(trustRoots: .der(roots)))
    }

    /// TLS to the operator: version and suites of EX_LPS_0100 and EX_LPS_0200, the server's name and path verified; with
    /// an application's certificate, when it has one.
    func tls(identity: TLSIdentity?) throws -> ReloadableTLSContext {
        ReloadableTLSContext(
            try TLSContext(
                .client(
                    policy: .apiLPS(.v1_6), identity: identity, verifier: PKIXVerifier(trustStore: try trustStore()))))
    }
}
