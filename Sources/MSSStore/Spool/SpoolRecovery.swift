import MSSCore

/// Reads the log of a spool from its beginning to what was last synced.
struct SpoolRecovery {
    let layout: SpoolLayout
    let store: [UInt8]
    let master: StoreMasterKey
    let configuration: SpoolConfiguration
    private var state = SpoolState()
    /// Damage met when salvaging.
    private var lost: [UInt32: [Range<Int>]] = [:]
    private var missing: Set<UInt32> = []

    init(
        _ layout: SpoolLayout, store: [UInt8], _ master: StoreMasterKey, _ configuration: SpoolConfiguration
    ) {
        self.layout = layout
        self.store = store
        self.master = master
        self.configuration = configuration
    }

    private var salvages: Bool { configuration.recovery == .salvage }

    /// The state that the log leaves, and the number of the next segment.
    mutating func run() throws(StoreError) -> (SpoolState, nextSegment: UInt32) {
        let numbers = try Folder.numbers(layout.root, "segment")
        for name in try Folder.names(layout.root) where name.hasSuffix(".new") {
            try Folder.remove(layout.root + "/" + name)
        }
        guard let last = numbers.last else { return (state, 1) }
        // The latest segment knows which of the older ones count, and where they end.
        let (latest, manifest) = try newest(numbers)
        var ends = manifest.ends
        var scans: [(segment: SpoolSegment, transactions: [Transaction], end: Int)] = []
        for (segment, start) in latest {
            let records = try scan(segment, from: start, to: nil)
            scans.append((segment, records.transactions, records.end))
            // What a killed process has written and not synced is read here, and counts from now on: the next manifest says
            // so. So it is on disk first.
            do throws(StoreError) { try segment.file.synchronize() } catch { guard salvages else { throw error } }
        }
        for case .freed(let number) in scans.flatMap(\.transactions).flatMap(\.operations) {
            ends[number] = nil
            scans.removeAll { $0.segment.number == number }
        }
        for (segment, _, _) in scans { ends[segment.number] = nil }
        state.index.nextNumber = manifest.nextNumber
        for number in ends.keys.sorted() {
            try replay(number, end: ends[number]!, exists: numbers.contains(number))
        }
        for (segment, transactions, end) in scans { take(segment, transactions, end: end) }
        for number in numbers where state.segments[number] == nil && !missing.contains(number) {
            // Its end was said, its file was not yet taken back.
            try Folder.remove(layout.segment(number))
        }
        markDamaged()
        for number in Array(state.index.entries.keys) { state.index.activate(number) }
        state.index.usage.mayHaveFreed = true
        return (state, last + 1)
    }

    /// The newest segment, and what it says of the older ones.
    ///
    /// For salvage an older manifest serves when the last is damaged, or none at all: then all segments behind it are
    /// returned too, in their order, each with the offset of its first record.
    private mutating func newest(
        _ numbers: [UInt32]
    ) throws(StoreError) -> (segments: [(segment: SpoolSegment, start: Int)], SpoolManifest) {
        var segments: [(segment: SpoolSegment, start: Int)] = []
        for number in numbers.reversed() {
            let segment: SpoolSegment
            do throws(StoreError) {
                segment = try SpoolSegment.open(
                    layout, number, store: store, master, zeroesUnreadable: salvages)
            } catch {
                // Where no segment has a key, it is the master key that is wrong rather than the files.
                guard salvages, number != numbers.first || !segments.isEmpty else { throw error }
                setAside(number)
                continue
            }
            let start = SpoolRecord.headerCount
            if let bytes = try segment.payload(.manifest, at: start, limit: segment.size),
                let manifest = try? SpoolManifest(bytes: bytes)
            {
                segments.append((segment, start + SpoolRecord.room(bytes.count)))
                return (segments.reversed(), manifest)
            }
            guard salvages else { throw .damaged(path: segment.file.path, offset: start, reason: "manifest") }
            let found = try resume(segment, after: start, segment.size)?.offset ?? segment.size
            lose(segment, start..<found)
            segments.append((segment, found))
        }
        return (segments.reversed(), SpoolManifest(SpoolIndex()))
    }

    private mutating func replay(_ number: UInt32, end: Int, exists: Bool) throws(StoreError) {
        do throws(StoreError) {
            guard exists else { throw .missing(path: layout.segment(number)) }
            let segment = try SpoolSegment.open(
                layout, number, store: store, master, zeroesUnreadable: salvages)
            let bytes = try segment.payload(.manifest, at: SpoolRecord.headerCount, limit: end)
            let start = SpoolRecord.headerCount + SpoolRecord.room(bytes?.count ?? 0)
            let records = try scan(segment, from: bytes == nil ? SpoolRecord.headerCount : start, to: end)
            take(segment, records.transactions, end: end)
        } catch {
            guard salvages else { throw error }
            setAside(number)
        }
    }

    /// A segment that cannot be read at all, for somebody to look at.
    private mutating func setAside(_ number: UInt32) {
        missing.insert(number)
        let path = layout.segment(number)
        configuration.onNotice(.missing(path: path))
        try? Folder.rename(path, to: path + ".damaged")
    }

    private mutating func take(_ segment: SpoolSegment, _ transactions: [Transaction], end: Int) {
        state.segments[segment.number] = segment
        state.index.usage.begin(segment.number)
        for transaction in transactions {
            for operation in transaction.operations {
                state.index.apply(operation, segment: segment.number, offset: UInt32(transaction.offset))
            }
        }
        state.index.usage.end(segment.number, at: end)
    }

