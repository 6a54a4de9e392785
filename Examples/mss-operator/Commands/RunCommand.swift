import ArgumentParser
import Glibc
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
        raiseDescriptorLimit()
        try await explained {
            let file = Connection.settingsFile(settingsFile)
            let settings = try OperatorSettings(contentsOf: file)
            JSONLogHandler.setLevel(settings.observation.logLevel)
            let node = try await OperatorNode.open(settings, file: file, sockets: .ofProcess())
            try await node.run()
        }
    }

    /// Connections and segments of the queue each take a descriptor: as many as the system allows this user, not the 1,024
    /// of a shell.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(kind, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(kind, &limit)
    }
}
