import Foundation
import GRDB
import MSSIMAP

/// The pages of summaries that one look at a folder finds: those of which enough is asked for.
struct SummaryPages {
    /// A folder, as a look must know it.
    struct Place {
        var folder: Int64
        /// The mailbox, under whose key pages lie.
        var owner: Int64
        /// The UID of the next message to arrive.
        var next: UInt32

        /// - Throws: ``StoreError/unknownFolder`` when the mailbox has no such folder.
        init(_ database: Database, _ folder: MailFolderID, of mailbox: MailboxName) throws {
            let row = try database.one(
                """
                SELECT mailbox.id, folder.next FROM folder JOIN mailbox ON mailbox.id = folder.mailbox
                WHERE folder.id = ? AND mailbox.name = ?
                """, [folder.rawValue, mailbox.rawValue])
            guard let row else { throw StoreError.unknownFolder }
            (self.folder, owner, next) = (folder.rawValue, row[0], row[1])
        }
    }

    /// By page: what each part says, of the same messages in the same order.
    private var pages: [UInt32: [SummaryPage.Part: [SummaryPage.Entry]]] = [:]
    /// Pages of which enough is asked for, to which no message will be added, and which are not kept.
    private(set) var missing: [UInt32] = []
    private let ranges: [ClosedRange<UInt32>]

    /// No page at all.
    init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

    /// Reads pages.
    ///
    /// - Parameter ranges: what is asked for, ascending.
    init(
        _ database: Database, _ place: Place, _ ranges: [ClosedRange<UInt32>], _ needs: IMAPFetchNeeds, _ keys: MailKeys
    ) throws {
        self.ranges = ranges
        let wanted = Self.wanted(ranges, before: place.next)
        guard !wanted.isEmpty else { return }
        var parts: [SummaryPage.Part] = []
        if needs.contains(.header) { parts.append(.header) }
        if needs.contains(.structure) { parts.append(.structure) }
        let key = try keys.key(place.owner)
        for run in NumberRanges(wanted).ranges {
            for part in parts {
                try database.each(
                    "SELECT page, sealed FROM summary_page WHERE folder = ? AND part = ? AND page BETWEEN ? AND ?",
                    [place.folder, part.rawValue, run.lowerBound, run.upperBound]
                ) { row in
                    let page: UInt32 = row[0]
                    let sealed = (row[1] as ColumnOctets).bytes
                    guard let entries = try SummaryPage.open(sealed, part, place.folder, page, key) else { return }
                    pages[page, default: [:]][part] = entries
                }
            }
        }
        for page in wanted where pages[page]?.count != parts.count {
            pages[page] = nil
            if SummaryPage.uids(of: page).upperBound < place.next { missing.append(page) }
        }
    }

    /// Pages of which enough is asked for.
    private static func wanted(_ ranges: [ClosedRange<UInt32>], before next: UInt32) -> [UInt32] {
        var wanted: [UInt32] = []
        var last: (page: UInt32, asked: Int) = (0, 0)
        for range in ranges where range.lowerBound < next {
            let end = min(range.upperBound, next - 1)
            for page in SummaryPage.page(of: range.lowerBound)...SummaryPage.page(of: end) {
                let asked = SummaryPage.uids(of: page).clamped(to: range.lowerBound...end).count
                last = (page, last.page == page ? last.asked + asked : asked)
                if last.asked >= SummaryPage.worth, wanted.last != page { wanted.append(page) }
            }
        }
        return wanted
    }

    /// What is asked for, part by part: what lies in pages, and what does not.
    var parts: [(range: ClosedRange<UInt32>, isPaged: Bool)] {
        guard !pages.isEmpty else { return ranges.map { ($0, false) } }
        var parts: [(range: ClosedRange<UInt32>, isPaged: Bool)] = []
        for range in ranges {
            var start = range.lowerBound
            while true {
                let isPaged = pages[SummaryPage.page(of: start)] != nil
                var end = SummaryPage.uids(of: SummaryPage.page(of: start)).upperBound
                while end < range.upperBound, (pages[SummaryPage.page(of: end + 1)] != nil) == isPaged {
                    // No page lies beyond the last of them.
                    end = isPaged || end < furthest ? end + SummaryPage.count : range.upperBound
                }
                parts.append((start...min(end, range.upperBound), isPaged))
                guard end < range.upperBound else { break }
                start = end + 1
            }
        }
        return parts
    }

    private var furthest: UInt32 { pages.keys.max().map { SummaryPage.uids(of: $0).upperBound } ?? 0 }

