import MSSAccounts
import MSSConnector
import MSSCore
import MSSPolicy

import MSSTestKit
import Testing

@Suite struct OperationTests {
    private let administrator = Hospital.administrator

    @Test("EX_GBM_4230: the base ties every mailbox to the persons who use it, and back", arguments: Base.allCases)
    func users(base: Base) async throws {
        let hospital = try await Hospital(base)
        try await hospital.accounts.perform(
            .addCoHolder(hospital.team.id, hospital.doctor), by: .person(hospital.director))
        try await hospital.accounts.perform(
            .delegate(
                hospital.team.id,
                Delegation(delegate: hospital.secretary, principal: hospital.doctor, from: hospital.clock.now())),
            by: .person(hospital.doctor))
        let (doctor, secretary, director) = (hospital.doctor, hospital.secretary, hospital.director)
        let found = try await hospital.accounts.repository.read { (reader) throws in
            try [doctor, secretary, director].map { try reader.mailboxes(of: $0) }
        }
        #expect(
            found == [
                [hospital.personal.id, hospital.team.id], [hospital.team.id],
                [hospital.team.id, hospital.application.id],
            ])
        let team = try await hospital.now(hospital.team)
        #expect(team.coHolders == [doctor])
        #expect(team.delegations.map(\.delegate) == [secretary])
    }

    @Test(
        "EX_GBM_3010: personal, organisational and application mailboxes are opened, each under its rules",
        arguments: Base.allCases)
    func kinds(base: Base) async throws {
        let hospital = try await Hospital(base)
        #expect(
            [hospital.personal, hospital.team, hospital.application].map(\.kind) == [
                .person, .organization, .application,
            ])
        var practice = try hospital.draft(.practice, "cabinet-du-port@ville.mssante.fr", hospital.stranger)
        practice.structure = nil
        #expect(try await hospital.accounts.perform(.create(practice), by: administrator).mailbox?.kind == .practice)
        var orphan = try hospital.draft(.application, "automate@ville.mssante.fr", hospital.director)
        orphan.structure = nil
        await refused("EX_GBM_3010", hospital, .create(orphan))
    }

    private func refused(
        _ requirement: RequirementID, _ hospital: Hospital, _ operation: AccountOperation,
        by actor: Actor = Hospital.administrator
    ) async {
        do {
            try await hospital.accounts.perform(operation, by: actor)
            Issue.record("\(operation.name) was not refused")
        } catch {
            #expect((error as? any ExplainedFailure)?.requirement == requirement)
        }
    }

    @Test(
        "EX_GBM_4300, EX_GBM_4310, EX_GBM_4311: a mailbox whose name breaks a rule is not opened",
        arguments: Base.allCases)
    func names(base: Base) async throws {
        let hospital = try await Hospital(base)
        await refused(
            "EX_GBM_4311", hospital,
            .create(try hospital.draft(.person, "p.durand@beaujour.mssante.fr", hospital.colleague)))
        await refused(
            "EX_GBM_4310", hospital,
            .create(try hospital.draft(.organization, "denis.roux@beaujour.mssante.fr", hospital.director)))
        await refused(
            "EX_GBM_4300", hospital,
            .create(try hospital.draft(.application, "x@patient.mssante.fr", hospital.director)))
        let count = try await hospital.accounts.repository.read {
            try $0.mailboxes(after: MailboxID(0), limit: 100).count
        }
        #expect(count == 3)
    }

    @Test(
        "EX_GBM_4311: a homonym of the domain may be numbered, the first of the name may not", arguments: Base.allCases)
    func homonym(base: Base) async throws {
        let hospital = try await Hospital(base)
        var other = Person(
            id: PersonID(0), identity: .national(.rpps(try RPPS(Numbers.rpps(50)))), givenName: "Jeanne",
            familyName: "Martin")
        other.isEntitled = true
        let id = try await hospital.accounts.perform(.addPerson(other), by: administrator).person!.id
        try await hospital.accounts.perform(
            .create(hospital.draft(.person, "jeanne.martin2@beaujour.mssante.fr", id)), by: administrator)
        await refused(
            "EX_GBM_4311", hospital, .create(try hospital.draft(.person, "jeanne.martin3@autre.mssante.fr", id)))
    }

    @Test(
        "EX_GBM_4010: the 26th test mailbox of production is refused, automatic-reply mailboxes not counted",
        arguments: Base.allCases)
    func testMailboxes(base: Base) async throws {
        let hospital = try await Hospital(base)
        func draft(_ address: String, isAutomaticReply: Bool = false) throws -> Mailbox {
            var draft = try hospital.draft(.organization, address, hospital.director)
            draft.isTest = true
            draft.isAutomaticReply = isAutomaticReply
            return draft
        }
        for number in 1...25 {
            try await hospital.accounts.perform(
                .create(draft("bal-test\(number)@beaujour.mssante.fr")), by: administrator)
        }
        await refused("EX_GBM_4010", hospital, .create(try draft("bal-test26@beaujour.mssante.fr")))
        try await hospital.accounts.perform(
            .create(draft("reponse.automatique-test@beaujour.mssante.fr", isAutomaticReply: true)), by: administrator)
        let first = try #require(
            try await hospital.accounts.repository.read {
                try $0.mailbox(at: try directory("bal-test1@beaujour.mssante.fr"))
            })
        try await hospital.accounts.perform(.delete(first.id), by: administrator)
        try await hospital.accounts.perform(.create(draft("bal-test26@beaujour.mssante.fr")), by: administrator)
    }

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

    @Test(
        "EX_PBA_5040: liste rouge is off until the user chooses it, and changeable at any time",
        arguments: Base.allCases)
    func unlisted(base: Base) async throws {
        let hospital = try await Hospital(base)
        #expect(!hospital.personal.isUnlistedByChoice)
        for choice in [true, false, true] {
            try await hospital.accounts.perform(
                .setUnlisted(hospital.personal.id, choice), by: .person(hospital.doctor))
            #expect(try await hospital.now(hospital.personal).isUnlistedByChoice == choice)
        }
        await #expect(throws: AccessDenial.noRole) {
            try await hospital.accounts.perform(
                .setUnlisted(hospital.personal.id, false), by: .person(hospital.colleague))
        }
    }

    @Test("EX_PBA_5012: a user attaches a geographic FINESS to the own mailbox", arguments: Base.allCases)
    func attach(base: Base) async throws {
        let hospital = try await Hospital(base)
        let site = StructureIdentifier.finess(try FINESS(Numbers.finess(2)))
        try await hospital.accounts.perform(
            .saveStructure(Structure(identifier: site, name: "Site sud", entity: .geographic, parent: hospital.finess)),
            by: administrator)
        try await hospital.accounts.perform(
            .attach(hospital.personal.id, site, isShared: false), by: .person(hospital.doctor))
        #expect(try await hospital.now(hospital.personal).structure == site)
        let unknown = StructureIdentifier.finess(try FINESS(Numbers.finess(3)))
        await #expect(throws: AccountOperationError.notFound) {
            try await hospital.accounts.perform(
                .attach(hospital.personal.id, unknown, isShared: false), by: .person(hospital.doctor))
        }
    }

    @Test(
        "EX_PBA_5100, EX_2.1_5010: an identifier corrected by the directory is taken over, roles and all",
        arguments: Base.allCases)
    func corrected(base: Base) async throws {
        let hospital = try await Hospital(base)
        let new = PersonIdentity.national(.rpps(try RPPS(Numbers.rpps(60))))
        try await hospital.accounts.perform(.changeIdentity(hospital.doctor, new), by: .system)
        let person = try await hospital.accounts.repository.read { try $0.person(known: new) }
        #expect(person?.id == hospital.doctor)
        #expect(try await hospital.decide(.person(hospital.doctor), .read, hospital.personal).isAllowed)
        #expect(
            hospital.journal.last?.fields == [
                .init("identity", before: "8" + Numbers.rpps(1), after: "8" + Numbers.rpps(60))
            ])
        await #expect(throws: AccountStoreError.identityTaken) {
            try await hospital.accounts.perform(.changeIdentity(hospital.colleague, new), by: .system)
        }
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.changeIdentity(hospital.doctor, new), by: .person(hospital.doctor))
        }
    }

    @Test(
        "EX_GBM_4312: under the 1.7 draft no mailbox of type 10 is opened, and an existing one moves to the RPPS",
        arguments: Base.allCases)
    func typeTen(base: Base) async throws {
        var adapter = PolicyAdapter()
        let open = try await Hospital(base, adapter: adapter)
        adapter.context.version = .v1_7draft
        for (hospital, isAllowed) in [(open, true), (try await Hospital(base, adapter: adapter), false)] {
            var person = Person(
                id: PersonID(0), identity: .local(structure: hospital.finess, name: "m.ito"), givenName: "Mei",
                familyName: "Ito")
            person.isEntitled = true
            let id = try await hospital.accounts.perform(.addPerson(person), by: administrator).person!.id
            let draft = try hospital.draft(.person, "mei.ito@beaujour.mssante.fr", id)
            guard isAllowed else {
                await refused("EX_GBM_4312", hospital, .create(draft))
                continue
            }
            try await hospital.accounts.perform(.create(draft), by: administrator)
            let rpps = PersonIdentity.national(.rpps(try RPPS(Numbers.rpps(61))))
            #expect(
                try await hospital.accounts.perform(.changeIdentity(id, rpps), by: administrator).person?.identity
                    == rpps)
        }
    }

    @Test("RE_GBM_4420, RE_GBM_4440: a suspension has a reason and is lifted by the operator", arguments: Base.allCases)
    func suspension(base: Base) async throws {
        let hospital = try await Hospital(base)
        let id = hospital.personal.id
        await #expect(throws: AccountOperationError.badText) {
            try await hospital.accounts.perform(.suspend(id, reason: ""), by: administrator)
        }
        try await hospital.accounts.perform(.suspend(id, reason: "mésusage des CGU"), by: administrator)
        #expect(
            try await hospital.now(hospital.personal).state
                == .suspended(reason: "mésusage des CGU", since: hospital.clock.now()))
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.reactivate(id), by: .person(hospital.manager))
        }
        hospital.clock.advance(days: 400)
        try await hospital.accounts.perform(.reactivate(id), by: administrator)
        let after = try await hospital.now(hospital.personal)
        #expect(after.state == .active)
        #expect(after.usableSince == hospital.clock.now())
        await #expect(throws: AccountOperationError.wrongState) {
            try await hospital.accounts.perform(.reactivate(id), by: administrator)
        }
    }

    @Test(
        "RE_GBM_4330: the address of a deleted mailbox is kept from others for the delay, and from nobody after it",
        arguments: Base.allCases)
    func reservation(base: Base) async throws {
        let hospital = try await Hospital(base)
        try await hospital.accounts.perform(.delete(hospital.team.id), by: .person(hospital.director))
        await refused(
            "RE_GBM_4330", hospital,
            .create(try hospital.draft(.organization, "SERVICE-cardiologie@beaujour.mssante.fr", hospital.doctor)))
        hospital.clock.advance(days: 364)
        await refused(
            "RE_GBM_4330", hospital,
            .create(try hospital.draft(.organization, "service-cardiologie@beaujour.mssante.fr", hospital.doctor)))
        hospital.clock.advance(days: 1)
        let new = try await hospital.accounts.perform(
            .create(hospital.draft(.organization, "service-cardiologie@beaujour.mssante.fr", hospital.doctor)),
            by: administrator
        ).mailbox!
        #expect(new.id != hospital.team.id)
        #expect(try await hospital.now(hospital.team).exists == false)
        // The former holder may have it back at once.
        try await hospital.accounts.perform(.delete(hospital.application.id), by: .person(hospital.director))
        try await hospital.accounts.perform(
            .create(hospital.draft(.application, "dpi-resultats@beaujour.mssante.fr", hospital.director)),
            by: administrator)
    }

    @Test(
        "EX_GBM_6010: a deleted mailbox opens to nobody and cannot be changed; its traces stay",
        arguments: Base.allCases)
    func deletion(base: Base) async throws {
        let hospital = try await Hospital(base)
        let before = hospital.journal.changes.withLock { $0.count }
        try await hospital.accounts.perform(.delete(hospital.personal.id), by: .system)
        #expect(hospital.journal.changes.withLock { $0.count } == before + 1)
        #expect(
            try await hospital.decide(.person(hospital.doctor), .read, hospital.personal) == .denied(.unknownMailbox))
        await #expect(throws: AccountOperationError.wrongState) {
            try await hospital.accounts.perform(.reactivate(hospital.personal.id), by: administrator)
        }
        await #expect(throws: AccessDenial.deleted) {
            try await hospital.accounts.perform(.setUnlisted(hospital.personal.id, true), by: administrator)
        }
    }

    @Test(
        "EX_GBM_6021: a professional who left asks for the deletion of the personal mailbox, which carries it out",
        arguments: Base.allCases)
    func deletionRequest(base: Base) async throws {
        let hospital = try await Hospital(base)
        try await hospital.accounts.perform(.authorise(hospital.doctor, false), by: administrator)
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(.requestDeletion(hospital.personal.id), by: .person(hospital.colleague))
        }
        try await hospital.accounts.perform(.requestDeletion(hospital.personal.id), by: .person(hospital.doctor))
        let pending = try await hospital.accounts.repository.read { try $0.pendingDeletionRequests() }
        #expect(
            pending == [
                DeletionRequest(mailbox: hospital.personal.id, person: hospital.doctor, at: hospital.clock.now())
            ])
        await #expect(throws: AccountOperationError.roleUnchanged) {
            try await hospital.accounts.perform(.requestDeletion(hospital.personal.id), by: .person(hospital.doctor))
        }
        try await hospital.accounts.perform(.delete(hospital.personal.id), by: administrator)
        let left = try await hospital.accounts.repository.read { try $0.pendingDeletionRequests() }
        #expect(left.isEmpty)
    }

    @Test("EX_GBM_4480: forwarding is set to the holder's other mailbox and to no other", arguments: Base.allCases)
    func forwarding(base: Base) async throws {
        let hospital = try await Hospital(base)
        let second = try directory("jeanne.martin@ville.mssante.fr")
        try await hospital.accounts.perform(
            .create(hospital.draft(.person, second.address.text, hospital.doctor)), by: administrator)
        try await hospital.accounts.perform(.forward(hospital.personal.id, to: second), by: .person(hospital.doctor))
        #expect(try await hospital.now(hospital.personal).forwarding == second)
        for address in [hospital.team.address, try directory("jeanne@exemple.fr"), hospital.personal.address] {
            await refused(
                "EX_GBM_4480", hospital, .forward(hospital.personal.id, to: address), by: .person(hospital.doctor))
        }
        #expect(try await hospital.now(hospital.personal).forwarding == second)
    }

    @Test("EX_GBP_3050: the holder sets the purge of sent messages, within bounds", arguments: Base.allCases)
    func purge(base: Base) async throws {
        let hospital = try await Hospital(base)
        try await hospital.accounts.perform(
            .purgeSent(hospital.personal.id, afterDays: 90), by: .person(hospital.doctor))
        #expect(try await hospital.now(hospital.personal).purgesSentAfterDays == 90)
        for days in [0, -1, 3_651] {
            await #expect(throws: AccountOperationError.badNumber) {
                try await hospital.accounts.perform(
                    .purgeSent(hospital.personal.id, afterDays: days), by: .person(hospital.doctor))
            }
        }
    }

    @Test("A clock that jumps back never makes a mailbox look less used", arguments: Base.allCases)
    func clockBack(base: Base) async throws {
        let hospital = try await Hospital(base)
        hospital.clock.advance(days: 100)
        let latest = hospital.clock.now()
        try await hospital.accounts.perform(.noteConnection(hospital.personal.id, hospital.doctor), by: .system)
        hospital.clock.advance(days: -90)
        try await hospital.accounts.perform(.noteConnection(hospital.personal.id, hospital.doctor), by: .system)
        #expect(try await hospital.now(hospital.personal).lastConnection == latest)
        let person = try await hospital.accounts.repository.read { try $0.person(hospital.doctor) }
        #expect(person?.lastAuthentication == latest)
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

    @Test("EX_GBM_4471: an automatic reply has a text of lines and an end to come", arguments: Base.allCases)
    func automaticReply(base: Base) async throws {
        let hospital = try await Hospital(base)
        let (id, doctor, now) = (hospital.personal.id, Actor.person(hospital.doctor), hospital.clock.now())
        let reply = AutomaticReply(text: "Absente.\nUrgences : le 15.", from: now, until: now + .seconds(60))
        try await hospital.accounts.perform(.replyAutomatically(id, reply), by: doctor)
        #expect(try await hospital.now(hospital.personal).automaticReply == reply)
        for bad in [
            AutomaticReply(text: "", from: now), AutomaticReply(text: "a\u{0}b", from: now),
            AutomaticReply(text: String(repeating: "a", count: 4_001), from: now),
            AutomaticReply(text: "a", from: now, until: now),
        ] {
            await #expect(throws: AccountOperationError.self) {
                try await hospital.accounts.perform(.replyAutomatically(id, bad), by: doctor)
            }
        }
        try await hospital.accounts.perform(.replyAutomatically(id, nil), by: doctor)
        #expect(try await hospital.now(hospital.personal).automaticReply == nil)
    }

    @Test("EX_PBA_5090: a type 10 or an unreadable name is no identity of a person", arguments: Base.allCases)
    func identities(base: Base) async throws {
        let hospital = try await Hospital(base)
        for identity in [
            PersonIdentity.national(.mailbox(hospital.personal.address.address)),
            .local(structure: hospital.finess, name: ""), .local(structure: hospital.finess, name: "a|b"),
            .local(structure: hospital.finess, name: "a\nb"),
        ] {
            await #expect(throws: IdentityError.malformed) {
                try await hospital.accounts.perform(.changeIdentity(hospital.doctor, identity), by: .system)
            }
        }
        #expect(throws: IdentityError.malformed) { try PersonIdentity("10a@b.mssante.fr") }
    }
}
