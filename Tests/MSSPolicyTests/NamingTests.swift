import MSSCore
import MSSPolicy
import Testing

@Suite struct NamingTests {
    let context = PolicyContext()

    private func refused(_ facts: NamingFacts) -> [String] { NamingRules.all.judge(facts, in: context).refused }

    private func personal(_ address: String, _ given: String = "Jeanne", _ family: String = "Martin") -> NamingFacts {
        var facts = NamingFacts(address: address, kind: .person)
        facts.holder = PersonName(given: given, family: family)
        return facts
    }

    @Test(
        "EX_GBM_4300: only RFC 5321 addresses of the directory's alphabet name a mailbox",
        arguments: [
            "automate-biologie_14+a@hopital.mssante.fr": true,
            "dispositif_médical@hopital.mssante.fr": false,
            "service..cardiologie@hopital.mssante.fr": false,
            "\"service cardiologie\"@hopital.mssante.fr": false,
            "service/cardiologie@hopital.mssante.fr": false,
            "service": false,
            "": false,
            "service@[10.0.0.1]": false,
            "275019900101234@patient.mssante.fr": false,
        ])
    func syntax(_ address: String, _ isAllowed: Bool) {
        let facts = NamingFacts(address: address, kind: .application)
        #expect((NamingRules.syntax.evaluate(facts, in: context) == nil) == isAllowed)
    }

    @Test(
        "EX_GBM_4311: a new personal mailbox is prenom.nom, accents and compound names folded",
        arguments: [
            ("jeanne.martin@h.mssante.fr", "Jeanne", "Martin", true),
            ("Jeanne.MARTIN@h.mssante.fr", "Jeanne", "Martin", true),
            ("jean-pierre.de-la-tour@h.mssante.fr", "Jean-Pierre", "de la Tour", true),
            ("jeanpierre.delatour@h.mssante.fr", "Jean Pierre", "De La Tour", true),
            ("jean.pierre.delatour@h.mssante.fr", "Jean Pierre", "De La Tour", true),
            ("francois.loeb@h.mssante.fr", "François", "Lœb", true),
            ("zoe.d-arc@h.mssante.fr", "Zoe\u{308}", "d’Arc", true),
            ("j.martin@h.mssante.fr", "Jeanne", "Martin", false),
            ("martin.jeanne@h.mssante.fr", "Jeanne", "Martin", false),
            ("jeanne.martin2@h.mssante.fr", "Jeanne", "Martin", false),
            ("jeannemartin@h.mssante.fr", "Jeanne", "Martin", false),
            ("dr.martin@h.mssante.fr", "Jeanne", "Martin", false),
        ])
    func personalName(_ address: String, _ given: String, _ family: String, _ isAllowed: Bool) {
        #expect(refused(personal(address, given, family)) == (isAllowed ? [] : ["EX_GBM_4311"]))
    }

    @Test("EX_GBM_4311: a homonym and a mailbox from before version 1.6 may be named otherwise")
    func homonym() {
        var facts = personal("jeanne.martin2@h.mssante.fr")
        #expect(!refused(facts).isEmpty)
        facts.hasHomonym = true
        #expect(refused(facts).isEmpty)
        facts.hasHomonym = false
        facts.isOlderThanVersion1_6 = true
        #expect(refused(facts).isEmpty)
    }

    @Test("EX_GBM_4311: a personal mailbox without a holder is refused")
    func withoutHolder() {
        #expect(refused(NamingFacts(address: "jeanne.martin@h.mssante.fr", kind: .person)) == ["EX_GBM_4311"])
    }

    @Test("EX_GBM_4311: the name proposed for a homonym is the first free one, and obeys the alphabet")
    func proposal() throws {
        let name = PersonName(given: "Éloïse-Anne", family: "O’Brien Lefèvre")
        #expect(name.localPart == "eloise-anne.o-brien-lefevre")
        let taken: Set = ["eloise-anne.o-brien-lefevre", "eloise-anne.o-brien-lefevre2"]
        #expect(name.freeLocalPart(isTaken: taken.contains) == "eloise-anne.o-brien-lefevre3")
        #expect(PersonName(given: "Олена", family: "Ковальчук").localPart == nil)
        let long = PersonName(given: String(repeating: "a", count: 40), family: String(repeating: "b", count: 40))
        #expect(long.freeLocalPart { _ in false } == nil)
    }

