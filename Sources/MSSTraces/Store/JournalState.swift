import MSSCore

/// What opening a journal found.
struct JournalState {
    let family: TraceFamily
    let layout: StoreLayout
    let store: String
    var seals: [TraceSeal]
    var open: OpenSegment?
    var nextSegment: UInt64
    var head: TraceHead
    var lastSeal: TraceDigest
    /// What is to be told and traced.
    var notices: [TraceNotice] = []
    /// The latest time at which a record was written, as far as the seals and the open segment tell.
    var latest: Timestamp?

    /// Reads the seals and the unsealed segment, sets aside what a crash left half written, and compares with the head
    /// and the anchors.
    init(
        _ family: TraceFamily, _ layout: StoreLayout, store: String, isNew: Bool, _ configuration: TraceConfiguration
    ) throws(TraceError) {
        self.family = family
        self.layout = layout
        self.store = store
        try Folder.make(layout.folder(family))
        seals = []
        for number in try layout.numbers(family, "seal") {
            let path = layout.path(family, number, "seal")
            guard number == UInt64(seals.count + 1), let seal = try layout.readSeal(family, number),
                seal.store == store,
                seal.previousSeal == seals.last?.digest ?? TraceSeal.genesis(store: store, family: family)
            else { throw .seal(family, segment: UInt64(seals.count + 1), path: path) }
            seals.append(seal)
        }
        nextSegment = UInt64(seals.count + 1)
        lastSeal = seals.last?.digest ?? TraceSeal.genesis(store: store, family: family)
        latest = seals.map(\.latest).max()
        head = TraceHead(
            store: store, family: family, sequence: seals.last?.last ?? 0,
            digest: seals.last?.head ?? ChainLink.genesis(store: store, family: family))

        let unsealed = try layout.numbers(family, "segment").filter { $0 >= nextSegment }
        guard unsealed.count <= 1, unsealed.first ?? nextSegment == nextSegment else {
            throw .seal(family, segment: nextSegment, path: layout.path(family, nextSegment, "seal"))
        }
        let known = try JournalState.known(
            family, layout, store: store, configuration,
            mayMiss: isNew || (seals.isEmpty && unsealed.isEmpty))
        var witness = Witness(known, from: head)
        if !unsealed.isEmpty { try read(configuration, &witness) }
        try check(&witness, configuration)
    }

    /// The heads that records are compared with: the store's own and the anchors'.
    private static func known(
        _ family: TraceFamily, _ layout: StoreLayout, store: String, _ configuration: TraceConfiguration, mayMiss: Bool
    ) throws(TraceError) -> [TraceHead] {
        var heads: [TraceHead] = []
        let path = layout.head(family)
        let text = Folder.exists(path) ? String(decoding: try File(path, .read).readAll(), as: UTF8.self) : ""
        if let own = TraceHead(text: text), own.store == store, own.family == family {
            heads.append(own)
        } else if !mayMiss, configuration.recovery == .refuse {
            throw .damaged(family, sequence: 0, path: path)
        }
        for anchor in configuration.anchors {
            let anchored: TraceHead?
            do { anchored = try anchor.latest(family) } catch { throw .damaged(family, sequence: 0, path: "anchor") }
            if let anchored {
                guard anchored.store == store else { throw .rewritten(family, sequence: anchored.sequence) }
                heads.append(anchored)
            }
        }
        return heads
    }

    /// Walks over the unsealed segment.
    private mutating func read(_ configuration: TraceConfiguration, _ witness: inout Witness) throws(TraceError) {
        let path = layout.segment(family, nextSegment)
        let file = try File(path, .append)
        let bytes = try file.readAll()
        var entries = IndexEntries()
        var low: Timestamp?
        var high: Timestamp?
        var last: Timestamp?
        let scanned: (SegmentHeader, TraceDigest, UInt64, Int, RunningDigest)
        do {
            scanned = try bytes.withUnsafeBytes { bytes in
                var scan = try SegmentScan(bytes)
                guard scan.header.family == family, scan.header.number == nextSegment,
                    scan.header.first == head.sequence + 1, scan.header.previous == head.digest,
                    scan.header.store == [UInt8](hex: store)
                else { throw SegmentFault.header }
                // A record that cannot be read ends the walk: what follows is judged below.
                while let view = try? scan.record(bytes) {
                    guard let record = TraceRecord(view, bytes, family: family, segment: nextSegment) else { break }
                    let time = record.written
                    low = min(low ?? time, time)
                    high = max(high ?? time, time)
                    last = time
                    entries.append(
                        offset: view.range.lowerBound, time: record.event.time?.indexed ?? 0,
                        terms: SearchTerm.hashes(of: record.event))
                    witness.saw(view.sequence, scan.head)
                }
                return (scan.header, scan.head, scan.next - 1, scan.offset, scan.chainSoFar)
            }
        } catch {
            // Headers appear whole: a wrong one is no trace of a crash.
            throw .damaged(family, sequence: head.sequence + 1, path: path)
        }
        let (header, digest, sequence, end, running) = scanned
        head = TraceHead(store: store, family: family, sequence: sequence, digest: digest)
        latest = [latest, high].compactMap(\.self).max()
        if end < bytes.count {
            if let lost = witness.expected, lost > sequence, configuration.recovery == .refuse {
                throw .damaged(family, sequence: sequence + 1, path: path)
            }
            try setAside(Array(bytes[end...]), from: file, at: end)
        }
        // What a killed process has written and not synced counts from now on, and the head says so: it is on disk first.
        try file.synchronize()
        open = OpenSegment(
            header, file, size: end, index: entries, times: low.flatMap { low in high.map { low...$0 } }, last: last,
            running: running)
    }

    /// Keeps bytes that are no record in a file of their own, then cuts them off.
    private mutating func setAside(_ tail: [UInt8], from file: File, at end: Int) throws(TraceError) {
        var number = 1
        var path: String
        repeat {
            path = "\(layout.folder(family))/set-aside-\(StoreLayout.name(nextSegment))-\(end)-\(number)"
            number += 1
        } while Folder.exists(path)
        try Folder.write(tail, to: path)
        try file.truncate(to: end)
        try file.synchronize()
        notices.append(.tailSetAside(family, bytes: tail.count, path: path))
    }

    private mutating func check(_ witness: inout Witness, _ configuration: TraceConfiguration) throws(TraceError) {
        let found: TraceError?
        if let sequence = witness.contradicted {
            found = .rewritten(family, sequence: sequence)
        } else if let expected = witness.expected, expected > head.sequence {
            found = .truncated(family, lastFound: head.sequence, lastKnown: expected)
        } else {
            found = nil
        }
        guard let found else { return }
        guard configuration.recovery != .refuse else { throw found }
        notices.append(.lossAccepted(family, after: head.sequence))
    }
}

/// Compares the records as they are walked over with heads known from elsewhere.
private struct Witness {
    private let heads: [TraceHead]
    /// The first record whose digest is not what a head says.
    private(set) var contradicted: UInt64?

    init(_ heads: [TraceHead], from start: TraceHead) {
        self.heads = heads
        saw(start.sequence, start.digest)
    }

    /// The highest number known to have been durable.
    var expected: UInt64? { heads.map(\.sequence).max() }

    mutating func saw(_ sequence: UInt64, _ digest: TraceDigest) {
        for head in heads where head.sequence == sequence && head.digest != digest && contradicted == nil {
            contradicted = sequence
        }
    }
}
