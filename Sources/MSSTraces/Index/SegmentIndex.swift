/// Why a search index is not used.
public enum IndexFault: Error, Sendable, Hashable {
    /// There is none.
    case missing
    /// The file is not an index of this format, or has another size than it says.
    case form
    /// It belongs to another segment, or to this one before it changed.
    case foreign
    /// A page does not fit its checksum, or what it says is impossible.
    case damaged(page: Int)
    /// The operating system does not give it.
    case unreadable

    /// Whether it shows only when a page beyond the first is read.
    var isWithin: Bool { if case .damaged(let page) = self { page > 0 } else { false } }
}

/// The index file of a closed segment: pages of 4096 bytes, each 341 entries of 12 bytes and their CRC-32. First a page
/// that says what the index belongs to, then a table of the records (offset 4, time 8), then the terms (hash 8,
/// record 4), sorted, then a filter that tells of most terms that they are not there (Decision 0146). A search reads the
/// few pages it needs and checks each; a page that is wrong makes the whole index be made anew from the segment, which is
/// the truth.
struct SegmentIndex {
    static let page = 4096
    static let entry = 12
    static let perPage = (page - 4) / entry
    private static let magic = Array("MSSTIX2\n".utf8)

    /// What an index belongs to.
    struct Subject: Hashable {
        let segment: UInt64
        let first: UInt64
        /// Digest of the last record.
        let head: TraceDigest
        /// Size of the segment file: it changes when parts are erased.
        let size: UInt64
    }

    let subject: Subject
    let count: Int
    let pairs: Int
    let earliest: Int64
    let latest: Int64
    private let filter: TermFilter
    private let file: File
    private var cached: [Int: [UInt8]] = [:]

    // MARK: Writing

    static func bytes(_ subject: Subject, _ entries: IndexEntries) -> [UInt8] {
        let sorted = entries.sortedPairs()
        let filter = TermFilter(terms: sorted)
        var writer = PageWriter(pages: 1 + pages(entries.count) + pages(sorted.count) + filter.pages)
        writer.bytes += magic
        writer.bytes.append(littleEndian: subject.segment)
        writer.bytes.append(littleEndian: subject.first)
        writer.bytes.append(littleEndian: subject.size)
        writer.bytes += subject.head.bytes
        writer.bytes.append(littleEndian: UInt32(entries.count))
        writer.bytes.append(littleEndian: UInt32(sorted.count))
        writer.bytes.append(littleEndian: entries.times.min() ?? 0)
        writer.bytes.append(littleEndian: entries.times.max() ?? 0)
        writer.bytes.append(littleEndian: UInt32(filter.pages))
        writer.endPage()
        for index in 0..<entries.count {
            writer.bytes.append(littleEndian: entries.offsets[index])
            writer.bytes.append(littleEndian: entries.times[index])
            writer.endPageIfFull()
        }
        writer.endPage()
        for pair in sorted {
            writer.bytes.append(littleEndian: pair.hash)
            writer.bytes.append(littleEndian: pair.record)
            writer.endPageIfFull()
        }
        writer.endPage()
        filter.fill(with: sorted) { page in
            writer.bytes += page
            writer.endPage()
        }
        return writer.bytes
    }

    private static func pages(_ entries: Int) -> Int { (entries + perPage - 1) / perPage }

    private struct PageWriter {
        var bytes: [UInt8] = []
        private var start = 0

        init(pages: Int) { bytes.reserveCapacity(pages * page) }

        mutating func endPageIfFull() { if bytes.count - start == perPage * entry { endPage() } }

