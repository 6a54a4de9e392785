import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

/// A base that can be out of reach.
private final class Interruptible: AccountRepository {
    struct OutOfReach: Error {}
    let base: any AccountRepository
    let isDown = Guarded(false)

    init(_ base: any AccountRepository) { self.base = base }

    func read<Result: Sendable>(_ body: @Sendable (any AccountReader) throws -> Result) async throws -> Result {
        if isDown.withLock({ $0 }) { throw OutOfReach() }
        return try await base.read(body)
    }

    func write<Result: Sendable>(_ body: @Sendable (any AccountWriter) throws -> Result) async throws -> Result {
        try await base.write(body)
    }
}

@Suite struct FreshnessTests {
    /// Asks again until the answer is the one expected; an answer that never comes ends with the test's own time.
    private func eventually(_ isThere: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < end {
            if try await isThere() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("it never came")
    }

    @Test("EX_SSI_5130: a right withdrawn through the accounts ends in their index at once", arguments: Base.allCases)
    func ownOperations(base: Base) async throws {
        let hospital = try await Hospital(base)
        let repository = hospital.accounts.repository
        let index = try await RightsIndex(repository)
        let accounts = Accounts(
            repository: repository, rules: PolicyAdapter(), journal: hospital.journal, index: index,
            clock: hospital.clock)
        let (doctor, address) = (Actor.person(hospital.doctor), hospital.personal.address)
        let now = hospital.clock.now()
        #expect(index.decide(doctor, .read, at: address, time: now).isAllowed)
        try await accounts.perform(.authorise(hospital.doctor, false), by: Hospital.administrator)
        #expect(index.decide(doctor, .read, at: address, time: now) == .denied(.notAuthorised))
        try await accounts.perform(.authorise(hospital.doctor, true), by: Hospital.administrator)
        try await accounts.perform(.suspend(hospital.personal.id, reason: "essai"), by: Hospital.administrator)
        #expect(index.decide(doctor, .read, at: address, time: now) == .denied(.suspended))
    }

    @Test("EX_SSI_5130: an index takes over by itself what another process changed in the base")
    func otherProcess() async throws {
        let hospital = try await Hospital(.sqlite)
        let own = try SQLiteAccountRepository(path: hospital.folder.file("accounts.sqlite"))
        let index = try await RightsIndex(
            own, freshness: RightsIndex.Freshness(interval: .milliseconds(5), limit: .seconds(3_600)))
        let (doctor, now) = (Actor.person(hospital.doctor), hospital.clock.now())
        #expect(index.decide(doctor, .read, at: hospital.personal.address, time: now).isAllowed)
        try await hospital.accounts.perform(.authorise(hospital.doctor, false), by: Hospital.administrator)
        try await eventually {
            index.decide(doctor, .read, at: hospital.personal.address, time: now) == .denied(.notAuthorised)
        }
    }

    @Test("EX_SSI_5130: what could not be verified for too long is denied, temporarily, until the base is back")
    func stale() async throws {
        let hospital = try await Hospital(.memory)
        let repository = Interruptible(hospital.accounts.repository)
        let index = try await RightsIndex(
            repository, freshness: RightsIndex.Freshness(interval: .milliseconds(2), limit: .seconds(2)))
        let (doctor, now) = (Actor.person(hospital.doctor), hospital.clock.now())
        let decide = { index.decide(doctor, .read, at: hospital.personal.address, time: now) }
        repository.isDown.withLock { $0 = true }
        try await eventually { decide() == .denied(.unverifiable) }
        #expect(AccessDenial.unverifiable.isTemporary && !AccessDenial.suspended.isTemporary)
        repository.isDown.withLock { $0 = false }
        try await eventually { decide().isAllowed }
    }
}
