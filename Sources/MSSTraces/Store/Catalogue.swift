import MSSCore
import Dispatch

/// The segments that a search may read.
final class Catalogue: Sendable {
    /// One segment.
    struct Entry: Sendable {
        let number: UInt64
        let first: UInt64
        /// Digest of the last record; of a closed segment only.
        let head: TraceDigest?
        /// The index in memory: of the segment being written, and of a closed one until its index file is there.
        var memory: OpenSegment?
    }

    let layout: StoreLayout
    private let entries = Guarded<[TraceFamily: [Entry]]>([:])
    private let indexing = DispatchQueue(label: "mss.traces.index")
    private let onNotice: @Sendable (TraceNotice) -> Void

    init(_ layout: StoreLayout, onNotice: @escaping @Sendable (TraceNotice) -> Void) {
        self.layout = layout
        self.onNotice = onNotice
    }

    func fill(_ state: JournalState) {
        // A segment without a file was erased at the end of its retention; the verifier tells whether rightly.
        var list = state.seals.filter { Folder.exists(layout.segment(state.family, $0.segment)) }.map {
            Entry(number: $0.segment, first: $0.first, head: $0.head, memory: nil)
        }
        if let open = state.open {
            list.append(Entry(number: open.header.number, first: open.header.first, head: nil, memory: open))
        }
        entries.withLock { $0[state.family] = list }
    }

    /// The segments of a journal, oldest first.
    func segments(_ family: TraceFamily) -> [Entry] { entries.withLock { $0[family] ?? [] } }

    /// Makes the segment being written known, once it holds durable records.
    func publish(_ family: TraceFamily, open: OpenSegment?) {
        guard let open else { return }
        entries.withLock { entries in
            guard entries[family]?.last?.number != open.header.number else { return }
            entries[family, default: []].append(
                Entry(number: open.header.number, first: open.header.first, head: nil, memory: open))
        }
    }

    /// A segment was sealed: its index is written in the background, searches use the one in memory until then.
    func close(_ seal: TraceSeal, _ segment: OpenSegment) {
        entries.withLock { entries in
            var list = entries[seal.family] ?? []
            list.removeAll { $0.number == seal.segment }
            list.append(Entry(number: seal.segment, first: seal.first, head: seal.head, memory: segment))
            entries[seal.family] = list
        }
        indexing.async { [self] in
            let subject = SegmentIndex.Subject(
                segment: seal.segment, first: seal.first, head: seal.head, size: UInt64(segment.size))
            let bytes = SegmentIndex.bytes(subject, segment.withIndex { $0 })
            // A missing index is made anew by the search that misses it.
            try? Folder.write(bytes, to: layout.index(seal.family, seal.segment))
            entries.withLock { entries in
                guard let place = entries[seal.family]?.firstIndex(where: { $0.number == seal.segment }) else { return }
                entries[seal.family]![place].memory = nil
            }
        }
    }

    func forget(_ family: TraceFamily, _ number: UInt64) {
        entries.withLock { $0[family]?.removeAll { $0.number == number } }
    }

    /// Waits until all indexes under way are written.
    func finishIndexing() { indexing.sync {} }

    /// The index of a closed segment, whose file is open; a missing or damaged one is made anew.
    func index(_ family: TraceFamily, _ entry: Entry, _ file: File) throws(TraceError) -> SegmentIndex {
        guard let head = entry.head else { throw .damaged(family, sequence: entry.first, path: file.path) }
        let subject = SegmentIndex.Subject(
            segment: entry.number, first: entry.first, head: head, size: UInt64(try file.size()))
        let fault: IndexFault
        do { return try SegmentIndex(layout.index(family, entry.number), of: subject) } catch { fault = error }
        return try rebuild(family, entry, file, subject, fault)
    }

    /// Makes an index from its segment, reading every record.
    func rebuild(
        _ family: TraceFamily, _ entry: Entry, _ file: File, _ subject: SegmentIndex.Subject, _ fault: IndexFault
    ) throws(TraceError) -> SegmentIndex {
        let path = layout.index(family, entry.number)
        // One at a time: of two searches that miss an index the second finds what the first made.
        let made = indexing.sync { () -> Result<SegmentIndex, TraceError> in
            // A page beyond the first that is damaged is not seen by opening the index again.
            if !fault.isWithin, let made = try? SegmentIndex(path, of: subject) { return .success(made) }
            onNotice(.indexRebuilt(family, segment: entry.number, reason: fault))
            return Result { () throws(TraceError) in
                let entries = try Catalogue.entries(family, entry, try file.readAll(), file.path)
                try Folder.write(SegmentIndex.bytes(subject, entries), to: path)
                do { return try SegmentIndex(path, of: subject) } catch { throw .system("index", path) }
            }
        }
        return try made.get()
    }

    private static func entries(
        _ family: TraceFamily, _ entry: Entry, _ bytes: [UInt8], _ path: String
    ) throws(TraceError) -> IndexEntries {
        var entries = IndexEntries()
        var last = entry.first
        do {
            return try bytes.withUnsafeBytes { bytes in
                var scan = try SegmentScan(bytes)
                while let view = try scan.record(bytes) {
                    last = view.sequence
                    guard let record = TraceRecord(view, bytes, family: family, segment: entry.number) else {
                        throw SegmentFault.record(.form, offset: view.range.lowerBound)
                    }
                    entries.append(
                        offset: view.range.lowerBound, time: record.event.time?.indexed ?? 0,
                        terms: SearchTerm.hashes(of: record.event))
                }
                guard scan.head == entry.head else {
                    throw SegmentFault.chain(sequence: scan.next, offset: scan.offset)
                }
                return entries
            }
        } catch { throw .damaged(family, sequence: last, path: path) }
    }
}
