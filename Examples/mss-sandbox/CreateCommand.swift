import ArgumentParser
import MSSTestKit

struct CreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract:
            "Crée un bac à sable : autorités, certificats, liste blanche signée, zone DNS, opérateurs configurés.",
        discussion: """
            Exemple : mss-sandbox create bac --operator alpha=ch-alpha.mssante.fr --operator beta=clinique-beta.mssante.fr
            Les ports sont choisis ici et ne changent plus.
            """)

    @Argument(help: "Le dossier, où aucun bac à sable n'est encore.") var directory: String
    @Option(
        name: .customLong("operator"),
        help: ArgumentHelp("Un opérateur et ses domaines.", valueName: "nom=domaine[,domaine]"))
    var operators: [String] = []
    @Option(
        help: ArgumentHelp(
            "Une liste blanche, signée ou non, où ajouter les opérateurs (par exemple celle de l'ANS).",
            valueName: "fichier"))
    var whitelist: String?
    @Option(help: "Sans --whitelist : nombre d'entrées de la liste générée (au moins 60).")
    var domains = WhitelistGenerator.publishedCount
    @Option(help: "Les noms des autorités : igc-test, igc-production ou etrangere.") var names: Names = .igcTest

    enum Names: String, ExpressibleByArgument, CaseIterable {
        case igcTest = "igc-test"
        case igcProduction = "igc-production"
        case foreign = "etrangere"

        var hierarchy: TestHierarchy {
            switch self {
            case .igcTest: .igcSanteTest
            case .igcProduction: .igcSanteProduction
            case .foreign: .foreign
            }
        }
    }

    func validate() throws {
        guard domains >= 60 else { throw ValidationError("Il faut au moins 60 entrées.") }
    }

    func run() throws {
        let plan = SandboxPlan(
            operators: try operators.map { try SandboxPlan.Operator($0) },
            whitelist: try whitelist.map { .file(try TestFiles.read($0)) } ?? .generated(count: domains),
            hierarchy: names.hierarchy)
        let description = try Sandbox.create(plan, in: directory).description
        print("Autorités     : \(description.authorities.trustStore)")
        print("Liste blanche : \(description.whitelist.file)")
        for one in description.operators {
            print(
                "Opérateur     : \(one.name), \(one.domains.joined(separator: ", ")), \(one.address):\(description.smtpPort)"
            )
            print("                \(one.configuration)")
        }
        print("Tout est décrit dans \(description.directory)/sandbox.json. Ensuite : mss-sandbox run \(directory)")
    }
}
