import ArgumentParser
import MSSOperator

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file", abstract: "La file d'attente.",
        subcommands: [
            ListCommand.self, MessagesCommand.self, ShowCommand.self, RetryCommand.self, HoldCommand.self,
            ReleaseCommand.self, DropCommand.self, QueueRescueCommand.self,
        ], defaultSubcommand: ListCommand.self)

    struct ListCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "liste", abstract: "Ce qui attend, par destination, avec les motifs et la prochaine tentative."
        )
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(QueueCommands.List.self, AdminNothing()) { reply in
                    say("\(reply.messages) messages en attente")
                    var rows: [[String]] = []
                    for one in reply.destinations {
                        rows.append([
                            one.domain, "\(one.messages) messages", "retenus \(one.held)", "depuis \(one.oldest)",
                            one.next.map { "prochaine \($0)" } ?? (one.leased > 0 ? "en cours" : "-"),
                        ])
                    }
                    if !rows.isEmpty { say(Table.text(rows)) }
                    for one in reply.destinations {
                        for (reason, count) in one.reasons.sorted(by: { $0.value > $1.value }) {
                            say("  \(one.domain) : \(count) × \(reason)")
                        }
                    }
                }
            }
        }
    }

    struct MessagesCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "messages", abstract: "Les messages en attente, dans l'ordre d'arrivée.")
        @Option(name: .customLong("domaine"), help: "Seulement ceux pour ce domaine.") var domain: String?
        @Option(name: .customLong("apres"), help: "Seulement ceux après ce message.") var after: String?
        @Option(name: .customLong("nombre"), help: "Nombre de messages, au plus.") var limit = 100
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let arguments = QueueCommands.Messages.Arguments(domain: domain, after: after, limit: limit)
                try await connection.perform(QueueCommands.Messages.self, arguments) { messages in
                    for message in messages { QueueCommand.show(message) }
                }
            }
        }
    }

    struct ShowCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "montrer", abstract: "Un message de la file et son enveloppe, jamais son contenu.")
        @Argument(help: "Nom du message.") var message: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(QueueCommands.Show.self, QueueCommands.Named(message)) { reply in
                    QueueCommand.show(reply.message)
                    say("  émetteur : \(reply.sender ?? "aucun (avis)")")
                    for recipient in reply.recipients { say("  destinataire : \(recipient)") }
                }
            }
        }
    }

    struct RetryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "relancer", abstract: "Tente de nouveau sans attendre : un message, ou tout pour un domaine.")
        @Argument(help: "Nom du message.") var message: String?
        @Option(name: .customLong("domaine"), help: "Tout ce qui attend pour ce domaine.") var domain: String?
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let arguments = QueueCommands.Retry.Arguments(message: message, domain: domain)
                try await connection.perform(QueueCommands.Retry.self, arguments) { reply in
                    say("\(reply.messages) messages relancés")
                }
            }
        }
    }

    struct HoldCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "retenir", abstract: "Retient un message.")
        @Argument(help: "Nom du message.") var message: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(QueueCommands.Hold.self, QueueCommands.Named(message)) { _ in
                    say("Retenu : \(message)")
                }
            }
        }
    }

    struct ReleaseCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "liberer", abstract: "Libère un message retenu.")
        @Argument(help: "Nom du message.") var message: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(QueueCommands.Release.self, QueueCommands.Named(message)) { _ in
                    say("Libéré : \(message)")
                }
            }
        }
    }

    struct DropCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "supprimer", abstract: "Supprime un message pour de bon ; personne n'en est averti.")
        @Argument(help: "Nom du message.") var message: String
        @Flag(name: .customLong("oui"), help: "Confirme la suppression.") var isConfirmed = false
        @OptionGroup var connection: Connection

        func validate() throws {
            guard isConfirmed else {
                throw ValidationError(
                    "La suppression est définitive et l'émetteur n'est pas averti : confirmez par --oui.")
            }
        }

        func run() async throws {
            try await explained {
                try await connection.perform(QueueCommands.Drop.self, QueueCommands.Named(message)) { _ in
                    say("Supprimé : \(message)")
                }
            }
        }
    }

    private static func show(_ message: QueueCommands.Message) {
        let marks = (message.isHeld ? " retenu" : "") + (message.isDamaged ? " endommagé" : "")
        say("\(message.id)  arrivé \(message.arrival)  \(message.size) octets\(marks)")
        for share in message.shares {
            let state = share.isLeased ? "en cours" : "prochaine \(share.due)"
            say("  \(share.domain) : \(share.attempts) tentatives, \(state)\(share.reason.map { ", \($0)" } ?? "")")
        }
    }
}
