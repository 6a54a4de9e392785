import ArgumentParser
import MSSTestKit

struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "Émet des certificats, bons ou mauvais, et les révoque.",
        subcommands: [Issue.self, Revoke.self], defaultSubcommand: Issue.self)

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

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Émet un certificat : NOM.pem (avec l'intermédiaire), NOM.cer, NOM.key.")

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
            let layout = SandboxLayout(directory)
            let pki = try layout.openPKI()
            let issuer: TestPKI =
                switch defect {
                case .lookalike: try TestPKI(pki.hierarchy)
                case .foreign: try TestPKI(.foreign)
                default: pki
                }
            var profile = kind.profile(commonName ?? "\(name).mssante.fr")
            if defect == .wrongUsage { profile = profile.withWrongUsage() }
            let strength: TestStrength =
                switch defect {
                case .weakKey: .weakKey
                case .weakSignature: .weakSignature
                default: .fresh
                }
            let credential = try issuer.issue(
                profile,
                subject: TestStructure(name: organization, identifier: identifier, department: department),
                validity: defect == .expired ? .expired : defect == .notYetValid ? .notYetValid : .valid,
                status: defect == .revoked ? .revoked(.keyCompromise) : .good, strength: strength,
                endpoints: pki.endpoints)
            try credential.write(to: layout.certificates, name: name)
            try pki.save(to: layout.pki)
            print("\(layout.certificates)/\(name).pem")
            print("  Sujet    : \(credential.subject)")
            print("  Émetteur : \(issuer.intermediate.subject)")
            print("  Défaut   : \(defect.rawValue)")
            try await Administration.reloadIfRunning(layout)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Révoque un certificat émis ; le serveur, s'il tourne, publie aussitôt de nouvelles CRL.")

        @Argument(help: "Le dossier du bac à sable.") var directory: String
        @Argument(help: "Le nom donné à l'émission.") var name: String

        func run() async throws {
            let layout = SandboxLayout(directory)
            let pki = try layout.openPKI()
            let certificate = try TestCredential.inspect(pemFile: "\(layout.certificates)/\(name).pem")
            pki.revoke(serialNumber: certificate.serialNumber)
            try pki.save(to: layout.pki)
            print("Révoqué : \(certificate.subject)")
            try await Administration.reloadIfRunning(layout)
        }
    }
}
