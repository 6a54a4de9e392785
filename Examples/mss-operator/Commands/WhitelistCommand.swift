import ArgumentParser
import MSSOperator

struct WhitelistCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "liste-blanche", abstract: "La liste blanche MSSanté.",
        subcommands: [StatusCommand.self, RefreshCommand.self, LookupCommand.self],
        defaultSubcommand: StatusCommand.self)

    struct StatusCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "etat", abstract: "La liste en vigueur, sa fraîcheur, et les domaines de l'opérateur.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(WhitelistCommands.Status.self, AdminNothing()) { reply in
                    guard reply.isThere else {
                        complain("Aucune liste vérifiée. \(reply.lastFailure ?? "")")
                        return
                    }
                    say(
                        Table.text([
                            ["générée", reply.generated ?? "-"], ["confirmée", reply.confirmed ?? "-"],
                            ["domaines", "\(reply.domains ?? 0)"], ["signataire", reply.signer ?? "-"],
                            ["empreinte", reply.digest ?? "-"], ["anomalies", "\(reply.diagnostics)"],
                            ["échecs de suite", "\(reply.failures)"],
                        ]))
                    if let failure = reply.lastFailure { complain("Dernier échec : \(failure)") }
                    for (domain, isListed) in reply.ownDomains.sorted(by: { $0.key < $1.key }) {
                        say("\(domain) : \(isListed ? "autorisé pour un certificat de l'opérateur" : "NON AUTORISÉ")")
                    }
                } check: { reply in
                    guard reply.isThere, reply.ownDomains.values.allSatisfy({ $0 }) else { throw Status.refused }
                }
            }
        }
    }

    struct RefreshCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "actualiser", abstract: "Télécharge et vérifie la liste maintenant.")
        @Flag(name: .customLong("accepter-reduction"), help: "Accepte une liste bien plus courte que celle en vigueur.")
        var allowsShrinking = false
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let arguments = WhitelistCommands.Refresh.Arguments(allowsShrinking: allowsShrinking)
                try await connection.perform(WhitelistCommands.Refresh.self, arguments) { reply in
                    say(reply.isNew ? "Nouvelle liste en vigueur." : "Liste inchangée, confirmée par son serveur.")
                    for change in reply.changes { say("  \(change)") }
                }
            }
        }
    }

    struct LookupCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "chercher", abstract: "Cherche un domaine, une adresse ou un nom de certificat dans la liste.")
        @Argument(help: "Domaine, adresse ou nom de certificat (CN=…,C=FR).") var subject: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(WhitelistCommands.Lookup.self, .init(subject)) { reply in
                    if reply.entries.isEmpty { complain("« \(subject) » ne figure pas dans la liste.") }
                    for entry in reply.entries { say("\(entry.domain)  \(entry.certificateName)") }
                } check: { reply in
                    if reply.entries.isEmpty { throw Status.refused }
                }
            }
        }
    }
}
