import ArgumentParser
import MSSCore
import MSSTraces
import TraceOptions

/// Searches; the access is traced.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chercher", abstract: "Cherche des traces, les plus récentes d'abord ; la consultation est tracée."
    )

    @OptionGroup var access: AccessOptions
    @OptionGroup var criteria: TraceQueryOptions
    @Option(name: .customLong("nombre"), help: "Combien de traces au plus.") var limit = 100

    func run() async throws {
        try await explained {
            let query = try criteria.criteria.query(limit: limit)
            try await access.read { reader, access in
                let page = try await reader.search(query, access)
                for record in page.records { print(record.line) }
                complain("\(page.records.count) traces\(page.next == nil ? "" : ", et il y en a d'autres").")
            }
        }
    }
}

/// Writes an export with its proof; the access is traced.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exporter",
        abstract:
            "Écrit les traces trouvées avec leur preuve, qu'une autorité vérifie avec openssl ; l'export est tracé.")

    @OptionGroup var access: AccessOptions
    @OptionGroup var criteria: TraceQueryOptions
    @Option(name: .customLong("vers"), help: "Le dossier à écrire, absent ou vide.") var destination: String

    func run() async throws {
        try await explained {
            let query = try criteria.criteria.query()
            try await access.read { reader, access in
                let export = try await reader.export(query, to: destination, access)
                print(
                    "\(export.records) traces de \(export.segments) segments ; SHA-256 de traces.jsonl : \(export.digest)"
                )
                print("Vérification : sh \(destination)/verifier.sh --chaine")
            }
        }
    }
}
