import ArgumentParser
import Foundation
import FrenchCommandLine
import MSSCore
import MSSTraces

@main
struct TracesTool: FrenchCommandLine {
    static let configuration = CommandConfiguration(
        commandName: "mss-traces",
        abstract: "Le journal des traces d'un service MSSanté : le vérifier, y chercher, en exporter.",
        discussion: """
            « verifier » et « empreintes » lisent seulement, même pendant que le service écrit. « chercher » et \
            « exporter » sont eux-mêmes tracés (EX_GDT_5010) : ils ouvrent le journal en écriture, donc quand le service \
            est arrêté, et demandent la clé qui scelle.
            """,
        subcommands: [VerifyCommand.self, HeadsCommand.self, SearchCommand.self, ExportCommand.self])
}

/// The exit statuses.
enum Status {
    /// Nothing wrong.
    static let sound = ExitCode(0)
    /// The journal is not what was written.
    static let unsound = ExitCode(1)
    /// The command could not do its work.
    static let failed = ExitCode(2)
    /// The person may not do this.
    static let refused = ExitCode(3)
}

/// Runs a command's work; a failure that explains itself is told in French.
func explained(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as any ExplainedFailure {
        complain(error.explanation)
        if case .accessRefused? = error as? TraceError { throw Status.refused }
        throw Status.failed
    }
}

/// Says something on standard error.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
