import MSSAccounts
import MSSConnector
import MSSCore
import MSSPolicy
import MSSTestKit
import Testing

@Suite struct OperationTests {
    let administrator = Hospital.administrator

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

    func refused(
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
