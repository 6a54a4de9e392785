import MSSTestKit
import Testing

// snippet: accounts
import MSSAccounts
import MSSCore
// end snippet

// snippet: accounts
func suspend(
    _ address: DirectoryMailAddress, because reason: String, in accounts: Accounts, by administrator: String
) async throws -> Mailbox? {
    let found = try await accounts.repository.read { try $0.mailbox(at: address) }
    guard let found else { return nil }
    let outcome = try await accounts.perform(
        .suspend(found.id, reason: reason), by: .administrator(administrator))
    return outcome.mailbox
}
// end snippet

// snippet: rights
func mayRead(
    _ subject: PersonIdentity, _ address: DirectoryMailAddress, in index: RightsIndex, at time: Timestamp
) -> String {
    guard let person = index.person(known: subject) else { return AccessDenial.unknownPerson.explanation }
    return index.decide(.person(person), .read, at: address, time: time).explanation
}
// end snippet

@Suite struct AccountsSnippetTests {
    @Test("RE_GBM_4420: the snippets suspend a mailbox and tell its holder why it does not open")
    func suspension() async throws {
        let hospital = try await Hospital(.memory)
        let index = try await RightsIndex(hospital.accounts.repository)
        let identity = PersonIdentity.national(.rpps(try RPPS(Numbers.rpps(1))))
        let now = hospital.clock.now()
        #expect(mayRead(identity, hospital.personal.address, in: index, at: now).contains("responsable"))
        let mailbox = try await suspend(
            hospital.personal.address, because: "test", in: hospital.accounts, by: "adele.admin")
        #expect(mailbox?.state == .suspended(reason: "test", since: now))
        try await index.refresh()
        #expect(mayRead(identity, hospital.personal.address, in: index, at: now) == AccessDenial.suspended.explanation)
    }
}
