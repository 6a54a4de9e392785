import ArgumentParser
import MSSTestKit

struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Émet un certificat, bon ou mauvais : NOM.pem (avec l'intermédiaire), NOM.cer, NOM.key.")

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case server = "serveur"
        case applicationClient = "auth-cli"
        case seal = "cachet"
        case listSigner = "liste-blanche"

        func profile(_ commonName: String) -> TestCertificateProfile {
            switch self {
            case .server: .server(commonName: commonName, dnsNames: [commonName, "localhost"])
            case .applicationClient: .applicationClient(commonName: commonName)
            case .seal: .seal(commonName: commonName)
            case .listSigner: .mailSigner(commonName: commonName)
            }
        }
    }

    enum Defect: String, ExpressibleByArgument, CaseIterable {
        case none = "aucun"
        case expired = "expire"
        case notYetValid = "pas-encore-valide"
        case revoked = "revoque"
        case wrongUsage = "mauvais-usage"
        case weakKey = "cle-faible"
        case weakSignature = "sha1"
        case lookalike = "autorite-imitee"
        case foreign = "autorite-etrangere"
    }

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "Le nom des fichiers, dans le sous-dossier certificats.") var name: String
    @Option(help: "serveur, auth-cli, cachet ou liste-blanche.") var kind: Kind = .server
    @Option(help: "CN du sujet (défaut : NOM.mssante.fr).") var commonName: String?
    @Option(help: "O du sujet : raison sociale.") var organization = TestStructure.hospital.name
    @Option(help: "OU du sujet : préfixe et idNat (1 FINESS, 2 SIREN, 3 SIRET).")
    var identifier = TestStructure.hospital.identifier
    @Option(help: "ST du sujet.") var department = "Paris (75)"
    @Option(
        help: ArgumentHelp(
            "Ce qui cloche : \(Defect.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "defaut"))
    var defect: Defect = .none

    func run() async throws {
        let sandbox = try Sandbox(directory: directory)
        let other: TestPKI? =
            switch defect {
            case .lookalike: try TestPKI(sandbox.openPKI().hierarchy)
            case .foreign: try TestPKI(.foreign)
            default: nil
            }
        var profile = kind.profile(commonName ?? "\(name).mssante.fr")
        if defect == .wrongUsage { profile = profile.withWrongUsage() }
        let strength: TestStrength =
            switch defect {
            case .weakKey: .weakKey
            case .weakSignature: .weakSignature
            default: .fresh
            }
        let credential = try sandbox.issue(
            name, profile,
            subject: TestStructure(name: organization, identifier: identifier, department: department),
            validity: defect == .expired ? .expired : defect == .notYetValid ? .notYetValid : .valid,
            status: defect == .revoked ? .revoked(.keyCompromise) : .good, strength: strength, by: other)
        print("\(sandbox.certificates)/\(name).pem")
        print("  Sujet    : \(credential.subject)")
        print("  Émetteur : \(try (other ?? sandbox.openPKI()).intermediate.subject)")
        print("  Défaut   : \(defect.rawValue)")
        await reload(sandbox)
    }
}

/// Tells the sandbox, where it runs, that its folder has changed; one that does not run will see.
func reload(_ sandbox: Sandbox) async {
    if let answer = try? await sandbox.tell(.reload) { print(answer) }
}

struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Révoque un certificat émis ; le bac à sable, s'il tourne, publie aussitôt de nouvelles CRL.")

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "Le nom du certificat : celui de l'opérateur, ou celui donné à « certificate ».") var name: String

    func run() async throws {
        let sandbox = try Sandbox(directory: directory)
        print("Révoqué : \(try sandbox.revoke(name))")
        await reload(sandbox)
    }
}

struct AuthorizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorize",
        abstract: "Inscrit un domaine sur la liste blanche pour un certificat émis ; le bac à sable la publie aussitôt."
    )

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "Le domaine.") var domain: String
    @Argument(help: "Le nom du certificat.") var name: String

    func run() async throws {
        let sandbox = try Sandbox(directory: directory)
        try sandbox.authorize(name, for: domain)
        print("Inscrit : \(domain)")
        await reload(sandbox)
    }
}
