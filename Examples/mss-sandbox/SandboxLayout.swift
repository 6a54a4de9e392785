import FoundationEssentials
import MSSTestKit

/// Where things lie in the folder of a sandbox.
struct SandboxLayout {
    let directory: String

    init(_ directory: String) { self.directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory }

    /// The hierarchy: certificates, keys, CRLs, memory.
    var pki: String { "\(directory)/pki" }
    /// Certificates issued by name: `NAME.pem` (leaf and intermediate), `NAME.cer`, `NAME.key`.
    var certificates: String { "\(directory)/certificats" }
    /// The signed list as it was first served.
    var whitelist: String { "\(directory)/listeblanchemssante.xml" }
    /// What runs and where; see ``SandboxDescription``.
    var description: String { "\(directory)/sandbox.json" }

    var hasPKI: Bool { (try? TestFiles.read("\(pki)/pki.json")) != nil }

    func openPKI() throws -> TestPKI {
        guard hasPKI else {
            throw SandboxError(
                "Pas de hiérarchie dans \(pki) : lancez d'abord « mss-sandbox pki create \(directory) ».")
        }
        return try TestPKI(directory: pki)
    }

    func running() throws -> SandboxDescription {
        guard let bytes = try? TestFiles.read(description) else {
            throw SandboxError("Aucun bac à sable ne tourne dans \(directory) (\(description) absent).")
        }
        return try JSONDecoder().decode(SandboxDescription.self, from: Data(bytes))
    }
}

/// `sandbox.json`: what `serve` started. Every URL is on the loopback interface.
struct SandboxDescription: Codable {
    /// Process number of the server.
    let processus: Int32
    /// The signed list, over HTTPS.
    let listeBlanche: String
    /// Base of the CRL and CA certificates: `/root.crl`, `/intermediate.crl`, `/intermediate-delta.crl`, `/root.cer`,
    /// `/intermediate.cer`.
    let crl: String
    /// OCSP responder (POST and GET).
    let ocsp: String
    /// Where `fault` and `certificate revoke` talk to the server; the secret is in the path.
    let commande: String
    /// Trust store: root and intermediate, PEM.
    let autorites: String
}

/// A failure told in French to whoever typed the command.
struct SandboxError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
