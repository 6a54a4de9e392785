import ArgumentParser
import Foundation
import MSSOperator

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "envoyer",
        abstract: "Envoie le message lu sur l'entrée standard.",
        discussion: """
            Le message complet (en-têtes, ligne vide, corps), au format RFC 5322. Expéditeur : la BAL de l'exploitant ou \
            une BAL de test ; n'importe laquelle dans l'espace de test. Code de sortie 1 si un destinataire est refusé.
            """)

    @Option(name: .customLong("de"), help: "Adresse de la BAL qui envoie.") var sender: String
    @Option(name: .customLong("a"), parsing: .upToNextOption, help: "Adresses des destinataires.") var recipients:
        [String]
    @Option(name: .customLong("avis"), parsing: .upToNextOption, help: "Avis demandés : succes, echec, retard.")
    var notify: [String] = []
    @Flag(name: .customLong("tous-ou-aucun"), help: "N'envoie rien si un destinataire est refusé.") var wholeOnly =
        false
    @OptionGroup var connection: Connection

    func run() async throws {
        try await explained {
            let message = try FileHandle.standardInput.readToEnd() ?? Data()
            let arguments = SubmissionCommands.Submit.Arguments(
                from: sender, to: recipients, notify: notify, wholeOnly: wholeOnly)
            try await connection.perform(SubmissionCommands.Submit.self, arguments, payload: Array(message)) { reply in
                if let name = reply.message { say("Pris en charge sous le nom \(name)") }
                if let explanation = reply.explanation {
                    complain("Non envoyé : \(explanation)\(reply.requirement.map { " [\($0)]" } ?? "")")
                }
                for name in reply.removed { complain("Pièce jointe retirée : \(name)") }
                say(
                    Table.text(
                        reply.recipients.map { one in
                            [one.address, one.outcome, one.reply ?? ""]
                        }))
            } check: { reply in
                let isWhole = reply.recipients.allSatisfy { $0.outcome.hasPrefix("accepte") }
                guard reply.message != nil, isWhole else { throw Status.refused }
            }
        }
    }
}
