import ArgumentParser
import Logging
import MSSCore
import MSSOperator

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Fait tourner l'opérateur jusqu'à SIGTERM.",
        discussion: """
            Sous un compte ordinaire. SIGTERM ou SIGINT : arrêt après la fin des échanges en cours. SIGHUP : relit la \
            configuration, les certificats, les autorités et la liste blanche. Les journaux sont du JSON sur la sortie \
            d'erreur.
            """)

    @Option(name: .customLong("config"), help: "Fichier de configuration (YAML).") var settingsFile: String?

    func run() async throws {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        try await explained {
            let file = Connection.settingsFile(settingsFile)
            let settings = try OperatorSettings(contentsOf: file)
            JSONLogHandler.setLevel(settings.observation.logLevel)
            let node = try await OperatorNode.open(settings, file: file, sockets: .ofProcess())
            try await node.run()
        }
    }
}
