import Dispatch
import MSSCore

/// The state of a spool that any thread may look at.
struct SpoolState {
    var index = SpoolIndex()
    var segments: [UInt32: SpoolSegment] = [:]
}

/// The writing end of a spool. Used by one thread at a time; calls block.
///
/// `append` only adds to a buffer; `finish` writes it, and syncs when somebody waits for that.
final class SpoolLog {
    let layout: SpoolLayout
    let configuration: SpoolConfiguration
    let state: Guarded<SpoolState>
    private let store: [UInt8]
    private let master: StoreMasterKey
    private let spares: SpareFiles
    private var current: SpoolSegment?
    /// Bytes of the current segment that are in the file, and on the disk.
    private var written = 0
    private var synced = 0
    /// Where the current segment is known to be on the disk.
    var syncedEnd: Int { synced }
    private var buffer: [UInt8] = []
    private var nextSegment: UInt32
    private(set) var failure: StoreError?
    /// Shares that may be leased once the batch is on disk.
    private var activations: [@Sendable (inout SpoolIndex) -> Void] = []
    /// Told of a segment that is worth emptying.
    var onSparse: @Sendable (UInt32) -> Void = { _ in }

    /// The buffer is written beyond this size.
    private static let bufferLimit = 1 << 20

    init(
        _ layout: SpoolLayout, store: [UInt8], _ master: StoreMasterKey, _ configuration: SpoolConfiguration,
        _ state: Guarded<SpoolState>, _ spares: SpareFiles, nextSegment: UInt32
    ) throws(StoreError) {
        self.layout = layout
        self.store = store
        self.master = master
        self.configuration = configuration
        self.state = state
        self.spares = spares
        self.nextSegment = nextSegment
        // A segment is written in one life of the process only: whatever a crash left behind its end stays there.
        try roll(isGrowth: false, room: 0)
    }

    private func requireUsable() throws(StoreError) {
        if let failure { throw .unusable(reason: failure.description) }
    }

    // MARK: Records

    /// Adds a piece of a message. It is pinned until ``unpin(_:)``.
    ///
    /// - Parameter isGrowth: whether it may be refused so that deliveries can end.
    func append(chunk: [UInt8], isGrowth: Bool) throws(StoreError) -> ChunkPlace {
        let place = try append(.chunk, chunk, isGrowth: isGrowth)
        state.withLock { $0.index.usage.pin(place.segment) }
        return ChunkPlace(segment: place.segment, offset: place.offset, count: UInt32(chunk.count))
    }

    /// Lets go of pieces that no message took, or that one has.
    func unpin(_ chunks: [ChunkPlace]) {
        state.withLock { state in for chunk in chunks { state.index.usage.unpin(chunk.segment) } }
    }

    /// Adds operations that take effect together.
    ///
    /// - Parameter activation: what may happen once they are on disk.
    func append(
        _ operations: [SpoolOperation], isGrowth: Bool,
        activation: @escaping @Sendable (inout SpoolIndex) -> Void = { _ in }
    ) throws(StoreError) {
        let place = try append(.transaction, SpoolOperation.encode(operations), isGrowth: isGrowth)
        // A message that moves may be leased or read by others while it does: its new place must be in the file before
        // anybody is sent there. (A new message is active only once it is on the disk.)
        if operations.contains(where: \.isMove) { try write() }
        state.withLock { state in
            for operation in operations {
                state.index.apply(operation, segment: place.segment, offset: place.offset)
            }
        }
        activations.append(activation)
    }

    private func append(
        _ kind: SpoolRecord.Kind, _ payload: [UInt8], isGrowth: Bool
    ) throws(StoreError) -> (segment: UInt32, offset: UInt32) {
        try requireUsable()
        let room = SpoolRecord.room(payload.count)
        // A quarter: that much and a list of segments fit into an empty one.
        guard room <= configuration.segmentSize / 4 + SpoolRecord.frame * 2 else {
            throw .tooLarge(bytes: payload.count)
        }
        if written + buffer.count + room > current?.size ?? 0 { try roll(isGrowth: isGrowth, room: room) }
        guard let current else { throw .closed }
        guard written + buffer.count + room <= current.size else { throw .diskFull(path: layout.root) }
        let offset = written + buffer.count
        do {
            try SpoolRecord.append(
                kind, payload, number: current.number, offset: offset, synced: synced, current.key, to: &buffer)
        } catch {
            fail(error)
            throw error
        }
        if buffer.count >= SpoolLog.bufferLimit { try write() }
        return (current.number, UInt32(offset))
    }

    // MARK: The end of a batch

    /// Writes what was added, and syncs it.
    func finish(durable: Bool) -> StoreError? {
        do {
            try requireUsable()
            try write()
            if durable, synced < written { try synchronize() }
        } catch {
            activations.removeAll()
            return error
        }
        // Without a sync nothing becomes visible: it does with the next batch that has one.
        guard durable || activations.isEmpty else { return nil }
        let activations = activations
        self.activations.removeAll(keepingCapacity: true)
        state.withLock { state in for activate in activations { activate(&state.index) } }
        reclaim()
        return nil
    }

