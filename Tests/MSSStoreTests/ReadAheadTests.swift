import MSSCore
import MSSIMAP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("Messages read ahead")
struct ReadAheadTests {
    private static let facts = IMAPSessionFacts(id: "1", entryPoint: "test", peer: nil)

    private static func look(_ pulse: UInt64 = 1, _ folder: Int64 = 1) -> ReadAhead.Look {
        ReadAhead.Look(folder: MailFolderID(rawValue: folder), pulse: pulse)
    }

    private static func messages(_ range: ClosedRange<UInt32>) -> [MailFetched] {
        range.map { uid in
            MailFetched(
                message: MailMessage(
                    folder: MailFolderID(rawValue: 1), uid: uid, size: 1, received: start, flags: [], keywords: [],
                    changeNumber: 1), octets: ByteBuffer(string: "x"))
        }
    }

    /// Asks for messages one after the other: how many looks at the base it took.
    private static func looks(
        _ ahead: ReadAhead, _ uids: [UInt32], _ exists: (UInt32) -> Bool = { _ in true }
    ) -> Int {
        var looks = 0
        for uid in uids {
            if let found = ahead.take(uid, look()) {
                #expect(found.message.uid == uid)
                continue
            }
            let range = ahead.range(uid, look())
            #expect(range.contains(uid))
            ahead.keep(messages(range).filter { exists($0.message.uid) }, look())
            looks += 1
        }
        return looks
    }

    @Test("Who goes through a mailbox, forward or backward, is given most messages from memory")
    func following() {
        #expect(Self.looks(ReadAhead(), Array(1...200)) < 20)
        #expect(Self.looks(ReadAhead(), (1...200).reversed()) < 20)
        let odd = stride(from: 1, through: 400, by: 2).map { UInt32($0) }
        #expect(Self.looks(ReadAhead(), odd) { $0 % 2 == 1 } < 40)
        // The same message in pieces is one.
        #expect(Self.looks(ReadAhead(), (1...100).flatMap { [$0, $0, $0] as [UInt32] }) < 20)
    }

    @Test("Where it would be in vain it is seldom tried: messages here and there, a mailbox that changes each time")
    func inVain() {
        let ahead = ReadAhead()
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let uid = UInt32.random(in: 1...1_000_000, using: &random)
            guard ahead.take(uid, Self.look()) == nil else { continue }
            #expect(ahead.range(uid, Self.look()) == uid...uid)
        }
        var read = 0
        for uid in 1...300 as ClosedRange<UInt32> {
            let range = ahead.range(uid, Self.look(UInt64(uid)))
            ahead.keep(Self.messages(range), Self.look(UInt64(uid)))
            read += range.count
        }
        #expect(read < 330)
    }

    @Test("What was read before a change, or of another folder, is not given; nor after the session did something else")
    func stale() {
        let ahead = ReadAhead()
        #expect(Self.looks(ahead, Array(1...10)) < 10)
        #expect(ahead.take(10, Self.look()) != nil)
        #expect(ahead.take(10, Self.look(2)) == nil && ahead.take(10, Self.look(1, 2)) == nil)
        ahead.forget()
        #expect(ahead.take(10, Self.look()) == nil)
    }

    @Test("Ends of the numbers")
    func ends() {
        let ahead = ReadAhead()
        for uid in [3, 2, 1] as [UInt32] { #expect(ahead.range(uid, Self.look()).lowerBound >= 1) }
        for uid in (UInt32.max - 2)...UInt32.max { #expect(ahead.range(uid, Self.look()).upperBound <= .max) }
    }

    @Test(
        "One by one each message is what it is, though another session deletes, marks and adds meanwhile",
        arguments: [1, 2])
    func account(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = try await TestFolder().openMail()
        try await store.create(alice)
        func text(_ uid: UInt32) -> String {
            "Subject: \(uid)\r\n\r\n" + String(repeating: "x", count: Int(uid * 97 % 70_000))
        }
        for uid in 1...120 as ClosedRange<UInt32> { try await store.put(Array(text(uid).utf8)) }
        let backend = MailStoreBackend(store)
        let reader = try await backend.open(IMAPIdentity(mailbox: alice.rawValue), Self.facts)
        let other = try await backend.open(IMAPIdentity(mailbox: alice.rawValue), Self.facts)
        let inbox = try #require(try await reader.mailboxes().first { $0.name == .inbox }).id
        var (gone, marked, last): (Set<UInt32>, Set<UInt32>, UInt32) = ([], [], 120)
        for uid in Array(1...120) + (1...120).reversed() as [UInt32] {
            if Int.random(in: 0..<12, using: &random) == 0 {
                let near = uid + UInt32.random(in: 1...3, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    try await store.expunge([near], from: MailFolderID(rawValue: inbox.rawValue), onlyDeleted: false)
                    gone.insert(near)
                case 1:
                    _ = try await other.setFlags(.add, [.flagged], of: [near], in: inbox, unchangedSince: nil)
                    marked.insert(near)
                default:
                    last += 1
                    try await store.put(Array(text(last).utf8))
                }
            }
            let found = try await reader.fetch(NumberRanges([uid]), .content, in: inbox)
            guard !gone.contains(uid) else {
                #expect(found.isEmpty)
                continue
            }
            let one = try #require(found.first)
            #expect(
                found.count == 1 && one.message.uid == uid
                    && one.message.flags.contains(.flagged) == marked.contains(uid))
            let content = try #require(one.content)
            var octets = ByteBuffer()
            while octets.writerIndex < content.size {
                octets.writeImmutableBuffer(
                    try await content.octets(octets.writerIndex..<min(content.size, octets.writerIndex + (64 << 10))))
            }
            #expect(String(buffer: octets) == text(uid))
        }
        await store.close()
    }
}
