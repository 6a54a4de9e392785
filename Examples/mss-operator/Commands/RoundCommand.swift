import ArgumentParser
import MSSOperator

struct RoundCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ronde", abstract: "La ronde quotidienne des BAL : avis, purges, suppressions.",
        subcommands: [ShowCommand.self, ConfirmCommand.self], defaultSubcommand: ShowCommand.self)

    struct ShowCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "etat", abstract: "La dernière ronde, et ce qui empêche la prochaine.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(RoundCommands.Show.self, AdminNothing()) { reply in
                    say("Dernière ronde due le : \(reply.last ?? "pas encore de ronde")")
                    if reply.failures > 0 { say("Échecs depuis : \(reply.failures)") }
                    if let doubt = reply.doubt { complain(doubt) }
                } check: { reply in
                    if reply.doubt != nil { throw Status.refused }
                }
            }
        }
    }

    struct ConfirmCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "confirmer",
            abstract: "Confirme la date d'aujourd'hui après une longue interruption ; la ronde suit aussitôt.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(RoundCommands.Confirm.self, AdminNothing()) { reply in
                    say("Confirmé. \(reply.doubt) La ronde suit dans la minute.")
                }
            }
        }
    }
}
