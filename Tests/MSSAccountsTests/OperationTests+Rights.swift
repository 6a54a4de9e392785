import MSSAccounts
import MSSConnector
import MSSCore
import MSSPolicy
import MSSTestKit
import Testing

/// Who may do what, and what is told of it.
extension OperationTests {
    @Test(
        "EX_GBM_5410: co-holders manage co-holders, description and responsible; each change is traced with before and after",
        arguments: Base.allCases)
    func coHolders(base: Base) async throws {
        let hospital = try await Hospital(base)
        let (team, doctor) = (hospital.team.id, Actor.person(hospital.doctor))
        try await hospital.accounts.perform(.addCoHolder(team, hospital.doctor), by: .person(hospital.director))
        try await hospital.accounts.perform(.addCoHolder(team, hospital.colleague), by: doctor)
        #expect(
            hospital.journal.last?.fields == [
                .init(
                    "coHolders", before: "\(hospital.doctor.rawValue)",
                    after: "\(hospital.doctor.rawValue), \(hospital.colleague.rawValue)")
            ])
        try await hospital.accounts.perform(
            .describe(team, summary: "Service de cardiologie", service: "Cardiologie", phone: "01 02 03 04 05"),
            by: doctor)
        #expect(hospital.journal.last?.fields.map(\.name) == ["phone", "service", "summary"])
        #expect(hospital.journal.last?.actor == doctor.text)
        try await hospital.accounts.perform(.removeCoHolder(team, hospital.colleague), by: doctor)
        try await hospital.accounts.perform(.changeResponsible(team, hospital.doctor), by: doctor)
        #expect(try await hospital.now(hospital.team).responsible == hospital.doctor)
        #expect(try await hospital.now(hospital.team).coHolders.isEmpty)
        await refused("EX_GBM_5410", hospital, .addCoHolder(team, hospital.secretary))
        await refused(
            "EX_GBM_4310", hospital, .describe(team, summary: "Boîte de Jeanne Martin", service: "", phone: ""),
            by: doctor)
    }

    @Test("EX_GBM_3030: the 21st holder of a mailbox without FINESS is refused", arguments: Base.allCases)
    func practice(base: Base) async throws {
        let hospital = try await Hospital(base)
        var draft = try hospital.draft(.practice, "cabinet-du-port@ville.mssante.fr", hospital.stranger)
        draft.structure = nil
        let mailbox = try await hospital.accounts.perform(.create(draft), by: administrator).mailbox!.id
        for number in 1...20 {
            var person = Person(
                id: PersonID(0), identity: .national(.rpps(try RPPS(Numbers.rpps(100 + number)))), givenName: "A",
                familyName: "B")
            person.isEntitled = true
            let id = try await hospital.accounts.perform(.addPerson(person), by: administrator).person!.id
            if number < 20 {
                try await hospital.accounts.perform(.addCoHolder(mailbox, id), by: .person(hospital.stranger))
            } else {
                await refused("EX_GBM_3030", hospital, .addCoHolder(mailbox, id), by: .person(hospital.stranger))
            }
        }
    }

    @Test("EX_GBM_5413: delegations are created, consulted, changed and removed, and traced", arguments: Base.allCases)
    func delegations(base: Base) async throws {
        let hospital = try await Hospital(base)
        let (personal, doctor, now) = (hospital.personal.id, Actor.person(hospital.doctor), hospital.clock.now())
        var delegation = Delegation(delegate: hospital.secretary, principal: hospital.doctor, from: now)
        try await hospital.accounts.perform(.delegate(personal, delegation), by: doctor)
        #expect(try await hospital.now(hospital.personal).delegations == [delegation])
        delegation.until = now + .seconds(3_600)
        try await hospital.accounts.perform(.delegate(personal, delegation), by: doctor)
        #expect(try await hospital.now(hospital.personal).delegations == [delegation])
        #expect(hospital.journal.last?.fields.map(\.name) == ["delegations"])
        #expect(hospital.journal.last?.fields[0].before != hospital.journal.last?.fields[0].after)
        try await hospital.accounts.perform(
            .removeDelegation(personal, delegate: hospital.secretary, principal: hospital.doctor), by: doctor)
        #expect(try await hospital.now(hospital.personal).delegations.isEmpty)
        #expect(hospital.journal.last?.operation == "removeDelegation")
        #expect(hospital.journal.last?.person == hospital.secretary)
    }

    @Test("EX_GDT_5040: a refusal leaves a trace with its reason and nothing else", arguments: Base.allCases)
    func refusalTrace(base: Base) async throws {
        let hospital = try await Hospital(base)
        let before = try await hospital.now(hospital.personal)
        _ = try? await hospital.accounts.perform(.delete(hospital.personal.id), by: .person(hospital.colleague))
        let trace = try #require(hospital.journal.last)
        #expect(trace.operation == "delete")
        #expect(trace.mailbox == hospital.personal.id)
        #expect(trace.outcome == .refused("EX_GBM_4230", AccessDenial.noRole.explanation))
        #expect(trace.fields.isEmpty)
        #expect(try await hospital.now(hospital.personal) == before)
    }

    @Test(
        "EX_GDT_5030: a journal that fails loses no trace: they wait in the base and keep their order",
        arguments: Base.allCases)
    func journalFails(base: Base) async throws {
        let hospital = try await Hospital(base)
        let count = hospital.journal.operations.count
        hospital.journal.fails.withLock { $0 = true }
        try await hospital.accounts.perform(.setUnlisted(hospital.personal.id, true), by: .person(hospital.doctor))
        try await hospital.accounts.perform(.setUnlisted(hospital.personal.id, false), by: .person(hospital.doctor))
        #expect(hospital.journal.operations.count == count)
        await #expect(throws: TestJournal.Failure.self) { try await hospital.accounts.deliverChanges() }
        hospital.journal.fails.withLock { $0 = false }
        #expect(try await hospital.accounts.deliverChanges() == 2)
        #expect(try await hospital.accounts.deliverChanges() == 0)
        #expect(hospital.journal.operations.suffix(2) == ["setUnlisted", "setUnlisted"])
        let numbers = hospital.journal.changes.withLock { $0.map(\.number) }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    }

    @Test(
        "A manager gives nobody management, and persons of other structures are out of reach", arguments: Base.allCases)
    func managers(base: Base) async throws {
        let hospital = try await Hospital(base)
        let manager = Actor.person(hospital.manager)
        var person = Person(
            id: PersonID(0), identity: .local(structure: hospital.finess, name: "n.neuf"), givenName: "Nina",
            familyName: "Neuf")
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.addPerson(person), by: manager)
        }
        person.structures = [hospital.finess]
        let added = try await hospital.accounts.perform(.addPerson(person), by: manager).person!
        var promoted = added
        promoted.managedStructures = [hospital.finess]
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.updatePerson(promoted), by: manager)
        }
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.authorise(hospital.doctor, false), by: manager)
        }
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.authorise(added.id, false), by: .person(hospital.doctor))
        }
        await #expect(throws: AccountOperationError.badText) {
            var bad = added
            bad.givenName = "Nina\u{0}"
            try await hospital.accounts.perform(.updatePerson(bad), by: manager)
        }
    }
}
