public import ArgumentParser
import Foundation
import Glibc

/// The root command of a tool whose users read French: what swift-argument-parser says of itself in English, the help's
/// headings and the mistakes in a command line, is said in French.
public protocol FrenchCommandLine: AsyncParsableCommand {}

extension FrenchCommandLine {
    /// Runs the command that the command line asks for, and ends the process with its exit status.
    public static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let (status, text) = (exitCode(for: error), FrenchWords.translated(fullMessage(for: error)))
            if !text.isEmpty {
                let output = status == .success ? FileHandle.standardOutput : FileHandle.standardError
                output.write(Data((text + "\n").utf8))
            }
            Glibc.exit(status.rawValue)
        }
    }
}

/// The sentences of swift-argument-parser, line by line. A line that is none of them stays as it is: it is ours.
enum FrenchWords {
    static func translated(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { named(line($0)) }.joined(separator: "\n")
    }

    private static func line(_ line: Substring) -> String {
        for (english, french) in starts where line.hasPrefix(english) {
            return french + sentence(line.dropFirst(english.count))
        }
        if let match = line.wholeMatch(of: #/  See '(.+)' for (?:more information|detailed help)\./#) {
            return "  Voir « \(match.1) »."
        }
        return help(line)
    }

    private static let starts = [
        ("Error: ", "Erreur : "), ("Help:  ", "Aide : "), ("Usage: ", "Emploi : "), ("   or: ", "   ou : "),
        ("OVERVIEW: ", ""), ("USAGE: ", "EMPLOI : "), ("ARGUMENTS:", "ARGUMENTS :"), ("OPTIONS:", "OPTIONS :"),
        ("SUBCOMMANDS:", "COMMANDES :"),
    ]

    /// What is wrong with a command line.
    private static func sentence(_ text: Substring) -> String {
        if let match = text.wholeMatch(of: /Missing expected argument '(.+)'/) { return "il manque « \(match.1) »." }
        if let match = text.wholeMatch(of: /Missing one of: '(.+)'/) {
            return "il manque l'un de : \(list(match.1))."
        }
        if let match = text.wholeMatch(of: /Missing value for '(.+)'/) {
            return "il manque la valeur de « \(match.1) »."
        }
        if text == "Missing required subcommand." { return "il manque la commande." }
        if let match = text.wholeMatch(of: /Unknown option '(.+)'\. Did you mean '(.+)'\?/) {
            return "l'option « \(match.1) » n'existe pas ; vouliez-vous dire « \(match.2) » ?"
        }
        if let match = text.wholeMatch(of: /Unknown option '(.+)'/) { return "l'option « \(match.1) » n'existe pas." }
        if let match = text.wholeMatch(of: /Invalid option: (.+)/) {
            return "l'option « \(match.1) » n'en est pas une."
        }
        if let match = text.wholeMatch(of: /Unexpected argument '(.*)'/) {
            return "« \(match.1) » est de trop ou inconnu."
        }
        if let match = text.wholeMatch(of: /\d+ unexpected arguments: '(.*)'/) {
            return "sont de trop ou inconnus : \(list(match.1))."
        }
        if let match = text.wholeMatch(of: /The option '(.+)' does not take any value, but '(.*)' was specified\./) {
            return "l'option « \(match.1) » n'a pas de valeur, et « \(match.2) » est donné."
        }
        if let match = text.wholeMatch(of: /Value to be set with (.+) had already been set with (.+)/) {
            return "\(match.1) contredit \(match.2).".replacing("flag '", with: "« ").replacing("'", with: " »")
        }
        if let match = text.wholeMatch(of: /The value '(.*)' is invalid(?: for '(.+?)')?(?:[.:] ?(.*))?/) {
            let place = match.2.map { " pour « \($0) »" } ?? ""
            return "la valeur « \(match.1) » ne convient pas\(place)\(choices(match.3))."
        }
        return String(text)
    }

    /// The values that there are, after those that there are not.
    private static func choices(_ text: Substring?) -> String {
        guard let text, !text.isEmpty else { return "" }
        guard let match = text.wholeMatch(of: /Please provide one of (?:the following:)?(.*?)\.?/) else {
            return " : \(text)"
        }
        return " : \(match.1.replacing(" and ", with: " ou ").replacing(" or ", with: " ou ").replacing("'", with: ""))"
    }

    private static func list(_ text: Substring) -> String { "« \(text.replacing("', '", with: " », « ")) »" }

    /// A line of a help page.
    private static func help(_ line: Substring) -> String {
        String(line).replacing("Show help information.", with: "Affiche cette aide.")
            .replacing("Show the version.", with: "Affiche la version.")
            .replacing("(default: ", with: "(par défaut : ").replacing("(values: ", with: "(valeurs : ")
            .replacing("; default: ", with: " ; par défaut : ").replacing("(default)", with: "(par défaut)")
    }

    /// The names of values, where they are those of properties.
    private static func named(_ line: String) -> String {
        var line = line
        for (english, french) in names { line = line.replacing("<\(english)>", with: "<\(french)>") }
        return line
    }

    private static let names = [
        ("subcommand", "commande"), ("address", "adresse"), ("answer", "reponse"), ("backup", "sauvegarde"),
        ("change", "changement"), ("choice", "choix"), ("common-name", "nom"), ("delegate", "delegue"),
        ("department", "service"), ("directory", "dossier"), ("domain", "domaine"), ("fault", "panne"),
        ("file", "fichier"), ("folder", "dossier"), ("identity", "identite"), ("kind", "sorte"), ("name", "nom"),
        ("person", "identite"), ("persons", "identites"), ("subject", "sujet"), ("target", "cible"), ("text", "texte"),
    ]
}
