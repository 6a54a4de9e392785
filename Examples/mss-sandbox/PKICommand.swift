import ArgumentParser
import MSSTestKit

struct PKICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pki", abstract: "La hiérarchie de certification.", subcommands: [Create.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Crée une hiérarchie (racine, intermédiaire, clés, CRL) dans un dossier.")

        @Argument(help: "Le dossier du bac à sable ; la hiérarchie va dans son sous-dossier pki.")
        var directory: String

        @Option(help: "Les noms des autorités : igc-test, igc-production ou etrangere.")
        var names: Names = .igcTest

        enum Names: String, ExpressibleByArgument, CaseIterable {
            case igcTest = "igc-test"
            case igcProduction = "igc-production"
            case foreign = "etrangere"
        }

        func run() throws {
            let layout = SandboxLayout(directory)
            guard !layout.hasPKI else {
                throw ValidationError(
                    "\(layout.pki) contient déjà une hiérarchie ; supprimez-la ou changez de dossier.")
            }
            let hierarchy: TestHierarchy =
                switch names {
                case .igcTest: .igcSanteTest
                case .igcProduction: .igcSanteProduction
                case .foreign: .foreign
                }
            let pki = try TestPKI(hierarchy)
            try pki.save(to: layout.pki)
            print("Racine        : \(pki.root.subject)")
            print("Intermédiaire : \(pki.intermediate.subject)")
            print("Écrits dans \(layout.pki) : root.pem, intermediate.pem, ca.pem (les deux), leurs clés et leurs CRL.")
        }
    }
}
