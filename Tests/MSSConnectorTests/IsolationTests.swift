import MSSAccounts
import MSSCore
import MSSProSanteConnect
import MSSTestKit
import Testing

@testable import MSSConnector

@Suite("One account never gets another's rights", .timeLimit(.minutes(10)))
struct IsolationTests {
    /// What a login should give, computed from the accounts alone.
    static func expected(_ lps: TestLPS, _ person: PersonID?, _ mailbox: String, _ flaw: TestTokenFlaw?) -> MailboxID? {
        guard flaw == nil, let person else { return nil }
        let address = Samples.directory(mailbox)
        let decision = lps.alpha.index.decide(.person(person), .read, at: address, time: lps.alpha.clock.now())
        return decision.isAllowed ? lps.alpha.index.mailbox(at: address)?.id : nil
    }

    @Test(
        "EX_LPS_0900: 4,000 random logins of 60 persons at 60 mailboxes, at once, with caches, bad tokens and outages",
        arguments: [1, 2, 3] as [UInt64])
    func isolation(_ seed: UInt64) async throws {
        let clock = TestClock()
        let lps = try await TestLPS(clock: clock)
        lps.psc.tokenLifetime = .seconds(36_000)
        var random = SeededGenerator(seed: seed)
        var persons: [Int: PersonID] = [1: lps.alpha.doctor, 2: lps.alpha.colleague]
        var mailboxes = ["jeanne.martin@alpha.mssante.fr", "paul.durand@alpha.mssante.fr"]
        for index in 10..<68 {
            var person = Person(
                id: PersonID(0), identity: .national(.rpps(try RPPS(MadeUpNumbers.rpps(index)))),
                givenName: "Prenom\(Self.letters(index))", familyName: "Nom\(Self.letters(index))")
            person.isEntitled = true
            person.contact = "p\(index)@exemple.fr"
            let id = try await lps.alpha.accounts.perform(.addPerson(person), by: TestOperator.administrator).person!.id
            persons[index] = id
            let address = "prenom\(Self.letters(index)).nom\(Self.letters(index))@alpha.mssante.fr"
            var draft = MSSAccounts.Mailbox(
                id: MailboxID(0), kind: .person, address: Samples.directory(address), responsible: id,
                createdAt: Timestamp(seconds: 0))
            draft.structure = lps.alpha.finess
            try await lps.alpha.accounts.perform(.create(draft), by: TestOperator.administrator)
            mailboxes.append(address)
        }
        try await lps.alpha.index.refresh()
        let indexes = persons.keys.sorted()
        // Tokens are shared by many logins, as clients share them among connections: the caches are at work.
        var tokens: [(person: Int, flaw: TestTokenFlaw?, token: String)] = []
        let flaws = TestTokenFlaw.allCases.filter {
            ![.huge, .padded, .foreignKey, .unknownKey, .embeddedKey].contains($0)
        }
        for index in indexes {
            tokens.append((index, nil, try lps.token(index)))
            tokens.append((index, nil, try lps.token(index, session: "autre")))
            let flaw = flaws.randomElement(using: &random)!
            tokens.append((index, flaw, try lps.token(index, flaw: flaw)))
        }
        struct Case: Sendable {
            var mailbox: String
            var token: String
            var expected: MailboxID?
            var person: PersonID?
        }
        var cases: [Case] = []
        for _ in 0..<4_000 {
            let one = tokens.randomElement(using: &random)!
            // One in three at the person's own mailbox.
            let own = indexes.firstIndex(of: one.person)!
            let mailbox =
                UInt8.random(in: 0..<3, using: &random) == 0 ? mailboxes[own] : mailboxes.randomElement(using: &random)!
            cases.append(
                Case(
                    mailbox: mailbox, token: one.token,
                    expected: Self.expected(lps, persons[one.person], mailbox, one.flaw), person: persons[one.person]))
        }
        let anyMailbox = mailboxes[0]
        // The provider is known before its outages begin.
        _ = await lps.open(anyMailbox, token: tokens[0].token, for: .imap)
        await withTaskGroup { group in
            for part in 0..<16 {
                let mine = cases.enumerated().filter { $0.offset % 16 == part }.map(\.element)
                group.addTask {
                    for one in mine {
                        switch await lps.open(one.mailbox, token: one.token, for: .imap) {
                        case .success(let grant):
                            #expect(grant.mailbox.id == one.expected)
                            #expect(grant.mailbox.address.address.text == one.mailbox)
                            #expect(grant.actor == one.person.map { .person($0) })
                        case .failure(let refusal):
                            // An outage may refuse anybody, for now; nothing else may refuse who has the right.
                            #expect(one.expected == nil || refusal.isTemporary)
                        }
                    }
                }
            }
            group.addTask { @Sendable in
                for _ in 0..<20 {
                    lps.psc.fault = [.error, .down, .page, nil].randomElement()!
                    await Task.yield()
                    _ = await lps.open(anyMailbox, token: "e30.e30.e30")
                    lps.psc.fault = nil
                }
            }
        }
        // When the outages are over, and the pause after them, everyone gets exactly what is theirs.
        clock.advance(.seconds(60))
        for one in cases.prefix(1_000) {
            let grant = try? await lps.open(one.mailbox, token: one.token, for: .imap).get()
            #expect(grant?.mailbox.id == one.expected)
        }
        #expect(cases.prefix(1_000).count { $0.expected != nil } > 100)
        try await lps.stop()
    }

    /// A name of letters alone for a number.
    private static func letters(_ number: Int) -> String {
        let letters = Array("abcdefghij")
        return String(String(number).map { letters[$0.wholeNumberValue!] })
    }
}
