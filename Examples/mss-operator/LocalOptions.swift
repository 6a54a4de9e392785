import ArgumentParser
import Foundation
import MSSOperator

/// Options of commands that need no running operator.
struct LocalOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "Fichier de configuration de l'opérateur ; sinon MSS_OPERATEUR_CONFIG, sinon /etc/mssante/operateur.yaml.",
            valueName: "fichier"))
    var configuration: String?
    @Flag(name: .customLong("json"), help: "Réponse en JSON.") var json = false

    /// The settings file.
    var path: String { Connection.settingsFile(configuration) }

    /// The settings.
    func settings() throws -> OperatorSettings { try OperatorSettings(contentsOf: path) }

    /// Shows a result, as JSON or in French.
    func show(_ result: some Encodable, lines: () -> [String]) throws {
        try LocalOptions.show(result, asJSON: json, lines: lines)
    }

    /// Shows a result, as JSON or in French.
    static func show(_ result: some Encodable, asJSON: Bool, lines: () -> [String]) throws {
        guard asJSON else {
            say(lines().joined(separator: "\n"))
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        say(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
}
