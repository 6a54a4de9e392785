import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

@Suite("The terms of use, and what users are told at their first use")
struct TermsTests {
    private static let terms = TermsOfUse(
        version: "2026-11", formerVersions: ["2025-01"], address: "https://intranet.exemple.fr/cgu")
    private static let facts = FirstUseInformation(
        terms: terms, functionalYears: 10, technicalYears: 1, contact: "messagerie@beaujour.fr, poste 4321")

    private func accounts(
        _ hospital: Hospital, _ informer: (any AccountInformer)?, _ facts: FirstUseInformation? = Self.facts,
        on repository: (any AccountRepository)? = nil
    ) -> Accounts {
        Accounts(
            repository: repository ?? hospital.accounts.repository, rules: PolicyAdapter(), journal: hospital.journal,
            informer: informer, rights: RightsRules(terms: facts?.terms), firstUse: facts, clock: hospital.clock)
    }

    @Test(
        "EX_DCU_5030: an administrator notes an acceptance under his name with what shows it; nobody else does",
        arguments: Base.allCases)
    func noted(base: Base) async throws {
        let hospital = try await Hospital(base, terms: Self.terms)
        let (doctor, accounts) = (hospital.doctor, hospital.accounts)
        let note = AccountOperation.noteAcceptance(doctor, version: "2026-11", evidence: "formulaire signé, classeur 3")
        for actor in [
            Actor.person(doctor), .person(hospital.manager), .system, .application(structure: hospital.finess),
        ] {
            await #expect(throws: AccountOperationError.notForUsers) { try await accounts.perform(note, by: actor) }
        }
        for (version, evidence) in [("2026-11", " "), ("", "oui"), ("a|b", "oui"), ("2026-11", "a\u{0}b")] {
            await #expect(throws: AccountOperationError.badText) {
                try await accounts.perform(
                    .noteAcceptance(doctor, version: version, evidence: evidence), by: Hospital.administrator)
            }
        }
        #expect(
            try await hospital.decide(.person(doctor), .read, hospital.personal) == .denied(.termsNotAccepted))
        let outcome = try await accounts.perform(note, by: Hospital.administrator)
        #expect(outcome.person?.acceptedTerms == TermsAcceptance(version: "2026-11", at: hospital.clock.now()))
        #expect(try await hospital.decide(.person(doctor), .read, hospital.personal).isAllowed)
        let trace = try #require(hospital.journal.last)
        #expect(trace.operation == "noteAcceptance" && trace.actor == "administrator:adele.admin")
        #expect(trace.person == doctor)
        #expect(trace.fields.contains { $0.name == "evidence" && $0.after == "formulaire signé, classeur 3" })
        #expect(trace.fields.contains { $0.name == "acceptedTerms" && $0.after?.hasPrefix("2026-11 ") == true })
        let history = try await accounts.repository.read { try $0.acceptances(by: doctor) }
        #expect(history.map(\.version) == ["2026-11"])
    }

    @Test(
        "EX_DCU_5030: a former version opens while it is admitted; software waits for whoever is responsible for it",
        arguments: Base.allCases)
    func admitted(base: Base) async throws {
        let hospital = try await Hospital(base, terms: Self.terms)
        let software = Actor.application(structure: hospital.finess)
        func accept(_ person: PersonID, _ version: String) async throws {
            try await hospital.accounts.perform(
                .noteAcceptance(person, version: version, evidence: "ticket 12"), by: Hospital.administrator)
        }
        try await accept(hospital.doctor, "2024-01")
        #expect(
            try await hospital.decide(.person(hospital.doctor), .send, hospital.personal) == .denied(.termsNotAccepted))
        try await accept(hospital.doctor, "2025-01")
        #expect(try await hospital.decide(.person(hospital.doctor), .send, hospital.personal).isAllowed)
        #expect(try await hospital.decide(software, .send, hospital.application) == .denied(.termsNotAccepted))
        try await accept(hospital.director, "2026-11")
        #expect(try await hospital.decide(software, .send, hospital.application) == .allowed(.application))
        // The index decides the same.
        let index = try await RightsIndex(hospital.accounts.repository, rights: RightsRules(terms: Self.terms))
        #expect(
            index.decide(software, .read, at: hospital.application.address, time: hospital.clock.now())
                == .allowed(.application))
        #expect(
            index.decide(.person(hospital.colleague), .read, at: hospital.personal.address, time: hospital.clock.now())
                == .denied(.termsNotAccepted))
    }

    @Test(
        "EX_GDT_5020: whoever first uses a mailbox is told once, in that mailbox, of terms, traces, times and whom to ask",
        arguments: Base.allCases)
    func firstUse(base: Base) async throws {
        let hospital = try await Hospital(base)
        let informer = TestInformer()
        let accounts = accounts(hospital, informer)
        let (doctor, secretary) = (hospital.doctor, hospital.secretary)
        func connect(_ mailbox: Mailbox, _ person: PersonID?) async throws -> [PersonID] {
            try await accounts.perform(.noteConnection(mailbox.id, person), by: .system).informed
        }
        try await hospital.accounts.perform(
            .noteAcceptance(doctor, version: "2025-01", evidence: "x"), by: Hospital.administrator)
        #expect(try await connect(hospital.personal, doctor) == [doctor])
        #expect(try await connect(hospital.personal, doctor) == [])
        #expect(try await connect(hospital.personal, secretary) == [secretary])
        #expect(try await connect(hospital.team, doctor) == [doctor])
        // Software reads nothing of this.
        #expect(try await connect(hospital.application, nil) == [])
        let told = informer.told.withLock { $0 }
        #expect(told.map(\.person) == [doctor, secretary, doctor])
        #expect(told.map(\.notice.mailbox) == [hospital.personal.id, hospital.personal.id, hospital.team.id])
        #expect(Set(told.map(\.key)).count == 3)
        let body = told[0].notice.body
        for words in [
            "Bonjour Jeanne Martin", "jeanne.martin@beaujour.mssante.fr", "version 2026-11",
            "https://intranet.exemple.fr/cgu", "votre acceptation de la version 2025-01",
            "tracées au nom de leur auteur",
            "conservées 10 ans", "techniques un an", "messagerie@beaujour.fr, poste 4321",
        ] { #expect(body.lowercased().contains(words.lowercased()), "\(words): \(body)") }
        #expect(!told[1].notice.body.contains("acceptation de la version"))
        // That she was told is in the traces, with the terms.
        let traces = hospital.journal.changes.withLock { $0.filter { $0.operation == "tellFirstUse" } }
        #expect(traces.map(\.person) == [doctor, secretary, doctor])
        #expect(traces[0].address == "jeanne.martin@beaujour.mssante.fr")
        #expect(traces[0].fields.map(\.after) == ["2026-11"])
        // Another version of the terms is told again; without terms, of the traces alone.
        for facts in [
            FirstUseInformation(
                terms: TermsOfUse(version: "2027-01"), functionalYears: 10, technicalYears: 1, contact: "x"),
            FirstUseInformation(terms: nil, functionalYears: 1, technicalYears: 2, contact: "x"),
        ] {
            let later = self.accounts(hospital, informer, facts)
            for _ in 0..<2 { try await later.perform(.noteConnection(hospital.team.id, doctor), by: .system) }
        }
        #expect(informer.persons.count == 5)
        let last = try #require(informer.told.withLock { $0.last }).notice.body
        #expect(!last.contains("conditions") && last.contains("conservées un an, les traces techniques 2 ans"))
        let silent = self.accounts(
            hospital, informer,
            FirstUseInformation(
                terms: Self.terms, functionalYears: 1, technicalYears: 1, contact: "x", leavesNotice: false))
        try await silent.perform(.noteConnection(hospital.team.id, hospital.colleague), by: .system)
        #expect(informer.persons.count == 5)
    }

    @Test(
        "EX_GDT_5020: what could not be told waits in the base, across a restart; a mailbox that is gone waits for nobody",
        arguments: Base.allCases)
    func waiting(base: Base) async throws {
        let hospital = try await Hospital(base)
        let (doctor, colleague) = (hospital.doctor, hospital.colleague)
        let informer = TestInformer()
        informer.unreachable.withLock { $0 = [doctor] }
        let first = accounts(hospital, informer)
        try await first.perform(.noteConnection(hospital.personal.id, doctor), by: .system)
        try await first.perform(.noteConnection(hospital.team.id, doctor), by: .system)
        #expect(informer.persons == [])
        try await first.perform(.delete(hospital.team.id), by: Hospital.administrator)
        // Another process on the same base; the memory has only its own.
        let again: any AccountRepository =
            base == .sqlite ? try base.open(hospital.folder) : hospital.accounts.repository
        informer.unreachable.withLock { $0 = [] }
        let second = accounts(hospital, informer, on: again)
        #expect(try await second.deliverInformation() == (1, 0))
        #expect(informer.persons == [doctor])
        try await second.perform(.noteConnection(hospital.personal.id, doctor), by: .system)
        try await second.perform(.noteConnection(hospital.personal.id, colleague), by: .system)
        #expect(informer.persons == [doctor, colleague])
        #expect(try await again.read { try $0.pendingInformation(after: 0, limit: 9) } == [])
    }
}
