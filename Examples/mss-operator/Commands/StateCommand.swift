import ArgumentParser
import MSSOperator

struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etat", abstract: "L'état du service, composant par composant.")

    @OptionGroup var connection: Connection

    func run() async throws {
        try await explained {
            try await connection.perform(StateCommands.State.self, AdminNothing()) { reply in
                say("\(reply.server) (\(reply.domains.joined(separator: ", "))), depuis le \(reply.since)")
                say(
                    Table.text(
                        reply.health.components.sorted { $0.key < $1.key }.map {
                            [$0.key, $0.value.state.rawValue, $0.value.explanation]
                        }))
            } check: { reply in
                if reply.health.state == .failure { throw Status.refused }
            }
        }
    }
}

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recharger",
        abstract: "Relit configuration, certificats, autorités et liste blanche, comme SIGHUP.")

    @OptionGroup var connection: Connection

    func run() async throws {
        try await explained {
            try await connection.perform(StateCommands.Reload.self, AdminNothing()) { report in
                for name in report.certificates { say("Certificat relu : \(name)") }
                for key in report.applied { say("En vigueur : \(key)") }
                for key in report.waiting { say("Attend un redémarrage : \(key)") }
                for failure in report.failures { complain(failure) }
                if report == ReloadReport() { say("Rien n'a changé.") }
            } check: { report in
                if !report.failures.isEmpty { throw Status.refused }
            }
        }
    }
}
