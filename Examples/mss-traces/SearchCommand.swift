import ArgumentParser
import MSSCore
import MSSTraces

/// Searches; the access is traced.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chercher", abstract: "Cherche des traces, les plus récentes d'abord ; la consultation est tracée."
    )

    @OptionGroup var access: AccessOptions
    @OptionGroup var criteria: QueryOptions
    @Option(name: .customLong("nombre"), help: "Combien de traces au plus.") var limit = 100

    func run() async throws {
        try await explained {
            let query = try criteria.query(limit: limit)
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
    @OptionGroup var criteria: QueryOptions
    @Option(name: .customLong("vers"), help: "Le dossier à écrire, absent ou vide.") var destination: String

    func run() async throws {
        try await explained {
            let query = try criteria.query()
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

extension TraceRecord {
    /// The record on one line: tab-separated, nothing in it can break the line.
    fileprivate var line: String {
        let time = event.time ?? written
        var cells = [
            time.xsdDateTime, "\(family.rawValue) \(sequence)", event.action.code, event.outcome.rawValue,
            event.author.summary, event.mailbox?.text ?? "-",
        ]
        if let message = event.message {
            let recipients = message.recipients.map(\.text).joined(separator: ",")
            cells += [message.identifier, "\(message.sender?.text ?? "<>") → \(recipients)"]
        }
        if let request = event.request { cells.append(request.text) }
        if let reply = event.reply { cells.append(reply.text) }
        return cells.map(SafeText.printable).joined(separator: "\t")
    }
}

extension TraceAuthor {
    fileprivate var summary: String {
        switch self {
        case .person(let person), .administrator(let person): person.identifier
        case .delegate(let person, let principal): "\(person.identifier) pour \(principal.identifier)"
        case .application(let name), .peer(let name), .system(let name): name
        case .unauthenticated(let claimed): "non authentifié (\(claimed ?? "-"))"
        }
    }
}

/// Texts of others on a terminal.
enum SafeText {
    /// The text with controls replaced: nobody writes to the reader's terminal through a trace.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
