import MSSCore
import Testing

// snippet: load
import MSSAccounts
// end snippet

// snippet: load
func load(_ files: [AccountTable: [UInt8]], into accounts: Accounts) async throws -> [String] {
    let report = try await accounts.load(.csv(files), by: .administrator("adele.admin"))
    return report.problems.map { problem in
        "\(problem.table?.rawValue ?? "fichier"), ligne \(problem.line) : \(problem.explanation)"
    }
}
// end snippet

@Suite struct LoadSnippetTests {
    @Test("The snippet on loading tells what is wrong at which line")
    func report() async throws {
        let hospital = try await Hospital(.memory)
        let file = "identity;given_name;family_name\n8123;Ana;Silva\n"
        let problems = try await load([.persons: Array(file.utf8)], into: hospital.accounts)
        #expect(
            problems == [
                "persons, ligne 2 : L'identité n'est ni un numéro RPPS ou ADELI, ni un nom de l'annuaire d'une structure."
            ])
    }
}
