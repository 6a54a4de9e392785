import ArgumentParser
import MSSOperator

/// Looks at everything that an operator needs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Contrôle la configuration et ce dont l'opérateur a besoin ; chaque point : ok, avertissement ou échec, et son remède.",
        discussion:
            "Sortie : 0 tout va bien, 1 avertissements, 2 échecs. Ne change rien ; peut être lancé pendant que le service tourne."
    )

    @OptionGroup var local: LocalOptions
    @Option(name: .customLong("ntp"), help: "Serveur de temps (répétable) ; « aucun » pour ne pas en demander.")
    var timeServers: [String] = []
    @Option(
        name: .customLong("empreintes"),
        help: "Empreintes SHA-256 vérifiées des autorités, une par ligne (RE_OPE_5040).")
    var fingerprints: String?
    @Flag(name: .customLong("hors-ligne"), help: "Ne télécharge pas de liste blanche.") var isOffline = false

    func run() async throws {
        var environment = OperatorCheck.Environment()
        if !timeServers.isEmpty { environment.timeServers = timeServers.filter { $0 != "aucun" } }
        environment.fingerprints = fingerprints
        environment.mayFetch = !isOffline
        let items = await OperatorCheck.run(file: local.path, environment)
        try local.show(items) {
            let failures = items.count { $0.verdict == .failure }
            let warnings = items.count { $0.verdict == .warning }
            return items.flatMap(\.lines) + ["", "\(failures) échecs, \(warnings) avertissements."]
        }
        switch items.map(\.verdict).max() {
        case .failure: throw ExitCode(2)
        case .warning: throw ExitCode(1)
        case .ok, nil: break
        }
    }
}
