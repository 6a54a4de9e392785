import ArgumentParser
import Foundation
import FrenchCommandLine
import MSSCore
import MSSOperator

@main
struct OperatorTool: FrenchCommandLine {
    static let configuration = CommandConfiguration(
        commandName: "mss-operator",
        abstract: "Un opérateur MSSanté : le faire tourner et l'administrer.",
        discussion: """
            « run » fait tourner l'opérateur. Les autres commandes parlent à un opérateur qui tourne, par sa socket Unix, \
            et sont tracées au nom de l'administrateur (EX_SSI_5155, EX_GDT_5020). « --json » donne la réponse telle quelle. \
            Codes de sortie : 0 fait, 1 refusé, 2 impossible.
            """,
        subcommands: OperatorTool.commands)

    /// One line for each command; each has a file of its own in `Commands`.
    static let commands: [any ParsableCommand.Type] = [
        RunCommand.self, StateCommand.self, ReloadCommand.self, SendCommand.self, QueueCommand.self,
        WhitelistCommand.self, QuickstartCommand.self, CheckCommand.self, MailboxesCommand.self, TracesCommand.self,
        QuarantineCommand.self, IncidentCommand.self, BackupCommand.self, RestoreCommand.self, AccountsCommand.self,
        AccessCommand.self, RoundCommand.self,
    ]
}

/// The exit statuses.
enum Status {
    /// What was asked is refused.
    static let refused = ExitCode(1)
    /// The command could not do its work.
    static let failed = ExitCode(2)
}

/// Runs a command's work; a failure that explains itself is told in French, with its requirement, or with `--json` as the
/// object that the operator's socket gives.
func explained(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as any ExplainedFailure {
        if CommandLine.arguments.contains("--json") {
            let values = ["explication": error.explanation, "exigence": error.requirement?.rawValue]
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            complain(String(decoding: try encoder.encode(values.compactMapValues { $0 }), as: UTF8.self))
        } else {
            complain(error.told)
        }
        if let failure = error as? AdminFailure, failure.status < 500 { throw Status.refused }
        throw Status.failed
    }
}

extension ExplainedFailure {
    /// The explanation and the requirement behind it.
    var told: String { requirement.map { "\(explanation) [\($0)]" } ?? explanation }
}

/// Says something on standard error.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Says something on standard output at once, even into a pipe.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
