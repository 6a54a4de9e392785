import ArgumentParser
import Foundation
import MSSCore
import MSSTLS
import MSSTraces
import TraceOptions

/// Finds any deletion or edit.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verifier",
        abstract: "Vérifie tout le journal : toute suppression, modification ou troncature est trouvée et nommée.",
        discussion: "Sortie : 0 intact, 1 anomalie, 2 vérification impossible.")

    @Argument(help: "Le dossier du journal.") var folder: String
    @Option(name: .customLong("certificat"), help: "Certificat d'une clé de scellement (PEM ; répétable).")
    var certificates: [String]
    @Option(name: .customLong("ancrage"), help: "Dossier d'un ancrage (répétable).") var anchors: [String] = []
    @Option(
        name: .customLong("empreintes"),
        help: "Fichier d'empreintes remises à un tiers, voir « empreintes » (répétable).")
    var heads: [String] = []

    func run() async throws { try await explained(verify) }

    private func verify() async throws {
        let certificates = try certificates.flatMap { try Certificate.parsePEM(Input.read($0)) }
        let heads = try heads.flatMap(Input.heads)
        let result = await TraceVerifier(
            folder: folder, certificates: certificates, anchors: anchors.map { FileTraceAnchor(folder: $0) },
            heads: heads
        ).verify()
        let report = TraceVerificationReport(result, hasWitness: !anchors.isEmpty || !heads.isEmpty)
        for line in report.lines { print(line) }
        if !result.isSound { throw Status.unsound }
    }
}

/// Writes the heads for somebody else to keep.
struct HeadsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "empreintes",
        abstract: "Écrit les dernières empreintes du journal, à remettre à un tiers : courriel, papier, dépôt.")

    @Argument(help: "Le dossier du journal.") var folder: String

    func run() async throws {
        try await explained { for head in try TraceHead.stored(in: folder) { print(head.text, terminator: "") } }
    }
}

/// Files that the commands read.
enum Input {
    /// The bytes of a file.
    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw InputFailure(path: path) }
        return Array(data)
    }

    /// The heads of a file, one a line; other lines, as a mail adds them, are passed over.
    static func heads(_ path: String) throws -> [TraceHead] {
        let lines = String(decoding: try read(path), as: UTF8.self).split(whereSeparator: \.isNewline)
        let heads = lines.compactMap { TraceHead(text: $0 + "\n") }
        guard !heads.isEmpty else { throw InputFailure(path: path) }
        return heads
    }
}

/// A file that cannot be read, or holds something else.
struct InputFailure: ExplainedFailure {
    let path: String
    var requirement: RequirementID? { nil }
    var explanation: String { "Le fichier \(path) ne peut pas être lu, ou ne contient pas ce qui est attendu." }
    var description: String { "cannot read \(path)" }
}
