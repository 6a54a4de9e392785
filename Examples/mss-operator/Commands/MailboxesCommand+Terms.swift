import ArgumentParser
import MSSOperator

extension MailboxesCommand {
    /// `mss-operator bal conditions`: who accepted the terms of use (EX_DCU_5030).
    struct Terms: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "conditions",
            abstract: "Les conditions d'utilisation : qui les a acceptées (EX_DCU_5030).",
            discussion: """
                Sans l'acceptation de la version en vigueur (« conditions.version » de la configuration), une personne \
                ne lit ni n'envoie, et un logiciel non plus sans celle du responsable de sa boîte applicative.
                """,
            subcommands: [List.self, Accept.self])

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "lister", abstract: "Liste les personnes et la version que chacune a acceptée.")
            @Flag(name: .customLong("manquantes"), help: "Seulement celles qui doivent encore accepter.")
            var onlyMissing = false
            @Option(name: .customLong("apres"), help: "Seulement les numéros au-delà de celui-ci.") var after: Int64 = 0
            @OptionGroup var connection: Connection

            func run() async throws {
                try await explained {
                    var arguments = ListAcceptances.Arguments(onlyMissing: onlyMissing)
                    arguments.after = after
                    try await connection.perform(ListAcceptances.self, arguments) { reply in
                        say(reply.version.map { "En vigueur : version \($0)." } ?? "Rien n'est demandé aux usagers.")
                        if !reply.persons.isEmpty { say(Table.text(reply.persons.map(Terms.row))) }
                        if let next = reply.next { say("Il y en a d'autres : --apres \(next)") }
                    }
                }
            }
        }

        struct Accept: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "accepter",
                abstract: "Note l'acceptation que des personnes vous ont donnée ; tracé à votre nom, avec sa preuve.")
            @Argument(help: "Leurs identités : RPPS (11 chiffres) ou L<structure>:<identifiant local>.")
            var persons: [String]
            @Option(name: .customLong("preuve"), help: "Ce qui la montre : formulaire signé et son classement, ticket…")
            var evidence: String
            @Option(help: "La version acceptée ; par défaut celle en vigueur.") var version: String?
            @OptionGroup var connection: Connection

            func run() async throws {
                try await explained {
                    try await connection.perform(
                        RecordAcceptance.self, .init(persons: persons, evidence: evidence, version: version)
                    ) { done in say(Table.text(done.map(Terms.row))) }
                }
            }
        }

        private static func row(_ one: PersonTerms) -> [String] {
            let state = one.version.map { "version \($0), le \(one.at ?? "?")" } ?? "aucune acceptation"
            return [one.person.identity, one.person.name, one.isAdmitted ? state : "\(state) : à recueillir"]
        }
    }
}
