import Foundation
import GRDB
import MSSCore
import MSSIMAP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("Pages of summaries")
struct SummaryPageTests {
    /// Messages with a header of any length: with a very long one there is no summary.
    private static func fill(_ store: MailStore, _ count: Int, _ random: inout SeededGenerator) async throws {
        for number in 0..<count {
            let long = number % 50 == 7 ? "X-Long: \(String(repeating: "x", count: 40_000))\r\n" : ""
            let more = String(repeating: "X-Other: secret \(number)\r\n", count: Int.random(in: 0...20, using: &random))
            let text = "Subject: Madame Secret \(number)\r\n\(long)\(more)\r\ntexte \(number)\r\n"
            let draft = try store.draft()
            try await draft.append(ByteBuffer(string: text))
            _ = try await draft.deliver(to: [MailTarget(alice, received: start)])[0].get()
        }
    }

    /// A store with so many messages of Alice, and Bob without any; her inbox.
    private static func filled(
        _ count: Int, _ random: inout SeededGenerator
    ) async throws -> (store: MailStore, inbox: MailFolderID) {
        let store = try await TestFolder().openMail()
        try await store.create(alice, bob)
        try await fill(store, count, &random)
        return (store, try await store.inbox().id)
    }

    private static func pages(_ store: MailStore) async throws -> [[UInt8]] {
        try await store.read { database in
            try database.all("SELECT sealed FROM summary_page ORDER BY folder, page, part")
                .map { [UInt8]($0[0] as Data) }
        }
    }

    private static func ranges(_ random: inout SeededGenerator) -> [ClosedRange<UInt32>] {
        NumberRanges(
            joining: (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let first = UInt32.random(in: 1...320, using: &random)
                return first...(Bool.random(using: &random) ? first + UInt32.random(in: 0...200, using: &random) : .max)
            }
        ).ranges
    }

