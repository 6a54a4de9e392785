/// Why a segment stops being readable.
enum SegmentFault: Error, Sendable, Hashable {
    /// The first bytes are no header.
    case header
    /// No record at this offset.
    case record(RecordFault, offset: Int)
    /// A record with another number than the next.
    case sequence(expected: UInt64, found: UInt64, offset: Int)
    /// The record does not carry the digest of the one before.
    case chain(sequence: UInt64, offset: Int)
}

/// Walks the records of a segment, checking form, numbers and chain.
struct SegmentScan {
    let header: SegmentHeader
    /// Digest of the last record walked over; of what stands before the segment at first.
    private(set) var head: TraceDigest
    private(set) var next: UInt64
    private(set) var offset: Int
    /// SHA-256 of the chain lines walked over.
    private let running = RunningDigest()
    private var line: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer) throws(SegmentFault) {
        guard let header = SegmentHeader(bytes) else { throw .header }
        self.header = header
        head = header.previous
        next = header.first
        offset = SegmentHeader.count
        line.reserveCapacity(300)
    }

    var chain: TraceDigest { running.digest }

    /// The running digest itself, to go on with; the scan must not be used any more.
    var chainSoFar: RunningDigest { running }

    /// The text of the chain line of the last record.
    var lastLine: [UInt8] { line }

    /// The next record; `nil` at the end.
    mutating func record(_ bytes: UnsafeRawBufferPointer) throws(SegmentFault) -> RecordView? {
        guard offset < bytes.count else { return nil }
        let view: RecordView
        do { view = try RecordView(bytes, at: offset) } catch { throw .record(error, offset: offset) }
        guard view.sequence == next else { throw .sequence(expected: next, found: view.sequence, offset: offset) }
        guard view.previous == head else { throw .chain(sequence: next, offset: offset) }
        line.removeAll(keepingCapacity: true)
        view.link(bytes, family: header.family).append(to: &line)
        line.withUnsafeBytes { running.add($0) }
        head = line.withUnsafeBytes { TraceDigest($0) }
        next += 1
        offset = view.range.upperBound
        return view
    }
}
