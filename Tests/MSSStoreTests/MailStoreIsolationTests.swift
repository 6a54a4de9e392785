import MSSCore
import MSSIMAP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

/// Many accounts on one store, whose messages share blobs, volumes, summaries and files.
@Suite("IMAP over a mail store: many at once", .timeLimit(.minutes(5)))
struct MailStoreIsolationTests {
    private static let facts = IMAPSessionFacts(id: "1", entryPoint: "test", peer: nil)

    private static func message(_ owners: [Int], _ number: Int) -> String {
        let marks = owners.map { "[a\($0)]" }.joined()
        let body = String(repeating: "Le patient \(number) va bien \(marks).\r\n", count: number % 7 == 0 ? 4000 : 20)
        return "From: <x@a.test>\r\nSubject: \(marks) \(number)\r\nContent-Type: text/plain\r\n\r\n" + body
    }

    /// Whom a text is for; what belongs to nobody says nothing.
    private static func owners(_ octets: some Collection<UInt8>) -> Set<String> {
        Set(String(decoding: octets, as: UTF8.self).matches(of: /\[a[0-9]+\]/).map { String($0.output) })
    }

    @Test(
        "One account never sees another's mail: random calls of 20 accounts at once, with others' folders",
        arguments: [1, 2] as [UInt64])
    func isolation(_ seed: UInt64) async throws {
        let store = try await TestFolder().openMail()
        var random = SeededGenerator(seed: seed)
        let names = (0..<20).map { MailboxName("a\($0)") }
        for name in names { try await store.create(name) }
        // To one, two or three: these share the octets.
        for number in 0..<120 {
            let owners = Array(Set((0...(number % 3)).map { _ in Int.random(in: names.indices, using: &random) }))
                .sorted()
            let draft = try store.draft()
            try await draft.append(ByteBuffer(string: Self.message(owners, number)))
            for result in try await draft.deliver(to: owners.map { MailTarget(names[$0], received: start) }) {
                _ = try result.get()
            }
        }
        var accounts: [any MailboxAccount] = []
        var folders: [[IMAPMailboxID]] = []
        for name in names {
            let account = try await MailStoreBackend(store).open(IMAPIdentity(mailbox: name.rawValue), Self.facts)
            accounts.append(account)
            folders.append(try await account.mailboxes().map(\.id))
        }
        await withTaskGroup { group in
            for (own, account) in accounts.enumerated() {
                let seed = random.next()
                group.addTask { [folders] in
                    var random = SeededGenerator(seed: seed)
                    var seen = 0
                    for _ in 0..<150 {
                        let whose = Bool.random(using: &random) ? own : Int.random(in: folders.indices, using: &random)
                        let folder = folders[whose].randomElement(using: &random)!
                        do {
                            seen += try await Self.step(account, folder, folders[own], &random, own)
                            #expect(whose == own, "a folder of another account answered")
                        } catch let refusal as IMAPRefusal {
                            #expect(whose != own || refusal.code == .expungeIssued, "\(refusal)")
                        } catch { Issue.record(error) }
                    }
                    #expect(seen > 0)
                }
            }
        }
        await store.close()
    }

