import MSSCore
import MSSTLS

/// The writing end of one family's journal. Used by one thread at a time; calls block.
///
/// `append` only adds to a buffer; `write`, `synchronize` and `accept` make it durable with one write and one sync, in
/// steps, so that both journals take their part of a batch or neither does. What was appended is forgotten by `discard`,
/// so that the journal never holds a record nobody was told of, nor misses one.
final class Journal {
    let family: TraceFamily
    private let layout: StoreLayout
    private let store: String
    private let configuration: TraceConfiguration
    private let signer: any TraceSealSigner

    /// The segment being written; `nil` before the first record of a new one.
    private var open: OpenSegment?
    private(set) var nextSegment: UInt64
    /// After the last record appended.
    private var sequence: UInt64
    private var head: TraceDigest
    private var lastSeal: TraceDigest
    /// After the last record accepted.
    private(set) var durable: TraceHead
    private let headFile: File
    /// Records and chain lines appended since the last acceptance.
    private var buffer: [UInt8] = []
    private var lines: [UInt8] = []
    /// Whether bytes beyond the committed ones may stand in the file.
    private var isWritten = false
    private var sealAttempt: ContinuousClock.Instant?
    private(set) var isUsable = true

    init(_ state: JournalState, _ configuration: TraceConfiguration, _ signer: any TraceSealSigner) throws(TraceError) {
        family = state.family
        layout = state.layout
        store = state.store
        self.configuration = configuration
        self.signer = signer
        open = state.open
        nextSegment = state.nextSegment
        sequence = state.head.sequence
        head = state.head.digest
        lastSeal = state.lastSeal
        durable = state.head
        headFile = try File(layout.head(family), .readWrite)
        try headFile.write(Array(durable.text.utf8), at: 0)
        try headFile.synchronize()
    }

    /// The segment being written, for searches.
    var openSegment: OpenSegment? { open }

    /// Adds a record; `time` is the store's clock.
    func append(_ trace: PreparedTrace, at time: Timestamp) throws(TraceError) -> TraceReceipt {
        guard isUsable else { throw .closed }
        let segment: OpenSegment
        if let open {
            segment = open
        } else {
            segment = try begin()
        }
        sequence += 1
        let link = ChainLink(
            family: family, sequence: sequence, seconds: time.seconds, nanoseconds: time.nanoseconds, previous: head,
            facts: trace.factsCommitment, personal: trace.personalCommitment)
        let line = lines.count
        link.append(to: &lines)
        head = lines.withUnsafeBytes { TraceDigest(UnsafeRawBufferPointer(rebasing: $0[line...])) }
        segment.stage(offset: segment.size + buffer.count, trace, written: time)
        RecordFormat.append(link, facts: .present(trace.facts), personal: .present(trace.personal), to: &buffer)
        return TraceReceipt(family: family, sequence: sequence, digest: head)
    }

    /// Whether the segment must be closed before further records of this time; `pending`: bytes to come before them.
    func mustRoll(before time: Timestamp, pending: Int) -> Bool {
        guard pending > 0 || open?.hasRecords == true else { return false }
        let size = (open?.size ?? SegmentHeader.count) + pending
        return (size >= configuration.segmentSize && maySeal) || isDue(at: time)
    }

    /// Whether the segment's day is over, or its ``TraceConfiguration/sealInterval``.
    func isDue(at time: Timestamp) -> Bool {
        guard let open, open.hasRecords, maySeal else { return false }
        if let day = open.day, day != time.day { return true }
        return configuration.sealInterval.map { time - open.earliest >= $0 } ?? false
    }

    /// A signer that failed is left alone for a while, as long as the segment can grow.
    private var maySeal: Bool { sealAttempt.map { ContinuousClock.now >= $0 } ?? true }

    /// Writes what was appended: not durable yet, and nobody is told of it.
    func write() throws(TraceError) {
        guard let open, !buffer.isEmpty else { return }
        isWritten = true
        try open.file.write(buffer)
    }

    /// Makes what was written durable.
    func synchronize() throws(TraceError) {
        guard let open, isWritten else { return }
        do { try open.file.synchronize() } catch {
            // After a failed sync the kernel may have dropped pages that it calls clean: nothing can be said of them.
            isUsable = false
            throw error
        }
    }

    /// Counts what was written and synchronised as part of the journal.
    func accept() {
        guard let open, isWritten else { return }
        open.commit(bytes: buffer.count, lines: lines)
        buffer.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        isWritten = false
        durable = TraceHead(store: store, family: family, sequence: sequence, digest: head)
        do { try headFile.write(Array(durable.text.utf8), at: 0) } catch {
            // The records are durable, the head is behind: harmless, the next one catches up.
        }
    }

    /// Forgets what was appended and not accepted, and takes what was written of it off the file.
    func discard() {
        buffer.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        sequence = durable.sequence
        head = durable.digest
        guard let open else { return }
        open.discard()
        guard isWritten else { return }
        isWritten = false
        // Some of it may stand on the disk: a crash must not bring it back.
        do {
            try open.file.truncate(to: open.size)
            try open.file.synchronize()
        } catch { isUsable = false }
    }

    private func begin() throws(TraceError) -> OpenSegment {
        let header = SegmentHeader(
            family: family, number: nextSegment, first: sequence + 1, previous: head, store: [UInt8](hex: store)!)
        let path = layout.segment(family, nextSegment)
        try Folder.write(header.bytes, to: path)
        let segment = OpenSegment(header, try File(path, .append))
        open = segment
        return segment
    }

    /// Closes and seals the segment; everything appended must be accepted. Returns what was sealed.
    func seal(at time: Timestamp) throws(TraceError) -> (seal: TraceSeal, segment: OpenSegment)? {
        guard let open, open.hasRecords, buffer.isEmpty, isUsable else { return nil }
        let seal = TraceSeal(
            store: store, family: family, segment: open.header.number, first: open.header.first,
            last: durable.sequence, earliest: open.earliest, latest: open.latest + .nanoseconds(999_999_999),
            previousHead: open.header.previous, head: durable.digest, chain: open.chain, previousSeal: lastSeal,
            sealed: time, certificate: TraceDigest(of: signer.certificate.der))
        do {
            try layout.writeSigned(
                seal.text, family, seal.segment, kind: "seal", signatureKind: "signature", signer: signer)
        } catch {
            sealAttempt = ContinuousClock.now + .seconds(60)
            throw error
        }
        sealAttempt = nil
        lastSeal = seal.digest
        nextSegment = seal.segment + 1
        self.open = nil
        return (seal, open)
    }

    /// The head on disk, for a planned stop.
    func synchronizeHead() throws(TraceError) { try headFile.synchronize() }
}