    /// Compares what pages say of a folder with what the messages' own summaries say.
    private static func compare(
        _ store: MailStore, _ folder: MailFolderID, _ ranges: [ClosedRange<UInt32>], _ needs: IMAPFetchNeeds
    ) async throws {
        let paged = try await store.fetch(ranges, needs, in: folder, of: alice)
        let single = try await store.fetch(ranges, .summary, in: folder, of: alice, usesPages: false)
        #expect(paged.map(\.message) == single.map(\.message), "\(ranges)")
        for (one, other) in zip(paged, single) {
            if needs.contains(.header) { #expect(one.summary?.header == other.summary?.header) }
            if needs.contains(.structure) { #expect(one.summary?.structure == other.summary?.structure) }
            // Without a summary the message itself is read.
            #expect(one.summary != nil || one.place != nil)
        }
        let headers = try await store.headers(ranges, in: folder, of: alice)
        let expected = single.compactMap { one in one.summary?.header.map { (one.message.uid, $0) } }
        #expect(headers.map(\.uid) == expected.map(\.0), "\(ranges)")
        #expect(headers.map(\.header) == expected.map(\.1), "\(ranges)")
    }

    @Test("They say what each message's own summary says, whatever is asked and whatever goes", arguments: [1, 2, 3])
    func agreement(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let (store, folder) = try await Self.filled(300, &random)
        for _ in 0..<12 {
            for _ in 0..<4 {
                let needs = [IMAPFetchNeeds.header, .structure, .summary].randomElement(using: &random)!
                try await Self.compare(store, folder, Self.ranges(&random), needs)
            }
            let gone = (0..<Int.random(in: 0...9, using: &random)).map { _ in UInt32.random(in: 1...300, using: &random)
            }
            try await store.expunge(gone, from: folder, onlyDeleted: false)
        }
        try await Self.compare(store, folder, [1...(.max)], .summary)
        #expect(try await !Self.pages(store).isEmpty)
        await store.close()
    }

    @Test("A list makes them once; nothing of them is in clear; the last, unfinished page has none")
    func made() async throws {
        var random = SeededGenerator(seed: 4)
        let (store, folder) = try await Self.filled(200, &random)
        // A few messages are no list.
        _ = try await store.headers([70...80], in: folder, of: alice)
        #expect(try await Self.pages(store).isEmpty)
        _ = try await store.headers([1...(.max)], in: folder, of: alice)
        let pages = try await Self.pages(store)
        // UIDs 1 to 63, to 127, to 191.
        #expect(pages.count == 2 * 3)
        for page in pages { #expect(!String(decoding: page, as: UTF8.self).contains("Secret")) }
        _ = try await store.fetch([1...(.max)], .summary, in: folder, of: alice)
        #expect(try await Self.pages(store) == pages)
        await #expect(throws: StoreError.unknownFolder) { try await store.headers([1...200], in: folder, of: bob) }
        await #expect(throws: StoreError.unknownFolder) {
            try await store.fetch([1...200], .summary, in: folder, of: bob)
        }
        await store.close()
    }

    @Test("EX_GBM_6010: with a message goes its page, however the message goes; the page is made anew without it")
    func removed() async throws {
        var random = SeededGenerator(seed: 5)
        let (store, folder) = try await Self.filled(200, &random)
        let folders = try await store.folders(of: alice)
        let archive = try #require(folders.first { $0.use == .archive }).id
        let kept = {
            try await store.read {
                try $0.all("SELECT DISTINCT page FROM summary_page ORDER BY page").map { $0[0] as Int }
            }
        }
        func list() async throws { _ = try await store.headers([1...(.max)], in: folder, of: alice) }
        try await list()
        #expect(try await kept() == [0, 1, 2])
        try await store.expunge([64], from: folder, onlyDeleted: false)
        #expect(try await kept() == [0, 2])
        try await list()
        #expect(try await kept() == [0, 1, 2])
        try await store.move([1], from: folder, to: archive)
        #expect(try await kept() == [1, 2])
        try await store.purge(alice, receivedBefore: start + .seconds(1))
        #expect(try await kept() == [])
        try await Self.fill(store, 200, &random)
        try await list()
        #expect(try await !kept().isEmpty)
        try await store.delete(alice)
        #expect(try await kept() == [])
        await store.close()
    }

    @Test("One that is damaged, of another place or only half there is not believed, and made anew")
    func damaged() async throws {
        var random = SeededGenerator(seed: 6)
        let (store, folder) = try await Self.filled(200, &random)
        try await Self.compare(store, folder, [1...(.max)], .summary)
        for change in [
            "UPDATE summary_page SET sealed = zeroblob(300) WHERE page = 1",
            "UPDATE summary_page SET sealed = zeroblob(5)",
            "DELETE FROM summary_page WHERE page = 0 AND part = 1",
            """
            UPDATE summary_page SET sealed =
                (SELECT sealed FROM summary_page AS other WHERE other.page = 2 AND other.part = summary_page.part)
            """,
        ] {
            try await store.write { try $0.database.run(change) }
            for _ in 0..<2 { try await Self.compare(store, folder, [1...(.max)], .summary) }
            let whole = try await store.read {
                try $0.number("SELECT count(*) FROM summary_page WHERE length(sealed) > 300")
            }
            #expect(whole == 6, "\(change)")
        }
        await store.close()
    }

    @Test("A base of before has its table after it was opened")
    func migration() async throws {
        var random = SeededGenerator(seed: 7)
        let folder = try TestFolder()
        let before = try await folder.openMail()
        try await before.create(alice)
        try await Self.fill(before, 80, &random)
        try await before.write { writer in
            try writer.database.run("DROP TABLE summary_page")
            try writer.database.run("DELETE FROM grdb_migrations WHERE identifier = '4-summary-pages'")
        }
        await before.close()
        let store = try await folder.openMail()
        try await Self.compare(store, try await store.inbox().id, [1...(.max)], .summary)
        #expect(try await Self.pages(store).count == 2)
        await store.close()
    }
}
