import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

@Suite struct AdministrationTests {
    @Test(
        "EX_SSI_5155: an administrator's account is named and does what it is for, nothing else",
        arguments: Base.allCases)
    func duties(base: Base) async throws {
        let hospital = try await Hospital(base)
        let rights = RightsRules(administrators: [
            "anne.comptes": [.persons, .mailboxes], "luc.incidents": [.suspensions],
        ])
        let accounts = Accounts(
            repository: hospital.accounts.repository, rules: PolicyAdapter(), journal: hospital.journal,
            rights: rights, clock: hospital.clock)
        let personal = hospital.personal.id
        func attempt(_ operation: AccountOperation, _ name: String) async -> AccessDenial? {
            do {
                try await accounts.perform(operation, by: .administrator(name))
                return nil
            } catch { return error as? AccessDenial }
        }
        #expect(await attempt(.suspend(personal, reason: "essai"), "anne.comptes") == .beyondDuty)
        #expect(hospital.journal.last?.outcome == .refused("EX_SSI_5155", AccessDenial.beyondDuty.explanation))
        #expect(await attempt(.suspend(personal, reason: "essai"), "luc.incidents") == nil)
        #expect(await attempt(.reactivate(personal), "luc.incidents") == nil)
        #expect(await attempt(.setQuota(personal, 5), "luc.incidents") == .beyondDuty)
        #expect(await attempt(.authorise(hospital.doctor, false), "luc.incidents") == .beyondDuty)
        #expect(await attempt(.setQuota(personal, 5), "anne.comptes") == nil)
        #expect(await attempt(.setQuota(personal, 5), "inconnue") == .beyondDuty)
        for name in ["", "  "] { #expect(await attempt(.setQuota(personal, 5), name) == .unknownPerson) }
        await #expect(throws: AccessDenial.beyondDuty) {
            try await accounts.load(.json(Array("{}".utf8)), by: .administrator("anne.comptes"))
        }
        let decide = { (name: String, action: MailboxAction) in
            try await accounts.decide(.administrator(name), action, at: hospital.personal.address)
        }
        #expect(try await decide("anne.comptes", .describe) == .allowed(.administrator))
        #expect(try await decide("luc.incidents", .describe) == .denied(.beyondDuty))
        for name in ["anne.comptes", "luc.incidents"] {
            #expect(try await decide(name, .read) == .denied(.messagesAreNotForManagers))
        }
    }

    @Test(
        "EX_2.1_5010: what the directory says of a known person is taken over with a trace, and nobody becomes a user by it",
        arguments: Base.allCases)
    func directory(base: Base) async throws {
        let hospital = try await Hospital(base)
        func entry(_ index: Int, _ given: String, _ family: String) throws -> DirectoryPerson {
            DirectoryPerson(
                identifier: .rpps(try RPPS(Numbers.rpps(index))), givenName: given, familyName: family,
                professions: ["10"])
        }
        let entries = [
            try entry(1, "Jeanne", "Martin-Leroy"), try entry(2, "Paul", "Durand"), try entry(77, "Nul", "Connu"),
        ]
        #expect(try await hospital.accounts.synchronise(entries) == [hospital.doctor, hospital.colleague])
        let doctor = hospital.doctor
        let person = try await hospital.accounts.repository.read { try $0.person(doctor) }
        #expect(person?.familyName == "Martin-Leroy" && person?.professions == ["10"] && person?.isEntitled == true)
        let changes = hospital.journal.changes.withLock { $0.suffix(2) }
        #expect(changes.first?.fields.contains(.init("familyName", before: "Martin", after: "Martin-Leroy")) == true)
        #expect(changes.map(\.operation) == ["updatePerson", "updatePerson"])
        // What agrees already changes nothing and leaves no trace.
        let count = hospital.journal.operations.count
        #expect(try await hospital.accounts.synchronise(entries) == [])
        #expect(hospital.journal.operations.count == count)
    }

    @Test(
        "EX_GDT_5030: operations that end at the same time hand each trace over once, in order",
        arguments: Base.allCases)
    func onceEach(base: Base) async throws {
        let hospital = try await Hospital(base)
        let (accounts, personal) = (hospital.accounts, hospital.personal.id)
        await withTaskGroup(of: Void.self) { group in
            for quota in 1...60 {
                group.addTask {
                    _ = try? await accounts.perform(.setQuota(personal, Int64(quota)), by: Hospital.administrator)
                }
            }
        }
        let numbers = hospital.journal.changes.withLock { $0.map(\.number) }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(hospital.journal.operations.filter { $0 == "setQuota" }.count == 60)
    }

    @Test("A clock that goes back is a change of its own, with both times, and loses nothing", arguments: Base.allCases)
    func clockBack(base: Base) async throws {
        let hospital = try await Hospital(base)
        let accounts = hospital.accounts
        let before = hospital.clock.now()
        hospital.clock.advance(.seconds(-3_600))
        try await accounts.perform(.setQuota(hospital.personal.id, 5), by: Hospital.administrator)
        let changes = hospital.journal.changes.withLock { $0.suffix(2) }
        #expect(changes.map(\.operation) == ["clockWentBack", "setQuota"])
        #expect(
            changes.first?.fields == [
                .init("clock", before: before.xsdDateTime, after: hospital.clock.now().xsdDateTime)
            ])
        try await accounts.perform(.setQuota(hospital.personal.id, 6), by: Hospital.administrator)
        #expect(hospital.journal.operations.filter { $0 == "clockWentBack" }.count == 1)
        #expect(try await hospital.now(hospital.personal).quota == 6)
    }
}
