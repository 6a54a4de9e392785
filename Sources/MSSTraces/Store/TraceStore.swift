import Dispatch
import MSSCore

/// The journal of what happened: append-only, chained, sealed daily, durable when ``record(_:)`` returns.
///
/// Many tasks may record at once: what arrives while the disk is busy is written together, with one sync. One process
/// writes a store at a time. What was recorded is read through a ``TraceReader``, which authorises and traces the
/// access.
///
/// Open it with ``open(_:signer:configuration:)``, close it with ``close()``.
public final class TraceStore: Sendable {
    /// The identity of the store, 32 hexadecimal digits: in every seal.
    public let identity: String
    /// How the store writes.
    public let configuration: TraceConfiguration
    let layout: StoreLayout
    let catalogue: Catalogue
    let signer: any TraceSealSigner

    private struct Request {
        let batch: PreparedBatch
        let continuation: CheckedContinuation<[TraceReceipt], any Error>
    }

    private struct Pending {
        var requests: [Request] = []
        var isDraining = false
        var isClosed = false
    }

    private let pending = Guarded(Pending())
    /// The writer; `nil` once closed. Held by the queue below alone, but for the moment of opening.
    private let writer: Guarded<StoreWriter?>
    private let queue = DispatchQueue(label: "mss.traces.writer", qos: .userInitiated)
    private let upkeep = Guarded<Task<Void, Never>?>(nil)

    /// So many traces are written together at most: a bound on the memory of one write.
    private static let batchLimit = 16_384

    private init(
        _ layout: StoreLayout, identity: String, _ configuration: TraceConfiguration, _ signer: any TraceSealSigner,
        _ catalogue: Catalogue, _ writer: sending StoreWriter
    ) {
        self.layout = layout
        self.identity = identity
        self.configuration = configuration
        self.signer = signer
        self.catalogue = catalogue
        self.writer = Guarded(writer)
    }

    /// Opens a store for writing, making it when the folder is empty or missing.
    ///
    /// The unsealed segment is read and its chain checked against the head that the store and the anchors remember;
    /// bytes that a crash left half written are set aside, told to `onNotice` and traced.
    ///
    /// - Parameters:
    ///   - folder: on a local file system whose `fdatasync` keeps its promise; mode 0700.
    ///   - signer: signs the seals.
    /// - Throws: ``TraceError``: `busy` while another process has it open, `damaged`, `truncated`, `rewritten` or `seal`
    ///   when something is wrong with what was durable.
    public static func open(
        _ folder: String, signer: any TraceSealSigner, configuration: TraceConfiguration = TraceConfiguration()
    ) async throws -> TraceStore {
        try await offPool { try openBlocking(folder, signer, configuration) }
    }

    private static func openBlocking(
        _ folder: String, _ signer: any TraceSealSigner, _ configuration: TraceConfiguration
    ) throws -> TraceStore {
        let layout = StoreLayout(root: folder)
        try Folder.make(folder)
        let lock = try StoreLock(layout.lock)
        let (identity, isNew) = try layout.createIfMissing()
        var states: [JournalState] = []
        for family in TraceFamily.allCases {
            states.append(try JournalState(family, layout, store: identity, isNew: isNew, configuration))
        }
        let catalogue = Catalogue(layout, onNotice: configuration.onNotice)
        let writer = try StoreWriter(layout, lock, states, configuration, signer, catalogue)
        let store = TraceStore(layout, identity: identity, configuration, signer, catalogue, writer)
        store.beginUpkeep()
        return store
    }

    /// Looks from time to time whether a seal or an anchor is due, for as long as the store is there.
    private func beginUpkeep() {
        guard let interval = configuration.upkeepInterval else { return }
        let task = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                guard let self else { return }
                try? await self.onWriter { $0.tick() }
            }
        }
        upkeep.withLock { $0 = task }
    }

    deinit { upkeep.withLock { $0?.cancel() } }

    /// Writes one trace; durable when it returns.
    @discardableResult
    public func record(_ event: TraceEvent) async throws -> TraceReceipt { try await record([event])[0] }

    /// Writes traces in the order given: all of them, durable when it returns, or none.
    ///
    /// Only a crash of the process or machine before it returns may leave the first of them, whole and in order: nobody
    /// was told of them.
    ///
    /// - Throws: ``TraceError``; then none of them was kept, and the caller must not go on as if they were.
    @discardableResult
    public func record(_ events: [TraceEvent]) async throws -> [TraceReceipt] {
        guard !events.isEmpty else { return [] }
        let batch = try PreparedBatch(events, configuration)
        return try await withCheckedThrowingContinuation { continuation in
            let (closed, start) = pending.withLock { pending in
                if pending.isClosed { return (true, false) }
                pending.requests.append(Request(batch: batch, continuation: continuation))
                defer { pending.isDraining = true }
                return (false, !pending.isDraining)
            }
            if closed {
                continuation.resume(throwing: TraceError.closed)
            } else if start {
                queue.async { [self] in drain() }
            }
        }
    }

    /// Writes what is pending, as much as there is at once, until nothing is.
    private func drain() {
        while true {
            let requests = pending.withLock { pending -> [Request] in
                guard !pending.requests.isEmpty else {
                    pending.isDraining = false
                    return []
                }
                var count = 0
                var traces = 0
                while count < pending.requests.count, traces < TraceStore.batchLimit {
                    traces += pending.requests[count].batch.traces.count
                    count += 1
                }
                let taken = Array(pending.requests[..<count])
                pending.requests.removeFirst(count)
                return taken
            }
            if requests.isEmpty { return }
            let batches = requests.map(\.batch)
            let results = writer.withLock { $0?.commit(batches) }
            for (index, request) in requests.enumerated() {
                request.continuation.resume(with: results?[index].mapError { $0 } ?? .failure(TraceError.closed))
            }
        }
    }

    /// Runs on the writer's queue.
    func onWriter<Value: Sendable>(_ body: @escaping @Sendable (StoreWriter) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                continuation.resume(
                    with: Result {
                        try writer.withLock { writer in
                            guard let writer else { throw TraceError.closed }
                            return try body(writer)
                        }
                    })
            }
        }
    }

    /// Closes and seals the segments being written, whatever their size: before an export, or when a seal is wanted now.
    @discardableResult
    public func seal() async throws -> [TraceSeal] { try await onWriter { try $0.sealAll() } }

    /// The last durable record of each journal.
    public func heads() async throws -> [TraceHead] { try await onWriter { $0.heads } }

    /// Waits until the indexes of sealed segments are written: for benchmarks and planned stops.
    public func finishIndexing() async { await offPool { [catalogue] in catalogue.finishIndexing() } }

    /// Writes what is pending and frees the store for another process. What is recorded afterwards fails.
    public func close() async throws {
        pending.withLock { $0.isClosed = true }
        upkeep.withLock { $0?.cancel() }
        // The queue is serial: what was pending is written first.
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { [self] in
                continuation.resume(
                    with: Result {
                        try writer.withLock { writer in
                            try writer?.close()
                            writer = nil
                        }
                    })
            }
        }
        await finishIndexing()
    }
}
