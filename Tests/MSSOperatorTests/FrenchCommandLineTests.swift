import MSSTestKit
import Testing

/// Administrators and users of the tools read French, also when they mistype.
@Suite("Command lines in French", .timeLimit(.minutes(5)))
struct FrenchCommandLineTests {
    private func run(_ call: String) async throws -> ExternalTool.Result {
        let words = call.split(separator: " ").map(String.init)
        return try await ExternalTool.run("\(DocumentedCommandsTests.products)/\(words[0])", Array(words.dropFirst()))
    }

    @Test(
        "a mistake is told in French, with the exit status of wrong usage",
        arguments: [
            (
                "mss-operator bal montrer",
                "Erreur : il manque « <adresse> ».\nAide : <adresse>  Son adresse.\nEmploi : mss-operator bal montrer <adresse>"
            ),
            (
                "mss-operator bal lister --domain x",
                "Erreur : l'option « --domain » n'existe pas ; vouliez-vous dire « --domaine » ?"
            ),
            (
                "mss-operator bal lister --nombre dix",
                "Erreur : la valeur « dix » ne convient pas pour « --nombre <nombre> »."
            ),
            (
                "mss-operator bal cotitulaire mettre a b",
                "Erreur : la valeur « mettre » ne convient pas pour « <changement> »"
            ),
            ("mss-operator bal creer a@b.fr --type", "Erreur : il manque la valeur de « --type <type> »."),
            ("mss-operator etats", "Erreur : « etats » est de trop ou inconnu.\nEmploi : mss-operator <commande>"),
            ("mss-operator etat a b", "Erreur : sont de trop ou inconnus : « a », « b »."),
            ("mss-operator etat --json=oui", "Erreur : l'option « --json » n'a pas de valeur, et « oui » est donné."),
            ("mss-operator bal supprimer a@b.fr --confirmer c@d.fr", "Erreur : --confirmer doit répéter l'adresse"),
            ("mss-sandbox create", "Erreur : il manque « <dossier> »."),
            ("mss-lps read", "Erreur : il manque « <uid> »."),
            ("mss-traces verifier", "Erreur : il manque"), ("mss-poignee liste", "Erreur : il manque"),
        ])
    func mistakes(call: String, words: String) async throws {
        let result = try await run(call)
        #expect(result.status == 64 && result.text.isEmpty, "\(result.everything)")
        #expect(result.errors.hasPrefix(words), "\(result.errors)")
        #expect(result.errors.contains("  Voir « ") && result.errors.hasSuffix(" --help ».\n"), "\(result.errors)")
    }

    @Test(
        "the help has French headings and no English sentence",
        arguments: [
            "mss-operator", "mss-operator bal", "mss-operator bal creer", "mss-sandbox", "mss-lps", "mss-lps send",
            "mss-traces", "mss-traces chercher", "mss-poignee",
        ])
    func help(call: String) async throws {
        let result = try await run("\(call) --help")
        #expect(result.succeeded && result.errors.isEmpty)
        #expect(
            result.text.contains("EMPLOI : \(call)") && result.text.contains("Affiche cette aide."), "\(result.text)")
        for english in ["OVERVIEW", "USAGE", "SUBCOMMANDS", "Show ", "default", "values:", "See ", "Subcommand"] {
            #expect(!result.text.contains(english), "\(english) \(result.text)")
        }
    }
}
