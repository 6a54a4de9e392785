import MSSCore

/// Finds records in the segments of a catalogue. Blocks.
struct StoreSearch {
    let catalogue: Catalogue
    let query: TraceQuery

    /// The newest records, at most `query.limit`, over all journals searched.
    func page() throws -> TracePage {
        guard let period = query.period, query.limit > 0 else { return TracePage(records: [], next: nil) }
        // One more than asked tells whether there is a next page.
        var lists: [ArraySlice<TraceRecord>] = []
        for family in query.searchedFamilies {
            var ofFamily: [TraceRecord] = []
            try visit(family, period) { record in
                ofFamily.append(record)
                return ofFamily.count <= query.limit
            }
            lists.append(ofFamily[...])
        }
        // Merged by the time of writing; within a journal the order stays that of the records, whatever the clock did,
        // so that the next page begins exactly where this one ends.
        var page: [TraceRecord] = []
        var next = query.before
        while page.count < query.limit,
            let place = lists.indices.filter({ !lists[$0].isEmpty }).max(by: {
                lists[$0].first!.written < lists[$1].first!.written
            })
        {
            let record = lists[place].removeFirst()
            next[record.family] = record.sequence
            page.append(record)
        }
        return TracePage(records: page, next: lists.allSatisfy(\.isEmpty) ? nil : next)
    }

    /// Every record of a journal that the query finds, newest first, until `take` returns false.
    func visit(_ family: TraceFamily, _ period: ClosedRange<Int64>, _ take: (TraceRecord) throws -> Bool) throws {
        for entry in catalogue.segments(family).reversed() {
            guard try visit(family, entry, period, take) else { return }
        }
    }

    /// The same within one segment; `false` when `take` said stop.
    func visit(
        _ family: TraceFamily, _ entry: Catalogue.Entry, _ period: ClosedRange<Int64>,
        _ take: (TraceRecord) throws -> Bool
    ) throws -> Bool {
        let terms = query.terms
        let search = SegmentSearch(terms: terms, period: period, before: query.before[family] ?? .max)
        var goesOn = true

        func offer(_ file: File, _ offset: Int) throws -> Bool {
            let record = try StoreSearch.read(file, at: offset, family, entry)
            // The hash may have led to another text: compare.
            guard terms.allSatisfy({ $0.matches(record.event) }) else { return true }
            goesOn = try take(record)
            return goesOn
        }

        if let memory = entry.memory {
            let offsets = memory.withIndex { search.candidates(in: $0, first: entry.first) }
            for offset in offsets { guard try offer(memory.file, offset) else { break } }
            return goesOn
        }
        do {
            // One opened file for everything: its offsets stay right when the segment is anonymised meanwhile.
            let file = try File(catalogue.layout.segment(family, entry.number), .read)
            return try closed(file, search, family, entry) { try offer(file, $0) }
        } catch {
            // Erased since the catalogue was read.
            guard catalogue.segments(family).contains(where: { $0.number == entry.number }) else { return goesOn }
            throw error
        }
    }

    /// Offers what a search finds in a closed segment; `false` when `offer` said stop.
    private func closed(
        _ file: File, _ search: SegmentSearch, _ family: TraceFamily, _ entry: Catalogue.Entry,
        _ offer: (Int) throws -> Bool
    ) throws -> Bool {
        var goesOn = true
        var damage: IndexFault?
        var index = try catalogue.index(family, entry, file)
        var offsets: [Int] = []
        do {
            try search.candidates(in: &index) { offset in
                offsets.append(offset)
                // Reading records as they come would keep long lists from being built when the limit is near.
                goesOn = try offer(offset)
                return goesOn
            }
        } catch let fault as IndexFault {
            damage = fault
        }
        guard let damage else { return goesOn }
        // A page was wrong half way: make the index anew and offer what was not offered yet.
        var repaired = try catalogue.rebuild(family, entry, file, index.subject, damage)
        let seen = Set(offsets)
        try search.candidates(in: &repaired) { offset in
            if !seen.contains(offset) { goesOn = try offer(offset) }
            return goesOn
        }
        return goesOn
    }

    /// One record; what cannot be read is an error, never left out.
    private static func read(
        _ file: File, at offset: Int, _ family: TraceFamily, _ entry: Catalogue.Entry
    ) throws(TraceError) -> TraceRecord {
        var bytes = try file.read(2048, at: offset)
        if bytes.count >= 4 {
            let count = bytes.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
            if count + RecordFormat.frame > bytes.count, count <= RecordFormat.maximumBody {
                bytes = try file.read(count + RecordFormat.frame, at: offset)
            }
        }
        let record = bytes.withUnsafeBytes { bytes -> TraceRecord? in
            guard let view = try? RecordView(bytes, at: 0) else { return nil }
            return TraceRecord(view, bytes, family: family, segment: entry.number)
        }
        guard let record, record.sequence >= entry.first else {
            throw .damaged(family, sequence: entry.first, path: file.path)
        }
        return record
    }
}