    @Test(
        "EX_GBM_4310: a shared mailbox is not named after a natural person, a structure's name is allowed",
        arguments: [
            ("service-cardiologie@h.mssante.fr", true),
            ("cabinet-dr-martin@h.mssante.fr", true),
            ("service-pr-martin@h.mssante.fr", true),
            ("institut-pasteur.secretariat@h.mssante.fr", true),
            ("jeanne.martin@h.mssante.fr", false),
            ("JEANNE_MARTIN@h.mssante.fr", false),
            ("dr.martin@h.mssante.fr", false),
            ("cabinet-jeanne-martin@h.mssante.fr", false),
            ("martinique@h.mssante.fr", true),
        ])
    func sharedName(_ address: String, _ isAllowed: Bool) {
        for kind in [MailboxKind.organization, .practice, .application] {
            var facts = NamingFacts(address: address, kind: kind)
            facts.persons = [
                PersonName(given: "Jeanne", family: "Martin"), PersonName(given: "Louis", family: "Pasteur"),
            ]
            #expect(refused(facts) == (isAllowed ? [] : ["EX_GBM_4310"]))
        }
    }

    @Test("EX_GBM_4310: the structure's own name is nobody's, and the description is read as the address is")
    func structureName() {
        var facts = NamingFacts(address: "claude-bernard@h.mssante.fr", kind: .organization)
        facts.persons = [PersonName(given: "Claude", family: "Bernard")]
        #expect(refused(facts) == ["EX_GBM_4310"])
        facts.structureName = "Hôpital Claude-Bernard"
        #expect(refused(facts).isEmpty)
        facts.structureName = nil
        facts.address = "secretariat-hematologie@h.mssante.fr"
        facts.descriptions = ["Boîte de Claude Bernard"]
        #expect(refused(facts) == ["EX_GBM_4310"])
        facts.descriptions = ["Secrétariat du service du Dr Bernard"]
        #expect(refused(facts).isEmpty)
    }

    @Test(
        "EX_GBM_4000: a test mailbox says test in its name and nothing else does",
        arguments: [
            ("bal-test@h.mssante.fr", true), ("test01.secretariat@h.mssante.fr", true), ("TEST@h.mssante.fr", true),
            ("reponse.automatique-test@h.mssante.fr", true), ("attestation@h.mssante.fr", false),
            ("secretariat.testard@h.mssante.fr", false), ("secretariat@h.mssante.fr", false),
        ])
    func testName(_ address: String, _ saysTest: Bool) {
        var facts = NamingFacts(address: address, kind: .organization)
        facts.isTest = true
        #expect(refused(facts) == (saysTest ? [] : ["EX_GBM_4000"]))
        facts.isTest = false
        #expect(refused(facts) == (saysTest ? ["EX_GBM_4000"] : []))
    }

    @Test("EX_GBM_4000: the name of a test mailbox carries no name of a person")
    func personalDataInTests() {
        var facts = NamingFacts(address: "test-martin@h.mssante.fr", kind: .person)
        facts.isTest = true
        facts.holder = PersonName(given: "Jeanne", family: "Martin")
        #expect(refused(facts) == ["EX_GBM_4000"])
        facts.address = "test-jeanne@h.mssante.fr"
        #expect(refused(facts) == ["EX_GBM_4000"])
        facts.address = "test-per-1@h.mssante.fr"
        #expect(refused(facts).isEmpty)
    }

    @Test("RE_GBM_4320: a name that says nothing is advised against, not refused")
    func explicit() {
        let verdict = NamingRules.all.judge(NamingFacts(address: "x1@h.mssante.fr", kind: .application), in: context)
        #expect(verdict.isAllowed)
        #expect(verdict.advice.map(\.requirement) == ["RE_GBM_4320"])
        #expect(verdict.advice.allSatisfy { $0.explanation.hasSuffix(".") })
    }

    @Test("EX_GBM_4020: every domain has reponse.automatique-test, and the domains without it are named")
    func automaticReply() throws {
        let domains = try ["a.mssante.fr", "b.mssante.fr"].map { try Domain($0) }
        let existing = try #require(TestMailbox.automaticReplyAddress(of: domains[0]))
        #expect(existing.address.text == "reponse.automatique-test@a.mssante.fr")
        #expect(TestMailbox.domainsWithoutAutomaticReply(domains, existing: [existing]) == [domains[1]])
        #expect(TestMailbox.isNamed(TestMailbox.automaticReplyLocalPart))
    }

    @Test("A rule's finding names its requirement and hides names of persons")
    func finding() throws {
        let finding = try #require(
            NamingRules.sharedName.evaluate(
                {
                    var facts = NamingFacts(address: "jeanne.martin@h.mssante.fr", kind: .organization)
                    facts.persons = [PersonName(given: "Jeanne", family: "Martin")]
                    return facts
                }(), in: context))
        #expect(finding.requirement == "EX_GBM_4310")
        #expect(!"\(finding)".contains("artin"))
        #expect("\(PersonName(given: "Jeanne", family: "Martin"))" == "PersonName")
        #expect(throws: finding) { try PolicyVerdict([finding]).require() }
    }
}