        mutating func endPage() {
            guard bytes.count > start else { return }
            bytes.append(contentsOf: repeatElement(0, count: page - 4 - (bytes.count - start)))
            let crc = bytes.withUnsafeBytes {
                RecordFormat.crc32(UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
            bytes.append(littleEndian: crc)
            start = bytes.count
        }
    }

    // MARK: Reading

    /// Opens the index of a segment.
    init(_ path: String, of subject: Subject) throws(IndexFault) {
        guard Folder.exists(path) else { throw .missing }
        let size: Int
        do {
            file = try File(path, .read)
            size = try file.size()
        } catch { throw .unreadable }
        let page = try SegmentIndex.read(file, 0)
        guard page[..<8].elementsEqual(SegmentIndex.magic) else { throw .form }
        let (found, count, pairs, earliest, latest, filterPages) = page.withUnsafeBytes { bytes in
            (
                Subject(
                    segment: bytes.number(8), first: bytes.number(16), head: TraceDigest(bytes[32..<64])!,
                    size: bytes.number(24)),
                Int(bytes.number(64, as: UInt32.self)), Int(bytes.number(68, as: UInt32.self)),
                bytes.number(72, as: Int64.self), bytes.number(80, as: Int64.self),
                Int(bytes.number(88, as: UInt32.self))
            )
        }
        guard found == subject else { throw .foreign }
        let pages = 1 + SegmentIndex.pages(count) + SegmentIndex.pages(pairs)
        guard size == (pages + filterPages) * SegmentIndex.page, filterPages > 0 || pairs == 0 else { throw .form }
        filter = TermFilter(pages: filterPages)
        self.subject = subject
        self.count = count
        self.pairs = pairs
        self.earliest = earliest
        self.latest = latest
    }

    private static func read(_ file: File, _ number: Int) throws(IndexFault) -> [UInt8] {
        let bytes: [UInt8]
        do { bytes = try file.read(page, at: number * page) } catch { throw .unreadable }
        guard bytes.count == page else { throw .form }
        let good = bytes.withUnsafeBytes {
            RecordFormat.crc32(UnsafeRawBufferPointer(rebasing: $0[..<(page - 4)]))
                == $0.number(page - 4, as: UInt32.self)
        }
        guard good else { throw .damaged(page: number) }
        return bytes
    }

    private mutating func pageBytes(_ number: Int) throws(IndexFault) -> [UInt8] {
        if let page = cached[number] { return page }
        let page = try SegmentIndex.read(file, number)
        cached[number] = page
        return page
    }

    /// Where a record is and when it happened.
    mutating func record(_ record: Int) throws(IndexFault) -> (offset: Int, time: Int64) {
        let number = 1 + record / SegmentIndex.perPage
        let position = record % SegmentIndex.perPage * SegmentIndex.entry
        return try pageBytes(number).withUnsafeBytes {
            (Int($0.number(position, as: UInt32.self)), $0.number(position + 4, as: Int64.self))
        }
    }

    private mutating func pair(_ index: Int) throws(IndexFault) -> IndexPair {
        let number = 1 + SegmentIndex.pages(count) + index / SegmentIndex.perPage
        let position = index % SegmentIndex.perPage * SegmentIndex.entry
        return try pageBytes(number).withUnsafeBytes {
            IndexPair(hash: $0.number(position, as: UInt64.self), record: $0.number(position + 8, as: UInt32.self))
        }
    }

    /// False when no record of the segment has the term, by one page; true when one may have it.
    private mutating func mayHold(_ hash: UInt64) throws(IndexFault) -> Bool {
        guard pairs > 0 else { return false }
        let number = 1 + SegmentIndex.pages(count) + SegmentIndex.pages(pairs) + filter.page(of: hash)
        return TermFilter.holds(hash, in: try pageBytes(number))
    }

    /// The place of the first pair not before `pair`.
    private mutating func lowerBound(_ wanted: IndexPair) throws(IndexFault) -> Int {
        var low = 0
        var high = pairs
        while low < high {
            let middle = (low + high) / 2
            if try pair(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The places of the pairs of a term.
    mutating func range(of hash: UInt64) throws(IndexFault) -> Range<Int> {
        guard try mayHold(hash) else { return 0..<0 }
        let low = try lowerBound(IndexPair(hash: hash, record: 0))
        let high = hash == .max ? pairs : try lowerBound(IndexPair(hash: hash + 1, record: 0))
        return low..<max(low, high)
    }

    /// The record of a pair.
    mutating func record(atPair index: Int) throws(IndexFault) -> Int {
        let record = Int(try pair(index).record)
        guard record < count else { throw .damaged(page: 1 + SegmentIndex.pages(count) + index / SegmentIndex.perPage) }
        return record
    }

    /// All records of a range of pairs, in order. Pages are read once and not kept.
    mutating func records(in range: Range<Int>) throws(IndexFault) -> [UInt32] {
        var records: [UInt32] = []
        records.reserveCapacity(range.count)
        let base = 1 + SegmentIndex.pages(count)
        var index = range.lowerBound
        while index < range.upperBound {
            let number = base + index / SegmentIndex.perPage
            let page = try SegmentIndex.read(file, number)
            let end = min(range.upperBound, (index / SegmentIndex.perPage + 1) * SegmentIndex.perPage)
            page.withUnsafeBytes { bytes in
                while index < end {
                    let position = index % SegmentIndex.perPage * SegmentIndex.entry
                    records.append(bytes.number(position + 8, as: UInt32.self))
                    index += 1
                }
            }
        }
        guard records.allSatisfy({ Int($0) < count }) else { throw .damaged(page: base) }
        return records
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func number<Number: FixedWidthInteger>(_ offset: Int, as: Number.Type = Number.self) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
