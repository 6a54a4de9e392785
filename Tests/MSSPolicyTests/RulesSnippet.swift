import Testing

// snippet: rules
import MSSCore
import MSSPolicy
// end snippet

// snippet: rules
func explain(_ address: String, of holder: PersonName) -> [String] {
    var facts = NamingFacts(address: address, kind: .person)
    facts.holder = holder
    let verdict = NamingRules.all.judge(facts, in: PolicyContext(version: .v1_6))
    return verdict.refusals.map { "\($0.requirement!) : \($0.explanation)" }
}
// end snippet

@Suite struct RulesSnippetTests {
    @Test("The snippet on rules explains what is wrong with a name, in French")
    func rules() {
        let holder = PersonName(given: "Jeanne", family: "Martin")
        #expect(explain("jeanne.martin@h.mssante.fr", of: holder).isEmpty)
        #expect(
            explain("jm@h.mssante.fr", of: holder) == [
                "EX_GBM_4311 : Le nom d'une boîte personnelle est de la forme prenom.nom : « jeanne.martin » est attendu."
            ])
    }
}
