import ArgumentParser
import Foundation
import FrenchCommandLine
import MSSCore
import MSSIMAP

/// A client of the API LPS in one file for each thing that a health software does with it: read them in the order of the
/// subcommands below, each is a step of the tutorial (Documentation/Editors.md).
@main
struct LPSTool: FrenchCommandLine {
    static let configuration = CommandConfiguration(
        commandName: "mss-lps",
        abstract: "Un logiciel de santé en ligne de commande : trouver les serveurs, s'authentifier, envoyer, lire.",
        discussion: """
            « login » note dans un fichier de session (0600) l'adresse, les serveurs trouvés et les jetons ; les autres \
            commandes s'en servent. Avec le bac à sable : \
            mss-lps login ADRESSE --bac DOSSIER --jeton "$(mss-sandbox token DOSSIER IDENTIFIANT)".
            """,
        subcommands: [
            AutoconfigCommand.self, LoginCommand.self, SendCommand.self, ListCommand.self, ReadCommand.self,
            WatchCommand.self, SearchCommand.self, ConversationCommand.self, MoveCommand.self, DeleteCommand.self,
        ])
}

/// Says something at once, even into a pipe.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

/// A failure in a sentence for the reader: what every library of this SDK throws has one (client requirement 1.7).
struct ToldFailure: LocalizedError {
    var errorDescription: String?
    init(_ text: String) { errorDescription = text }

    /// Runs something; what explains itself is told in French, with its requirement.
    static func explaining<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let failure as any ExplainedFailure {
            let told = failure.explanation + (failure.requirement.map { " [\($0)]" } ?? "")
            throw ToldFailure(told + serversWords(failure))
        }
    }

    /// What the server said of a refused login. It may tell the person what to do: to accept the operator's terms of use,
    /// for example. Show it to her, as text: it comes from outside.
    private static func serversWords(_ failure: any ExplainedFailure) -> String {
        guard case .authentication(let response)? = (failure as? IMAPClientFailure)?.cause else { return "" }
        return "\nLe serveur répond : "
            + String(response.text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
    }
}
