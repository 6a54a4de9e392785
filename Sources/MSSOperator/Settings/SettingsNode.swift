import Foundation
import Yams

/// A YAML document with the lines its parts stand on. YAML's types play no part: `1.6`, `oui` and `25` are texts until a
/// setting reads them.
indirect enum SettingsNode {
    struct Entry {
        var key: String
        var line: Int?
        var value: SettingsNode
    }

    case text(String, line: Int?)
    case list([SettingsNode], line: Int?)
    case mapping([Entry], line: Int?)

    var line: Int? {
        switch self {
        case .text(_, let line), .list(_, let line), .mapping(_, let line): line
        }
    }

    /// Longer settings are no settings.
    static let maximumBytes = 1 << 20

    /// Reads one document; what YAML itself refuses is one fault.
    static func parse(_ text: String) -> Result<SettingsNode, SettingsFault> {
        guard text.utf8.count <= maximumBytes else {
            return .failure(
                SettingsFault(key: "", problem: "il dépasse 1 Mio", remedy: "ce n'est pas une configuration"))
        }
        do {
            guard let root = try Yams.compose(yaml: text) else {
                return .failure(
                    SettingsFault(
                        key: "", problem: "il est vide", remedy: "partez du modèle de « mss-operator quickstart »"))
            }
            return .success(try SettingsNode(root, depth: 0))
        } catch let fault as SettingsFault { return .failure(fault) } catch {
            return .failure(SettingsNode.fault(of: error))
        }
    }

    private init(_ node: Node, depth: Int) throws {
        guard depth < 16 else {
            throw SettingsFault(
                key: "", line: node.mark?.line, problem: "les clés sont emboîtées trop profondément",
                remedy: "vérifiez l'indentation")
        }
        let line = node.mark?.line
        switch node {
        case .scalar(let scalar): self = .text(scalar.string, line: line)
        case .sequence(let nodes): self = .list(try nodes.map { try SettingsNode($0, depth: depth + 1) }, line: line)
        case .mapping(let pairs):
            self = .mapping(
                try pairs.map { key, value in
                    guard case .scalar(let name) = key else {
                        throw SettingsFault(
                            key: "", line: key.mark?.line, problem: "une clé n'est pas un texte",
                            remedy: "écrivez « clé: valeur »")
                    }
                    return Entry(
                        key: name.string, line: key.mark?.line, value: try SettingsNode(value, depth: depth + 1))
                }, line: line)
        case .alias:
            throw SettingsFault(
                key: "", line: line, problem: "les renvois YAML (*nom) ne sont pas admis", remedy: "répétez la valeur")
        }
    }

    private static func fault(of error: any Error) -> SettingsFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            SettingsFault(
                key: "", line: mark.line, problem: "ce n'est pas du YAML (\(problem))",
                remedy: "vérifiez l'indentation (des espaces, pas de tabulation), les « : » et les guillemets")
        case .duplicatedKeysInMapping(let names, let context):
            SettingsFault(
                key: names.joined(separator: ", "), line: context.mark.line, problem: "la clé est donnée deux fois",
                remedy: "n'en gardez qu'une")
        default:
            SettingsFault(
                key: "", problem: "il ne peut pas être lu comme du YAML en UTF-8", remedy: "vérifiez son encodage")
        }
    }
}

extension SettingsFault: Error {}
