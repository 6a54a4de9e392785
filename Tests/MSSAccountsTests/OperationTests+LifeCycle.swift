import MSSAccounts
import MSSConnector
import MSSCore
import MSSPolicy
import MSSTestKit
import Testing

/// Mailboxes that are suspended, deleted, reserved.
extension OperationTests {
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

    @Test("EX_GBM_6010: what decides by the last use deletes nothing that was used since", arguments: Base.allCases)
    func deletionOfTheUnused(base: Base) async throws {
        let hospital = try await Hospital(base)
        let id = hospital.personal.id
        func seen() async throws -> LastUse {
            let mailbox = try await hospital.now(hospital.personal)
            return try await hospital.accounts.repository.read { reader in
                LastUse(mailbox, try ([mailbox.responsible] + mailbox.coHolders).compactMap { try reader.person($0) })
            }
        }
        let before = try await seen()
        hospital.clock.advance(days: 1)
        try await hospital.accounts.perform(
            .noteConnection(id, hospital.personal.responsible), by: .system)
        await #expect(throws: AccountOperationError.usedSince) {
            try await hospital.accounts.perform(.delete(id, seen: before), by: .system)
        }
        #expect(try await hospital.now(hospital.personal).state == .active)
        try await hospital.accounts.perform(.delete(id, seen: try await seen()), by: .system)
        #expect(try await !hospital.now(hospital.personal).exists)
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
}
