import ArgumentParser
import Foundation
import MSSOperator
import MSSTraces

/// Makes a data folder of a backup, and verifies all of it.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restauration",
        abstract: "Restaure une sauvegarde et vérifie tout ce qu'elle contient ; le service doit être arrêté.",
        discussion: """
            Avec --essai, restaure ailleurs pour éprouver la sauvegarde. Sinon dans le dossier des données, qui doit être \
            vide ; la restauration y est alors tracée à votre nom. Sortie : 0 tout est intact, 1 sinon.
            """)
    @Argument(help: "Le dossier de la sauvegarde.") var backup: String
    @Option(name: .customLong("essai"), help: "Un dossier vide ou absent, où restaurer pour essai.") var trial: String?
    @Option(name: .customLong("par"), help: "Votre identifiant d'administrateur (EX_SSI_5155).") var person: String
    @OptionGroup var local: LocalOptions

    func run() async throws {
        try await explained {
            let settings = try local.settings()
            let report = try await OperatorRestore(settings).run(
                URL(fileURLWithPath: backup).standardizedFileURL.path, to: trial, by: TracePerson(identifier: person))
            try local.show(report) {
                [
                    "\(report.files) fichiers, \(report.bytes) octets, tous conformes à leur empreinte.",
                    "\(report.messages) messages dans \(report.mailboxes) boîtes, \(report.waiting) en attente, "
                        + "\(report.quarantine) en quarantaine, \(report.traces) traces.",
                ] + report.findings.map { "ANOMALIE : \($0)" }
                    + [report.isSound ? "Tout est intact." : "La sauvegarde n'est pas intacte."]
            }
            if !report.isSound { throw ExitCode(1) }
        }
    }
}
