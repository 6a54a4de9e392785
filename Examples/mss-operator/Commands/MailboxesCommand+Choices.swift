import ArgumentParser
import Foundation
import MSSOperator

/// What holders choose: entered at their request.
extension MailboxesCommand {
    struct Absence: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "absence",
            abstract:
                "Règle ou arrête la réponse automatique d'une boîte (EX_GBM_4471), à la demande de ses titulaires.")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("texte"), help: "Ce que lisent les correspondants.") var text: String?
        @Option(name: .customLong("fichier"), help: "Le même, dans un fichier UTF-8.") var file: String?
        @Option(name: .customLong("du"), help: "Depuis : une date ou une date et heure ; par défaut maintenant.")
        var from: String?
        @Option(name: .customLong("au"), help: "Jusqu'à ; par défaut jusqu'à nouvel ordre.") var until: String?
        @Flag(name: .customLong("fin"), help: "Arrête la réponse automatique.") var ends = false
        @OptionGroup var connection: Connection

        func validate() throws {
            guard [text != nil, file != nil, ends].count(where: { $0 }) == 1 else {
                throw ValidationError("Il faut --texte, --fichier ou --fin.")
            }
        }

        func run() async throws {
            try await explained {
                var words = text
                if let file {
                    guard let data = FileManager.default.contents(atPath: file), data.count <= 64 << 10,
                        let text = String(data: data, encoding: .utf8)
                    else { throw AdminFailure(400, "Le fichier \(file) n'est pas un texte UTF-8 de 64 Kio au plus.") }
                    words = text
                }
                try await MailboxesCommand.show(
                    SetAbsence.self, SetAbsence.Arguments(address: address, text: words, from: from, until: until),
                    connection)
            }
        }
    }

    struct Forwarding: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "transfert",
            abstract: "Règle ou arrête le transfert vers une autre boîte MSSanté du même titulaire (EX_GBM_4480).")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("vers"), help: "L'adresse de l'autre boîte.") var to: String?
        @Flag(name: .customLong("fin"), help: "Arrête le transfert.") var ends = false
        @OptionGroup var connection: Connection

        func validate() throws {
            guard ends != (to != nil) else { throw ValidationError("Il faut --vers ou --fin.") }
        }

        func run() async throws {
            try await MailboxesCommand.show(
                SetForwarding.self, SetForwarding.Arguments(address: address, to: to), connection)
        }
    }

    struct PurgeSent: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "purge-envoyes",
            abstract: "Règle ou arrête la purge automatique des messages envoyés (EX_GBP_3050).")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("jours"), help: "Jours de conservation, de 1 à 3650.") var days: Int?
        @Flag(name: .customLong("fin"), help: "Arrête la purge.") var ends = false
        @OptionGroup var connection: Connection

        func validate() throws {
            guard ends != (days != nil) else { throw ValidationError("Il faut --jours ou --fin.") }
        }

        func run() async throws {
            try await MailboxesCommand.show(SetPurge.self, SetPurge.Arguments(address: address, days: days), connection)
        }
    }
}
