import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

/// A channel that keeps what it is given, and cannot reach some.
final class TestInformer: AccountInformer {
    struct Failure: Error {}
    let told = Guarded<[(person: PersonID, notice: AccessNotice, key: String)]>([])
    let unreachable = Guarded<Set<PersonID>>([])

    func inform(_ person: Person, _ notice: AccessNotice, key: String) async throws {
        if unreachable.withLock({ $0.contains(person.id) }) { throw Failure() }
        told.withLock { $0.append((person.id, notice, key)) }
    }

    var persons: [PersonID] { told.withLock { $0.map(\.person) } }
}

@Suite struct InformationTests {
    private func accounts(_ hospital: Hospital, _ informer: (any AccountInformer)?) -> Accounts {
        Accounts(
            repository: hospital.accounts.repository, rules: PolicyAdapter(), journal: hospital.journal,
            informer: informer, clock: hospital.clock)
    }

    @Test(
        "§2.4.3, EX_GDT_5020: every holder is told of an access that another opened, and that actions are traced",
        arguments: Base.allCases)
    func coHolders(base: Base) async throws {
        let hospital = try await Hospital(base)
        let informer = TestInformer()
        let accounts = accounts(hospital, informer)
        let (team, doctor, director) = (hospital.team.id, hospital.doctor, hospital.director)
        try await accounts.perform(.addCoHolder(team, doctor), by: .person(director))
        #expect(informer.persons == [])
        let outcome = try await accounts.perform(.addCoHolder(team, hospital.colleague), by: .person(doctor))
        #expect(outcome.informed == [director] && informer.persons == [director])
        let notice = informer.told.withLock { $0[0].notice }
        #expect(notice.subject.contains("service-cardiologie@beaujour.mssante.fr"))
        #expect(notice.body.contains("Paul Durand") && notice.body.contains("cotitulaire"))
        #expect(notice.body.contains("par Jeanne Martin"))
        #expect(notice.body.contains("les vôtres comprises, sont tracées au nom de leur auteur"))
        try await accounts.perform(
            .delegate(
                team, Delegation(delegate: hospital.secretary, principal: doctor, from: hospital.clock.now())),
            by: .person(doctor))
        #expect(informer.persons == [director, director, hospital.colleague])
        // Another responsible is a new access too, when the person had none.
        try await accounts.perform(.changeResponsible(team, hospital.stranger), by: .person(director))
        #expect(informer.persons.suffix(2) == [doctor, hospital.colleague])
        #expect(Set(informer.told.withLock { $0.map(\.key) }).count == 5)
    }

    @Test(
        "§2.4.3: a delegation that opens nothing new is told to nobody, one that opens more is",
        arguments: Base.allCases)
    func widening(base: Base) async throws {
        let hospital = try await Hospital(base)
        let informer = TestInformer()
        let accounts = accounts(hospital, informer)
        let (team, doctor) = (hospital.team.id, hospital.doctor)
        try await accounts.perform(.addCoHolder(team, doctor), by: .person(hospital.director))
        let now = hospital.clock.now()
        func delegate(_ from: Timestamp, _ until: Timestamp?, read: Bool = true, send: Bool) async throws -> Int {
            try await accounts.perform(
                .delegate(
                    team,
                    Delegation(
                        delegate: hospital.secretary, principal: doctor, from: from, until: until, mayRead: read,
                        maySend: send)), by: .person(doctor)
            ).informed.count
        }
        #expect(try await delegate(now, now + .seconds(1_000), send: false) == 1)
        #expect(try await delegate(now, now + .seconds(500), send: false) == 0)
        #expect(try await delegate(now, now + .seconds(501), send: false) == 1)
        #expect(try await delegate(now, now + .seconds(501), send: true) == 1)
        #expect(try await delegate(now, nil, read: false, send: true) == 1)
        #expect(try await delegate(now + .seconds(5), nil, read: false, send: true) == 0)
        #expect(try await delegate(now, nil, read: false, send: true) == 1)
        #expect(informer.persons.count == 5)
    }

    @Test("A personal mailbox has nobody else to tell, and a refused access tells nobody", arguments: Base.allCases)
    func nobody(base: Base) async throws {
        let hospital = try await Hospital(base)
        let informer = TestInformer()
        let accounts = accounts(hospital, informer)
        let delegation = Delegation(
            delegate: hospital.secretary, principal: hospital.doctor, from: hospital.clock.now())
        try await accounts.perform(.delegate(hospital.personal.id, delegation), by: .person(hospital.doctor))
        try await accounts.perform(.addCoHolder(hospital.team.id, hospital.doctor), by: .person(hospital.director))
        // Not entitled: refused.
        await #expect(throws: AccountFinding.self) {
            try await accounts.perform(.addCoHolder(hospital.team.id, hospital.secretary), by: .person(hospital.doctor))
        }
        #expect(informer.persons == [])
        #expect(
            try await accounts.repository.read { try $0.pendingInformation(after: 0, limit: 9) } == [])
    }

    @Test(
        "§2.4.3: information waits in the base until a channel took it, and who cannot be reached holds up nobody",
        arguments: Base.allCases)
    func waiting(base: Base) async throws {
        let hospital = try await Hospital(base)
        let (team, doctor, director) = (hospital.team.id, hospital.doctor, hospital.director)
        // No channel yet.
        let silent = accounts(hospital, nil)
        try await silent.perform(.addCoHolder(team, doctor), by: .person(director))
        try await silent.perform(.addCoHolder(team, hospital.colleague), by: .person(doctor))
        try await silent.perform(.addCoHolder(team, hospital.stranger), by: .person(hospital.colleague))
        #expect(try await silent.deliverInformation() == (0, 3))

        let informer = TestInformer()
        informer.unreachable.withLock { $0 = [director] }
        let accounts = accounts(hospital, informer)
        #expect(try await accounts.deliverInformation() == (1, 2))
        #expect(informer.persons == [doctor])
        informer.unreachable.withLock { $0 = [] }
        #expect(try await accounts.deliverInformation() == (2, 0))
        #expect(try await accounts.deliverInformation() == (0, 0))
        #expect(informer.persons == [doctor, director, director])
    }
}