    private func write() throws(StoreError) {
        guard let current, !buffer.isEmpty else { return }
        do { try current.file.write(buffer, at: written) } catch {
            fail(error)
            throw error
        }
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    private func synchronize() throws(StoreError) {
        // After a failed sync the kernel may have dropped pages that it calls clean: nothing can be said of them.
        do { try current?.file.synchronize() } catch {
            fail(error)
            throw error
        }
        synced = written
    }

    /// Memory and disk no longer agree.
    private func fail(_ error: StoreError) {
        guard failure == nil else { return }
        failure = error
        configuration.onNotice(.unusable(error.description))
    }

    // MARK: Segments

    /// Gives no message a number below this one, also in later lives: a new segment says so.
    func reserveNumbers(upTo number: UInt64) throws(StoreError) {
        try requireUsable()
        state.withLock { $0.index.nextNumber = max($0.index.nextNumber, number) }
        try roll(isGrowth: false, room: 0)
    }

    /// Begins the next segment. When there is no room for it nothing has changed.
    ///
    /// - Parameter room: bytes that it must take beside its own records.
    private func roll(isGrowth: Bool, room: Int) throws(StoreError) {
        try write()
        let file: File
        let size: Int
        do {
            let listed = state.withLock { $0.index.usage.numbers.count }
            file = try spares.take(
                isGrowth: isGrowth,
                atLeast: SpoolRecord.headerCount + SpoolRecord.room(SpoolManifest.count(listed)) + room)
            size = try file.size()
        } catch {
            configuration.onNotice(.full(path: layout.root))
            throw error
        }
        if current != nil { try synchronize() }
        let number = nextSegment
        do {
            let key = try SealingKey.random()
            let context = SpoolRecord.keyContext(store, number)
            let header = SpoolRecord.header(number, wrapped: try master.key.wrap(key, context: context))
            let end = written
            let manifest = state.withLock { state -> SpoolManifest in
                if let current { state.index.usage.end(current.number, at: end) }
                return SpoolManifest(state.index)
            }
            var bytes = header
            try SpoolRecord.append(
                .manifest, manifest.bytes, number: number, offset: header.count, synced: 0, key, to: &bytes)
            try file.write(bytes, at: 0)
            try file.synchronize()
            let path = layout.segment(number)
            try Folder.rename(file.path, to: path)
            // Opened anew: messages about it name it by its new name.
            let segment = SpoolSegment(number, try File(path, .readWrite), key, size: size)
            state.withLock { state in
                state.segments[number] = segment
                state.index.usage.begin(number)
            }
            current = segment
            written = bytes.count
            synced = bytes.count
            nextSegment += 1
        } catch {
            fail(error)
            throw error
        }
    }

    /// Frees segments that nothing needs.
    private func reclaim() {
        let (free, sparse) = state.withLock { state -> ([UInt32], UInt32?) in
            guard state.index.usage.mayHaveFreed else { return ([], nil) }
            state.index.usage.mayHaveFreed = false
            let free = state.index.usage.free()
            return (free, free.isEmpty ? state.index.usage.sparse(size: configuration.segmentSize, atLeast: 4) : nil)
        }
        if let sparse { onSparse(sparse) }
        guard !free.isEmpty else { return }
        do {
            // Said first, done afterwards: a segment that the log does not call free must be there.
            let buried = state.withLock { state in
                state.index.buried(by: free)
            }
            try append(buried + free.map { .freed($0) }, isGrowth: false)
            activations.removeAll()
            try write()
            try synchronize()
        } catch { return }
        for number in free {
            let segment = state.withLock { state -> SpoolSegment? in
                state.index.usage.remove(number)
                return state.segments.removeValue(forKey: number)
            }
            if let segment { spares.give(segment.file) }
        }
    }

    /// Writes what is there, and syncs it: for a planned end.
    func close() { _ = finish(durable: true) }
}

/// The first record of a segment: which older segments the log still needs, and where they end.
struct SpoolManifest: Hashable {
    var nextNumber: UInt64
    var ends: [UInt32: Int]

    init(_ index: SpoolIndex) {
        nextNumber = index.nextNumber
        ends = [:]
        for number in index.usage.numbers { ends[number] = index.usage[number]?.end ?? 0 }
    }

    /// Bytes of a list of so many segments.
    static func count(_ segments: Int) -> Int { 12 + 8 * segments }

    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: SpoolManifest.count(ends.count))
        writer.integer(nextNumber)
        writer.integer(UInt32(ends.count))
        for (number, end) in ends.sorted(by: { $0.key < $1.key }) {
            writer.integer(number)
            writer.integer(UInt32(end))
        }
        return writer.bytes
    }

    init(bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        nextNumber = try reader.integer()
        ends = [:]
        for _ in 0..<(try reader.count(size: 8)) {
            let number = try reader.integer(UInt32.self)
            ends[number] = Int(try reader.integer(UInt32.self))
        }
        guard reader.isAtEnd else { throw MalformedBytes() }
    }
}
