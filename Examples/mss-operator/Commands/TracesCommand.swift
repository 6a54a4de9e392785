import ArgumentParser
import Foundation
import MSSCore
import MSSOperator
import MSSTraces
import TraceOptions

/// The journal of traces.
struct TracesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traces", abstract: "Le journal des traces : y chercher, en exporter, le vérifier.",
        subcommands: [Search.self, Export.self, Verify.self])

    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "chercher", abstract: "Cherche, les plus récentes d'abord ; la consultation est tracée.")
        @OptionGroup var criteria: TraceQueryOptions
        @Option(name: .customLong("motif"), help: "incident:RÉF, litige:RÉF, autorite:RÉF ou exploitation:RAISON.")
        var purpose: String
        @Option(name: .customLong("nombre"), help: "Combien de traces au plus.") var limit = 100
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let arguments = SearchTraces.Arguments(criteria: criteria.criteria, purpose: purpose, limit: limit)
                try await connection.perform(SearchTraces.self, arguments) { reply in
                    for record in reply.records { say(record.line) }
                    complain("\(reply.records.count) traces\(reply.hasMore ? ", et il y en a d'autres" : "").")
                }
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "exporter",
            abstract:
                "Écrit les traces trouvées avec leur preuve, qu'une autorité vérifie avec openssl ; l'export est tracé."
        )
        @OptionGroup var criteria: TraceQueryOptions
        @Option(name: .customLong("motif"), help: "incident:RÉF, litige:RÉF, autorite:RÉF ou exploitation:RAISON.")
        var purpose: String
        @Option(name: .customLong("vers"), help: "Le dossier, vide ou absent, accessible au compte du service.")
        var folder: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let path = URL(fileURLWithPath: folder).standardizedFileURL.path
                let arguments = ExportTraces.Arguments(criteria: criteria.criteria, purpose: purpose, folder: path)
                try await connection.perform(ExportTraces.self, arguments, timeout: .seconds(3600)) { reply in
                    say(
                        "\(reply.records) traces de \(reply.segments) segments ; SHA-256 de traces.jsonl : \(reply.digest)"
                    )
                    say("Vérification : sh \(reply.folder)/verifier.sh --chaine")
                }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verifier",
            abstract: "Vérifie tout le journal : toute suppression, modification ou troncature est trouvée et nommée.",
            discussion:
                "Lit seulement, aussi pendant que le service écrit. Sortie : 0 intact, 1 anomalie, 2 impossible.")
        @OptionGroup var local: LocalOptions

        private struct Result: Encodable {
            var isSound: Bool
            var records: Int
            var seals: Int
            var findings: [String]
        }

        func run() async throws {
            try await explained {
                let settings = try local.settings()
                let result = try await TraceCheck(settings).run()
                let report = TraceVerificationReport(result, hasWitness: !settings.traces.anchors.isEmpty)
                let findings = result.findings.map(\.explanation)
                try local.show(
                    Result(isSound: result.isSound, records: result.records, seals: result.seals, findings: findings)
                ) { report.lines }
                if !result.isSound { throw ExitCode(1) }
            }
        }
    }
}