    /// One call; how many messages were seen.
    private static func step(
        _ account: any MailboxAccount, _ folder: IMAPMailboxID, _ folders: [IMAPMailboxID],
        _ random: inout SeededGenerator, _ own: Int
    ) async throws -> Int {
        let all = NumberRanges(joining: [1...100])
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            _ = try await account.changes(in: folder, since: 0, vanishedSince: 0)
        case 1:
            _ = try await account.overview(of: folder)
        case 2:
            let uids = try await account.messages(all, in: folder).map(\.uid)
            _ = try await account.copy(
                Array(uids.prefix(2)), from: folder, to: folders.randomElement(using: &random)!,
                moves: Bool.random(using: &random))
        case 3:
            _ = try await account.setFlags(
                .add, [.deleted], of: [UInt32.random(in: 1...20, using: &random)], in: folder, unchangedSince: nil)
            _ = try await account.expunge([UInt32.random(in: 1...20, using: &random)], in: folder)
        default:
            let needs = [IMAPFetchNeeds.summary, .content, [.summary, .content]].randomElement(using: &random)!
            let fetched = try await account.fetch(all, needs, in: folder)
            for one in fetched {
                var octets = Array(one.summary?.header ?? []) + (one.summary?.structure?.envelope ?? [])
                // What another connection takes out meanwhile is gone, and says so.
                if let content = one.content, let read = try? await content.octets(0..<content.size) {
                    octets += read.readableBytesView
                }
                guard !octets.isEmpty else { continue }
                #expect(owners(octets).contains("[a\(own)]"))
            }
            return fetched.count
        }
        return 0
    }

    @Test("Two sessions that expunge the same messages at once: each goes once, and both see the same")
    func expunging() async throws {
        let store = try await TestFolder().openMail()
        try await store.create(alice)
        for number in 0..<200 {
            let draft = try store.draft()
            try await draft.append(ByteBuffer(string: Self.message([number], number)))
            _ = try await draft.deliver(to: [MailTarget(alice, received: start)])[0].get()
        }
        let backend = MailStoreBackend(store)
        let accounts = [
            try await backend.open(IMAPIdentity(mailbox: alice.rawValue), Self.facts),
            try await backend.open(IMAPIdentity(mailbox: alice.rawValue), Self.facts),
        ]
        let inbox = try #require(try await accounts[0].mailboxes().first { $0.name == .inbox }).id
        let trash = try #require(try await accounts[0].mailboxes().first { $0.use == .trash }).id
        let before = await accounts[0].pulse()
        let gone = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for (index, account) in accounts.enumerated() {
                group.addTask {
                    var gone: [UInt32] = []
                    for first in stride(from: UInt32(1), through: 200, by: 4) {
                        let uids = Array(first...(first + 3))
                        _ = try await account.setFlags(.add, [.deleted], of: uids, in: inbox, unchangedSince: nil)
                        if index == 1, first % 8 == 1 {
                            gone += try await account.copy(uids, from: inbox, to: trash, moves: true).sources
                        } else {
                            gone += try await account.expunge(uids, in: inbox)
                        }
                    }
                    return gone
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(gone.sorted() == Array(1...200))
        for account in accounts {
            let changes = try await account.changes(in: inbox, since: 0, vanishedSince: 0)
            #expect(changes.messages.isEmpty && changes.vanished == Array(1...200) && changes.mailbox.octets == 0)
            #expect(await account.pulse() != before)
        }
        let kept = try await accounts[0].messages(NumberRanges(joining: [1...1000]), in: trash)
        let status = try #require(try await store.status(alice))
        #expect(status.messages == kept.count && status.octets == kept.reduce(0) { $0 + Int64($1.size) })
        await store.close()
    }

    @Test("While the pulse stays nothing is new; every change moves it before it is done")
    func pulse() async throws {
        let store = try await TestFolder().openMail()
        try await store.create(alice)
        let account = try await MailStoreBackend(store).open(IMAPIdentity(mailbox: alice.rawValue), Self.facts)
        let inbox = try #require(try await account.mailboxes().first { $0.name == .inbox }).id
        let archive = try #require(try await account.mailboxes().first { $0.use == .archive }).id
        var last = await account.pulse()
        #expect(last != nil)
        func moves(_ what: String, _ change: () async throws -> Void) async throws {
            try await change()
            let now = await account.pulse()
            #expect(now != last, "\(what)")
            last = now
            _ = try await account.fetch(NumberRanges([1]), [.summary, .content], in: inbox)
            _ = try await account.overview(of: inbox)
            #expect(await account.pulse() == now, "reading is no change")
        }
        try await moves("delivery") {
            let draft = try store.draft()
            try await draft.append(ByteBuffer(string: Self.message([1], 1)))
            _ = try await draft.deliver(to: [MailTarget(alice, received: start)])[0].get()
        }
        try await moves("flags") {
            _ = try await account.setFlags(.add, [.seen, .deleted], of: [1], in: inbox, unchangedSince: nil)
        }
        try await moves("copy") { _ = try await account.copy([1], from: inbox, to: archive, moves: false) }
        try await moves("expunge") { _ = try await account.expunge(nil, in: inbox) }
        try await moves("purge") { try await store.purge(alice, receivedBefore: start + .seconds(1)) }
        try await moves("deletion") { try await account.delete(archive) }
        await store.close()
    }
}
