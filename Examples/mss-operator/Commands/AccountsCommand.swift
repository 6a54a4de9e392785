import ArgumentParser
import Foundation
import MSSOperator

struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "comptes", abstract: "Structures, personnes et boîtes par fichiers entiers ; identités.",
        subcommands: [LoadCommand.self, IdentityCommand.self])

    struct IdentityCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "identite",
            abstract:
                "Une personne passe à une autre identité, avec ses boîtes et ses droits (EX_GBM_4312, EX_PBA_5100).")
        @Argument(help: "L'identité connue : RPPS, ou L<structure>:<identifiant local>.") var person: String
        @Argument(help: "L'identité désormais.") var identity: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(
                    ChangeIdentity.self, ChangeIdentity.Arguments(person: person, identity: identity)
                ) { person in say("\(person.name) : \(person.identity)") }
            }
        }
    }

    struct LoadCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "charger",
            abstract:
                "Charge un fichier de structures, de personnes et de boîtes : tout, ou rien et la liste des erreurs.",
            discussion: """
                JSON : un objet dont les membres sont les tables structures, persons, mailboxes, reservations. CSV : une \
                table par fichier (--table), avec une ligne d'en-têtes. Ce qui est déjà connu est refusé, jamais remplacé.
                """)
        @Argument(help: "Le fichier.") var file: String
        @Option(name: .customLong("table"), help: "La table d'un fichier CSV ; sans elle, le fichier est en JSON.")
        var table: String?
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                guard let content = FileManager.default.contents(atPath: file) else {
                    throw AdminFailure(400, "Le fichier \(file) ne peut pas être lu.")
                }
                try await connection.perform(
                    LoadAccounts.self, LoadAccounts.Arguments(table: table), payload: Array(content)
                ) { reply in
                    let counts = [("structures", "structures"), ("persons", "personnes"), ("mailboxes", "boîtes")]
                        .map { "\(reply.counts[$0.0] ?? 0) \($0.1)" }.joined(separator: ", ")
                    say(reply.isAccepted ? "Chargé : \(counts)." : "Rien n'a été chargé (\(counts) lues).")
                    for problem in reply.problems {
                        let place = [problem.table, "ligne \(problem.line)", problem.column].compactMap(\.self)
                        complain("\(place.joined(separator: ", ")) : \(problem.explanation)")
                    }
                    if reply.isCut { complain("… et d'autres erreurs.") }
                } check: { reply in
                    if !reply.isAccepted { throw Status.refused }
                }
            }
        }
    }
}
