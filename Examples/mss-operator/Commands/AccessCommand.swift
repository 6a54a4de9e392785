import ArgumentParser
import MSSOperator

/// `mss-operator acces`: the operator's own method, beside Pro Santé Connect (RE_LPS_0100).
struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acces",
        abstract: "Mot de passe et code à usage unique, pour les jours où Pro Santé Connect manque (RE_LPS_0100).",
        subcommands: [Enrol.self, Revoke.self, List.self])

    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inscrire",
            abstract: "Inscrit une personne ; son mot de passe et son code ne sont montrés que cette fois.",
            discussion: """
                L'adresse otpauth:// se donne à lire à une application d'authentification, par exemple : \
                qrencode -t ansiutf8 'otpauth://…'. Une inscription nouvelle remplace l'ancienne.
                """)
        @Argument(help: "Son identité : un RPPS, ou L<structure>:<identifiant local>.") var person: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(EnrolAccess.self, .init(person: person)) { reply in
                    say(
                        """
                        Identifiant  : \(reply.login)*ADRESSE-DE-LA-BOITE
                        Mot de passe : \(reply.password), suivi des six chiffres du moment
                        Code         : \(reply.url)
                        Ces secrets ne seront plus montrés : remettez-les à la personne, et à elle seule.
                        """)
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoquer", abstract: "Retire à une personne son mot de passe et son code.")
        @Argument(help: "Son identité.") var person: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(RevokeAccess.self, .init(person: person)) { _ in say("Retiré.") }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "lister", abstract: "Liste les inscrits.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(ListAccess.self, AdminNothing()) { entries in
                    for entry in entries {
                        say("\(entry.login)\tdepuis \(entry.made)\tdernier usage : \(entry.lastUsed ?? "aucun")")
                    }
                    say("\(entries.count) inscrits.")
                }
            }
        }
    }
}