    // MARK: Scanning

    private struct Transaction {
        var offset: Int
        var operations: [SpoolOperation]
    }

    /// Reads the records of a segment.
    ///
    /// - Parameter end: where it ends, when that is known: then anything else is damage. Otherwise it ends before the
    ///   first bytes that are no record, unless a later record was written when those had already been synced.
    private mutating func scan(
        _ segment: SpoolSegment, from start: Int, to end: Int?
    ) throws(StoreError) -> (transactions: [Transaction], end: Int) {
        let limit = try min(end ?? .max, segment.file.size())
        if let end, limit < end {
            guard salvages else {
                throw .damaged(path: segment.file.path, offset: limit, reason: "file cut short")
            }
            lose(segment, limit..<end)
        }
        var transactions: [Transaction] = []
        var offset = start
        while offset + SpoolRecord.frame <= limit {
            if let (room, transaction) = try record(segment, offset, limit) {
                if let transaction { transactions.append(transaction) }
                offset += room
                continue
            }
            let next = try resume(segment, after: offset, limit)
            if end == nil, try !wasSynced(segment, offset, next, limit) {
                // Torn: written together with, or after, all that was synced.
                if let bytes = try tail(segment, offset, limit) {
                    configuration.onNotice(.tornTail(path: segment.file.path, offset: offset, bytes: bytes))
                }
                return (transactions, offset)
            }
            guard salvages else {
                throw .damaged(path: segment.file.path, offset: offset, reason: "record")
            }
            let found = next?.offset ?? limit
            lose(segment, offset..<found)
            offset = found
        }
        return (transactions, min(offset, limit))
    }

    /// Whether bytes that are no record were synced once: a record further on says so, of a later write.
    private func wasSynced(
        _ segment: SpoolSegment, _ offset: Int, _ next: (offset: Int, synced: Int)?, _ limit: Int
    ) throws(StoreError) -> Bool {
        var next = next
        while let record = next {
            if record.synced > offset { return true }
            next = try resume(segment, after: record.offset, limit)
        }
        return false
    }

    private mutating func lose(_ segment: SpoolSegment, _ range: Range<Int>) {
        lost[segment.number, default: []].append(range)
        configuration.onNotice(
            .damaged(path: segment.file.path, offset: range.lowerBound, bytes: range.count))
    }

    /// The record at an offset; `nil` when there is none.
    private func record(
        _ segment: SpoolSegment, _ offset: Int, _ limit: Int
    ) throws(StoreError) -> (room: Int, Transaction?)? {
        let bytes = try segment.file.read(SpoolRecord.frame, at: offset)
        let head = try bytes.withBytes { bytes throws(StoreError) in
            SpoolRecord.head(bytes, number: segment.number, room: limit - offset)
        }
        guard let head, let payload = try segment.payload(head.kind, at: offset, limit: limit) else { return nil }
        let room = SpoolRecord.room(head.count)
        guard head.kind == .transaction else { return (room, nil) }
        guard let operations = try? SpoolOperation.decode(payload) else { return nil }
        return (room, Transaction(offset: offset, operations: operations))
    }

    /// The next record after bytes that are none.
    private func resume(
        _ segment: SpoolSegment, after start: Int, _ limit: Int
    ) throws(StoreError) -> (offset: Int, synced: Int)? {
        let window = 1 << 20
        var base = start + SpoolRecord.alignment
        while base + SpoolRecord.frame <= limit {
            let bytes = try segment.file.read(min(window + SpoolRecord.frame, limit - base), at: base)
            var candidates: [(Int, SpoolRecord.Head)] = []
            bytes.withUnsafeBytes { bytes in
                var offset = 0
                while offset < window, offset + SpoolRecord.frame <= bytes.count {
                    let head = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + SpoolRecord.frame])
                    // Most of a segment that is not full is zeros.
                    if head[1] == 0x4D,
                        let head = SpoolRecord.head(head, number: segment.number, room: limit - base - offset)
                    {
                        candidates.append((base + offset, head))
                    }
                    offset += SpoolRecord.alignment
                }
            }
            for (offset, head) in candidates where try segment.payload(head.kind, at: offset, limit: limit) != nil {
                return (offset, head.synced)
            }
            base += window
        }
        return nil
    }

    /// How many bytes behind the end are not zero; `nil` when none is.
    private func tail(_ segment: SpoolSegment, _ offset: Int, _ limit: Int) throws(StoreError) -> Int? {
        let head = try segment.file.read(SpoolRecord.frame, at: offset)
        // Zeros, or what an earlier life of the file left: no write was cut off here.
        let isRecord = try head.withBytes { head throws(StoreError) in
            SpoolRecord.head(head, number: segment.number, room: .max / 2) != nil
        }
        guard isRecord else { return nil }
        return limit - offset
    }

    /// Holds messages of which pieces were lost.
    private mutating func markDamaged() {
        guard !lost.isEmpty || !missing.isEmpty else { return }
        // What is damaged is kept for who wants to look at it, also when nothing that can be read needs it.
        for number in lost.keys { state.index.usage.pin(number) }
        for (number, entry) in state.index.entries {
            let chunks = entry.content.chunks + (entry.sevenBit?.chunks ?? [])
            let isDamaged = chunks.contains { chunk in
                if state.segments[chunk.segment] == nil { return true }
                return lost[chunk.segment]?.contains { $0.contains(Int(chunk.offset)) } ?? false
            }
            guard isDamaged else { continue }
            state.index.markDamaged(number)
            configuration.onNotice(.messageDamaged(entry.name))
        }
    }
}
