import ArgumentParser
import Foundation
import MSSOperator

/// A backup of everything, while the operator works.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sauvegarde",
        abstract: "Sauvegarde toutes les données pendant que le service tourne (EX_SSI_5110).",
        discussion: """
            Le service écrit lui-même : le dossier doit être vide ou absent, hors des données, et accessible à son compte. \
            La clé maîtresse, les certificats et la configuration n'y sont pas : gardez-les à part.
            """)
    @Argument(help: "Le dossier de la sauvegarde.") var folder: String
    @OptionGroup var connection: Connection

    func run() async throws {
        try await explained {
            let path = URL(fileURLWithPath: folder).standardizedFileURL.path
            let arguments = MakeBackup.Arguments(folder: path)
            try await connection.perform(MakeBackup.self, arguments, timeout: .seconds(24 * 3600)) { summary in
                let lines = [
                    "Sauvegarde du \(summary.begun) dans \(path) : \(summary.files) fichiers, \(summary.bytes) octets,",
                    "\(summary.messages) messages dans les boîtes, \(summary.waiting) en attente.",
                    "Essayez-la : mss-operator restauration \(path) --essai DOSSIER --par NOM",
                ]
                say(lines.joined(separator: "\n"))
            }
        }
    }
}