    /// What the pages say of a message; `nil` when they have nothing of it.
    func summary(of uid: UInt32) -> IMAPMessageSummary? {
        guard let page = pages[SummaryPage.page(of: uid)], let entries = page.first?.value else { return nil }
        let index = entries.partitioningIndex { $0.uid >= uid }
        guard index < entries.count, entries[index].uid == uid else { return nil }
        return IMAPMessageSummary(
            header: page[.header]?[index].octets,
            structure: page[.structure].flatMap { SummaryFormat.structure($0[index].octets) })
    }

    /// The headers of the messages of a range that lies in pages.
    func headers(_ range: ClosedRange<UInt32>) -> [(uid: UInt32, header: ArraySlice<UInt8>)] {
        (SummaryPage.page(of: range.lowerBound)...SummaryPage.page(of: range.upperBound)).flatMap { page in
            (pages[page]?[.header] ?? []).lazy.filter { range.contains($0.uid) }.map { ($0.uid, $0.octets) }
        }
    }
}

extension [SummaryPage.Entry] {
    /// The first index of which something holds that holds of all after it.
    fileprivate func partitioningIndex(where holds: (SummaryPage.Entry) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension MailStore {
    /// The headers of messages by ranges of UIDs: of long ranges from pages, a row of the base for each page.
    ///
    /// - Throws: ``StoreError/unknownFolder`` when the mailbox has no such folder.
    func headers(
        _ ranges: [ClosedRange<UInt32>], in folder: MailFolderID, of mailbox: MailboxName
    ) async throws -> [(uid: UInt32, header: ArraySlice<UInt8>)] {
        var (found, rest) = try await read { [keys] database in
            let place = try SummaryPages.Place(database, folder, of: mailbox)
            let pages = try SummaryPages(database, place, ranges, .header, keys)
            let parts = pages.parts
            return (
                parts.filter(\.isPaged).flatMap { pages.headers($0.range) }, parts.filter { !$0.isPaged }.map(\.range)
            )
        }
        guard !rest.isEmpty else { return found }
        let single = try await fetch(rest, .header, in: folder, of: mailbox)
            .compactMap { one in one.summary?.header.map { (uid: one.message.uid, header: $0) } }
        guard !single.isEmpty else { return found }
        found += single
        return found.sorted { $0.uid < $1.uid }
    }

    /// Makes pages of summaries, and keeps them: whoever lists a folder next reads them.
    func makePages(_ pages: [UInt32], in folder: MailFolderID, of mailbox: MailboxName) async {
        var made: [(page: UInt32, messages: Int, parts: [(SummaryPage.Part, Data)])] = []
        for page in pages {
            let found = try? await fetch(
                [SummaryPage.uids(of: page)], .summary, in: folder, of: mailbox, usesPages: false)
            guard let found else { return }
            let summaries = found.compactMap { one in one.summary.map { (uid: one.message.uid, summary: $0) } }
            let parts = try? await read { [keys] database in
                let key = try keys.key(try SummaryPages.Place(database, folder, of: mailbox).owner)
                return try SummaryPage.Part.allCases.map { part in
                    (part, Data(try SummaryPage.seal(summaries, part, folder.rawValue, page, key)))
                }
            }
            guard let parts else { return }
            made.append((page, found.count, parts))
        }
        let kept = made
        // A reader does not wait for room on the disk: what cannot be kept is made again.
        try? await write { writer in
            for (page, messages, parts) in kept { try writer.keep(page, parts, of: messages, in: folder.rawValue) }
        }
    }
}

extension MailWriter {
    /// Keeps a page of summaries, unless one of its messages went meanwhile.
    fileprivate func keep(
        _ page: UInt32, _ parts: [(SummaryPage.Part, Data)], of messages: Int, in folder: Int64
    ) throws {
        let uids = SummaryPage.uids(of: page)
        let present = try database.number(
            "SELECT count(*) FROM message WHERE folder = ? AND uid BETWEEN ? AND ?",
            [folder, uids.lowerBound, uids.upperBound])
        guard present == messages else { return }
        for (part, sealed) in parts {
            try database.run(
                "INSERT OR REPLACE INTO summary_page (folder, part, page, sealed) VALUES (?, ?, ?, ?)",
                [folder, part.rawValue, page, sealed])
        }
    }

    /// Removes the pages of messages that leave a folder: nothing of them stays (EX_GBM_6010).
    func removePages(of uids: [UInt32], in folder: Int64) throws {
        for page in Set(uids.map(SummaryPage.page)) {
            try database.run("DELETE FROM summary_page WHERE folder = ? AND page = ?", [folder, page])
        }
    }
}
