import ArgumentParser
import MSSOperator

/// What the scanner blocked.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantaine", abstract: "Ce que l'antivirus a bloqué (EX_SSI_5090).",
        subcommands: [List.self, Release.self, Drop.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lister", abstract: "Liste, le plus ancien d'abord.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(ListQuarantine.self, AdminNothing()) { entries in
                    for entry in entries {
                        say("\(entry.id)  \(entry.time)  \(entry.findings.joined(separator: ", "))")
                        say("  de \(entry.sender ?? "<>") à \(entry.recipients.joined(separator: ", "))")
                    }
                    say("\(entries.count) messages en quarantaine")
                }
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "liberer", abstract: "Remet un message sans danger à ses destinataires.")
        @Argument(help: "Son nom.") var id: String
        @Option(name: .customLong("motif"), help: "Pourquoi il est sans danger : pour la trace.") var reason: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let decision = QuarantineCommands.Decision(id: id, reason: reason)
                try await connection.perform(ReleaseQuarantined.self, decision) { say("Libéré : \($0.id)") }
            }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "supprimer", abstract: "Détruit un message.")
        @Argument(help: "Son nom.") var id: String
        @Option(name: .customLong("motif"), help: "Pourquoi : pour la trace.") var reason: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let decision = QuarantineCommands.Decision(id: id, reason: reason)
                try await connection.perform(DropQuarantined.self, decision) { say("Détruit : \($0.id)") }
            }
        }
    }
}
