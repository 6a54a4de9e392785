import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

@Suite struct RightsTests {
    private func allowed(_ hospital: Hospital, _ actor: Actor, _ mailbox: Mailbox) async throws -> Set<MailboxAction> {
        var actions: Set<MailboxAction> = []
        for action in MailboxAction.allCases where try await hospital.decide(actor, action, mailbox).isAllowed {
            actions.insert(action)
        }
        return actions
    }

    private static let all = Set(MailboxAction.allCases)

    @Test(
        "EX_GBM_4200: a personal mailbox is its holder's: nobody else reads it, and it never changes hands",
        arguments: Base.allCases)
    func personal(base: Base) async throws {
        let hospital = try await Hospital(base)
        let mailbox = hospital.personal
        #expect(
            try await allowed(hospital, .person(hospital.doctor), mailbox)
                == Self.all.subtracting([.manageCoHolders, .changeResponsible]))
        for other in [hospital.colleague, hospital.secretary, hospital.stranger, hospital.director] {
            #expect(try await allowed(hospital, .person(other), mailbox).isEmpty)
        }
        await #expect(throws: AccountOperationError.wrongState) {
            try await hospital.accounts.perform(
                .changeResponsible(mailbox.id, hospital.colleague), by: Hospital.administrator)
        }
    }

    @Test(
        "EX_GBM_4220: a responsible who is not entitled reads and sends nothing, and manages", arguments: Base.allCases)
    func responsible(base: Base) async throws {
        let hospital = try await Hospital(base)
        #expect(
            try await allowed(hospital, .person(hospital.director), hospital.team)
                == Self.all.subtracting([.read, .send]))
        let decision = try await hospital.decide(.person(hospital.director), .read, hospital.team)
        #expect(decision == .denied(.notEntitled))
        #expect(decision.requirement == "EX_GBM_4220")
        #expect(
            decision.explanation == "Seul un professionnel habilité accède aux messages de cette boîte aux lettres.")
        try await hospital.accounts.perform(
            .changeResponsible(hospital.team.id, hospital.doctor), by: .person(hospital.director))
        #expect(try await allowed(hospital, .person(hospital.doctor), hospital.team) == Self.all)
        #expect(try await allowed(hospital, .person(hospital.director), hospital.team).isEmpty)
    }

    @Test("EX_GBM_5410: a co-holder does everything but close the mailbox", arguments: Base.allCases)
    func coHolder(base: Base) async throws {
        let hospital = try await Hospital(base)
        try await hospital.accounts.perform(
            .addCoHolder(hospital.team.id, hospital.doctor), by: .person(hospital.director))
        #expect(try await allowed(hospital, .person(hospital.doctor), hospital.team) == Self.all.subtracting([.close]))
        #expect(try await hospital.decide(.person(hospital.doctor), .close, hospital.team) == .denied(.beyondRole))
    }

    @Test(
        "EX_GBM_5411: a delegate reads and sends only, on behalf of a holder, during the delegation",
        arguments: Base.allCases)
    func delegate(base: Base) async throws {
        let hospital = try await Hospital(base)
        let secretary = Actor.person(hospital.secretary)
        let now = hospital.clock.now()
        var delegation = Delegation(
            delegate: hospital.secretary, principal: hospital.doctor, from: now, until: now + .seconds(86_400))
        try await hospital.accounts.perform(.delegate(hospital.personal.id, delegation), by: .person(hospital.doctor))
        #expect(try await allowed(hospital, secretary, hospital.personal) == [.read, .send])
        #expect(
            try await hospital.decide(secretary, .read, hospital.personal)
                == .allowed(.delegate(onBehalfOf: hospital.doctor)))
        delegation.maySend = false
        try await hospital.accounts.perform(.delegate(hospital.personal.id, delegation), by: .person(hospital.doctor))
        #expect(try await allowed(hospital, secretary, hospital.personal) == [.read])
        hospital.clock.advance(days: 1)
        #expect(try await hospital.decide(secretary, .read, hospital.personal) == .denied(.delegationNotInForce))
    }

    @Test("EX_GBM_5411: a delegation ends with the rights of the one who gave it", arguments: Base.allCases)
    func principal(base: Base) async throws {
        let hospital = try await Hospital(base)
        let secretary = Actor.person(hospital.secretary)
        let team = hospital.team.id
        try await hospital.accounts.perform(.addCoHolder(team, hospital.doctor), by: .person(hospital.director))
        let delegation = Delegation(
            delegate: hospital.secretary, principal: hospital.doctor, from: hospital.clock.now())
        try await hospital.accounts.perform(.delegate(team, delegation), by: .person(hospital.doctor))
        #expect(try await hospital.decide(secretary, .read, hospital.team).isAllowed)
        try await hospital.accounts.perform(.authorise(hospital.doctor, false), by: Hospital.administrator)
        #expect(try await hospital.decide(secretary, .read, hospital.team) == .denied(.principalLost))
        try await hospital.accounts.perform(.authorise(hospital.doctor, true), by: Hospital.administrator)
        try await hospital.accounts.perform(.removeCoHolder(team, hospital.doctor), by: .person(hospital.director))
        #expect(try await hospital.decide(secretary, .read, hospital.team) == .denied(.noRole))
        // Who may not read cannot have another read.
        let other = Delegation(delegate: hospital.secretary, principal: hospital.director, from: hospital.clock.now())
        try await hospital.accounts.perform(.delegate(team, other), by: .person(hospital.director))
        #expect(try await hospital.decide(secretary, .read, hospital.team) == .denied(.principalLost))
    }

    @Test(
        "EX_GBM_5411: nobody delegates an application's mailbox, nor in another holder's name", arguments: Base.allCases
    )
    func forbiddenDelegations(base: Base) async throws {
        let hospital = try await Hospital(base)
        let now = hospital.clock.now()
        await #expect(throws: AccessDenial.beyondRole) {
            try await hospital.accounts.perform(
                .delegate(
                    hospital.application.id,
                    Delegation(delegate: hospital.secretary, principal: hospital.director, from: now)),
                by: .person(hospital.director))
        }
        await #expect(throws: AccountFinding.self) {
            try await hospital.accounts.perform(
                .delegate(
                    hospital.application.id,
                    Delegation(delegate: hospital.secretary, principal: hospital.director, from: now)),
                by: Hospital.administrator)
        }
        try await hospital.accounts.perform(
            .addCoHolder(hospital.team.id, hospital.doctor), by: .person(hospital.director))
        await #expect(throws: AccessDenial.beyondRole) {
            try await hospital.accounts.perform(
                .delegate(
                    hospital.team.id, Delegation(delegate: hospital.secretary, principal: hospital.director, from: now)),
                by: .person(hospital.doctor))
        }
        await #expect(throws: AccountOperationError.emptyDelegation) {
            try await hospital.accounts.perform(
                .delegate(
                    hospital.team.id, Delegation(delegate: hospital.doctor, principal: hospital.doctor, from: now)),
                by: .person(hospital.doctor))
        }
    }

    @Test(
        "EX_LPS_1200: an application's mailbox opens to its structure's certificate, and to no other's",
        arguments: Base.allCases)
    func application(base: Base) async throws {
        let hospital = try await Hospital(base)
        let own = Actor.application(structure: hospital.finess)
        #expect(try await allowed(hospital, own, hospital.application) == [.read, .send])
        #expect(try await hospital.decide(own, .read, hospital.team) == .denied(.notAnApplication))
        let other = Actor.application(structure: .finess(try FINESS(Numbers.finess(2))))
        #expect(try await hospital.decide(other, .read, hospital.application) == .denied(.otherStructure))
        #expect(
            try await hospital.decide(.application(structure: .siren(.ans)), .send, hospital.application)
                == .denied(.otherStructure))
        #expect(
            try await hospital.decide(.person(hospital.director), .read, hospital.application) == .denied(.notEntitled))
    }

    @Test("EX_SSI_5155: administrators and the structure's manager manage and never read", arguments: Base.allCases)
    func managers(base: Base) async throws {
        let hospital = try await Hospital(base)
        for mailbox in [hospital.personal, hospital.team, hospital.application] {
            for actor in [Hospital.administrator, .system, .person(hospital.manager)] {
                #expect(try await allowed(hospital, actor, mailbox) == Self.all.subtracting([.read, .send]))
                #expect(try await hospital.decide(actor, .read, mailbox) == .denied(.messagesAreNotForManagers))
            }
        }
    }

    @Test(
        "EX_SSI_5130: who is unknown or whose authorisation was withdrawn has access to nothing",
        arguments: Base.allCases)
    func authorised(base: Base) async throws {
        let hospital = try await Hospital(base)
        #expect(try await hospital.decide(.person(PersonID(999)), .read, hospital.personal) == .denied(.unknownPerson))
        try await hospital.accounts.perform(.authorise(hospital.doctor, false), by: Hospital.administrator)
        #expect(
            try await hospital.decide(.person(hospital.doctor), .read, hospital.personal) == .denied(.notAuthorised))
        hospital.clock.advance(days: 10)
        try await hospital.accounts.perform(.reviewAuthorisation(hospital.doctor), by: Hospital.administrator)
        let reviewed = try await hospital.accounts.repository.read { try $0.person(hospital.doctor)?.reviewedAt }
        #expect(reviewed == hospital.clock.now())
    }

    @Test(
        "EX_DCU_5030: nothing opens before the terms in force are accepted, by the user in person",
        arguments: Base.allCases)
    func terms(base: Base) async throws {
        let hospital = try await Hospital(base, terms: TermsOfUse(version: "2026-01"))
        let doctor = Actor.person(hospital.doctor)
        #expect(try await hospital.decide(doctor, .read, hospital.personal) == .denied(.termsNotAccepted))
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.perform(
                .acceptTerms(hospital.doctor, version: "2026-01"), by: Hospital.administrator)
        }
        try await hospital.accounts.perform(.acceptTerms(hospital.doctor, version: "2025-01"), by: doctor)
        #expect(try await hospital.decide(doctor, .read, hospital.personal) == .denied(.termsNotAccepted))
        try await hospital.accounts.perform(.acceptTerms(hospital.doctor, version: "2026-01"), by: doctor)
        #expect(try await hospital.decide(doctor, .read, hospital.personal).isAllowed)
        let history = try await hospital.accounts.repository.read { try $0.acceptances(by: hospital.doctor) }
        #expect(history.map(\.version) == ["2025-01", "2026-01"])
    }

    @Test("RE_GBM_4420: a suspended mailbox opens to nobody and its address is not another's", arguments: Base.allCases)
    func suspended(base: Base) async throws {
        let hospital = try await Hospital(base)
        try await hospital.accounts.perform(
            .suspend(hospital.personal.id, reason: "hameçonnage"), by: Hospital.administrator)
        #expect(try await allowed(hospital, .person(hospital.doctor), hospital.personal).isEmpty)
        #expect(try await hospital.decide(.person(hospital.doctor), .read, hospital.personal) == .denied(.suspended))
        await #expect(throws: AccountStoreError.addressTaken) {
            try await hospital.accounts.perform(
                .create(hospital.draft(.person, "jeanne.martin@beaujour.mssante.fr", hospital.doctor)),
                by: Hospital.administrator)
        }
    }

    @Test("Every denial explains itself in French and names what refuses")
    func explanations() {
        for denial in AccessDenial.allCases {
            #expect(denial.explanation.hasSuffix("."))
            #expect((denial.requirement == nil) == (denial == .unknownMailbox))
        }
    }

    @Test("The index answers as the base does, and takes over what changed", arguments: Base.allCases)
    func index(base: Base) async throws {
        let hospital = try await Hospital(base)
        let index = try await RightsIndex(hospital.accounts.repository)
        func agree() async throws {
            for mailbox in [hospital.personal, hospital.team, hospital.application] {
                for actor in [
                    hospital.doctor, hospital.colleague, hospital.secretary, hospital.director, hospital.manager,
                ].map(Actor.person) + [.application(structure: hospital.finess), .system] {
                    for action in MailboxAction.allCases {
                        let expected = try await hospital.decide(actor, action, mailbox)
                        #expect(
                            index.decide(actor, action, at: mailbox.address, time: hospital.clock.now()) == expected)
                    }
                }
            }
        }
        try await agree()
        #expect(try await index.refresh() == 0)
        try await hospital.accounts.perform(
            .addCoHolder(hospital.team.id, hospital.doctor), by: .person(hospital.director))
        try await hospital.accounts.perform(.authorise(hospital.director, false), by: Hospital.administrator)
        #expect(try await index.refresh() == 2)
        try await agree()
        try await hospital.accounts.perform(.delete(hospital.personal.id), by: .person(hospital.doctor))
        try await index.refresh()
        #expect(index.mailbox(at: hospital.personal.address) == nil)
        let identity = PersonIdentity.national(.rpps(try RPPS(Numbers.rpps(1))))
        #expect(index.person(known: identity) == hospital.doctor)
        try await hospital.accounts.perform(
            .changeIdentity(hospital.doctor, .national(.rpps(try RPPS(Numbers.rpps(77))))), by: .system)
        try await index.refresh()
        #expect(index.person(known: identity) == nil)
    }
}
