import MSSCore
public import MSSSMTP
import NIOCore

/// A spool whose drafts are in memory, over any queue: the reference implementation, and the way to use a queue that
/// makes messages durable in ``DeliveryQueue/enqueue(_:at:)``.
///
/// A commit of several messages is several calls of the queue, the notices first: a crash between them leaves a notice
/// too many, never one too few.
public final class InMemorySpool: MessageSpool {
    /// Where committed messages wait.
    public let queue: any DeliveryQueue
    private let limit: Int
    private let inUse = Guarded(0)

    /// A spool.
    ///
    /// - Parameter limit: octets that all drafts together may hold.
    public init(_ queue: any DeliveryQueue = InMemoryDeliveryQueue(), limit: Int = 256 << 20) {
        self.queue = queue
        self.limit = limit
    }

    /// Begins a message.
    public func draft() async throws -> any MessageDraft { Draft(self) }

    /// Octets that drafts hold now.
    public var draftOctets: Int { inUse.withLock { $0 } }

    fileprivate func reserve(_ count: Int) throws {
        let fits = inUse.withLock { used in
            guard used + count <= limit else { return false }
            used += count
            return true
        }
        if !fits { throw MessageSpoolError.noRoom }
    }

    fileprivate func release(_ count: Int) { inUse.withLock { $0 -= count } }

    private final class Draft: MessageDraft {
        private let spool: InMemorySpool
        private let pieces = Guarded<[ByteBuffer]>([])

        init(_ spool: InMemorySpool) { self.spool = spool }

        deinit { clear() }

        func append(_ piece: ByteBuffer) throws {
            try spool.reserve(piece.readableBytes)
            pieces.withLock { $0.append(piece) }
        }

        func content() -> SMTPContent {
            let pieces = pieces.withLock { $0 }
            return SMTPContent(size: pieces.reduce(0) { $0 + $1.readableBytes }) { Pieces(pieces: pieces) }
        }

        func commit(
            _ id: DeliveryID, _ envelope: OutgoingEnvelope, with others: [NewDelivery], at now: Timestamp
        ) async throws {
            for other in others { _ = try await spool.queue.enqueue(other, at: now) }
            _ = try await spool.queue.enqueue(NewDelivery(SMTPOutgoingMessage(envelope, content()), id: id), at: now)
            clear()
        }

        func discard() { clear() }

        private func clear() {
            let count = pieces.withLock { pieces in
                let count = pieces.reduce(0) { $0 + $1.readableBytes }
                pieces = []
                return count
            }
            spool.release(count)
        }
    }
}

/// Pieces in memory as an asynchronous sequence.
struct Pieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let pieces: [ByteBuffer]

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        mutating func next() async -> ByteBuffer? { rest.popFirst() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: pieces[...]) }
}
