import Dispatch
import MSSCore
import MSSIMAP

/// Hands work of many tasks to one thread, which does as much of it as there is between two syncs of the disk.
final class CommitQueue<Writer>: Sendable {
    /// One piece of work.
    struct Request: Sendable {
        /// Whether the caller waits for a sync.
        let isDurable: Bool
        /// Does the work; what it returns is called once the batch is on disk, or failed to be.
        let work: @Sendable (Writer) -> Finish
        /// When the queue was closed before.
        let refuse: @Sendable () -> Void
    }

    typealias Finish = @Sendable (_ failure: (any Error)?) -> Void
    /// Runs the works of a batch by its last parameter, makes them durable, and returns the failure that concerns all.
    typealias Batch = @Sendable (Writer, _ durable: Bool, _ works: () -> Void) -> (any Error)?

    private struct Pending {
        var requests: [Request] = []
        var isDraining = false
        var isClosed = false
    }

    private let pending = Guarded(Pending())
    /// Used by the queue below alone; `nil` once closed.
    private let writer: Guarded<Writer?>
    private let queue: DispatchQueue
    private let batch: Batch

    /// So many requests make one batch at most: a bound on what one failure concerns.
    private let limit: Int

    /// - Parameter batch: does what makes a batch of several works.
    init(_ label: String, _ writer: sending Writer, limit: Int = 4096, batch: @escaping Batch) {
        self.writer = Guarded(writer)
        self.batch = batch
        self.limit = limit
        queue = DispatchQueue(label: label, qos: .userInitiated)
    }

    /// Runs `work` on the writer's thread and returns when its batch is finished.
    func perform<Value: Sendable>(
        durable: Bool = true, _ work: @escaping @Sendable (Writer) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let request = Request(
                isDurable: durable,
                work: { writer in
                    let result = Result { try work(writer) }
                    return { failure in
                        switch (result, failure) {
                        case (.success, let failure?): continuation.resume(throwing: failure)
                        default: continuation.resume(with: result)
                        }
                    }
                }, refuse: { continuation.resume(throwing: StoreError.closed) })
            submit(request)
        }
    }

    private func submit(_ request: Request) {
        let (isClosed, starts) = pending.withLock { pending in
            if pending.isClosed { return (true, false) }
            pending.requests.append(request)
            defer { pending.isDraining = true }
            return (false, !pending.isDraining)
        }
        if isClosed {
            request.refuse()
        } else if starts, IMAPCommandThreads.isCurrent {
            // A thread that may wait does the batch itself, and is spared waiting to be woken by another.
            queue.sync { drain(batches: 1) }
        } else if starts {
            queue.async { [self] in drain() }
        }
    }

    /// Does what waits; after so many batches what came meanwhile is left to the queue's own thread.
    private func drain(batches: Int = .max) {
        for _ in 0..<batches {
            let requests = pending.withLock { pending -> [Request] in
                guard !pending.requests.isEmpty else {
                    pending.isDraining = false
                    return []
                }
                let taken = Array(pending.requests.prefix(limit))
                pending.requests.removeFirst(taken.count)
                return taken
            }
            if requests.isEmpty { return }
            let finishers = writer.withLock { writer -> (done: [Finish], failure: (any Error)?)? in
                guard let writer else { return nil }
                var done: [Finish] = []
                let failure = batch(writer, requests.contains { $0.isDurable }) {
                    for request in requests { done.append(request.work(writer)) }
                }
                return (done, failure)
            }
            guard let finishers else {
                for request in requests { request.refuse() }
                continue
            }
            for finish in finishers.done { finish(finishers.failure) }
        }
        let isDone = pending.withLock { pending in
            pending.isDraining = !pending.requests.isEmpty
            return !pending.isDraining
        }
        if !isDone { queue.async { [self] in drain() } }
    }

    /// Ends it: what was asked before is done first, what comes later is refused.
    func close(_ last: @escaping @Sendable (Writer) -> Void = { _ in }) async {
        pending.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                drain()
                writer.withLock { writer in
                    if let writer { last(writer) }
                    writer = nil
                }
                continuation.resume()
            }
        }
    }
}

/// Runs what blocks on a thread of its own, not one of the cooperative pool; within a command of IMAP, whose threads may
/// block, where it is.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    if IMAPCommandThreads.isCurrent { return try body() }
    return try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}
