import MSSCore
import NIOCore

/// Carries what commands put out from their task to the event loop, with back-pressure by octets.
final class IMAPOutput: Sendable {
    private struct State {
        /// Few, and none most of the time: a session that idles keeps no room for them.
        var pieces: [ByteBuffer] = []
        var octets = 0
        var isAbandoned = false
        var writer: CheckedContinuation<Bool, Never>?
    }

    private let state = Guarded(State())
    private let limit: Int
    /// Called, on any thread, when there is something to take and there was nothing before.
    private let ready: @Sendable () -> Void

    init(limit: Int, ready: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.ready = ready
    }

    /// Octets that wait.
    var octets: Int { state.withLock { $0.octets } }

    /// Adds the last piece, of which nobody is told: who takes the end of the command takes it too.
    func append(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        state.withLock { state in
            guard !state.isAbandoned else { return }
            state.pieces.append(piece)
            state.octets += piece.readableBytes
        }
    }

    /// Adds a piece; returns when there is room for another.
    ///
    /// - Throws: `CancellationError` when nobody reads any more.
    func write(_ piece: ByteBuffer) async throws {
        guard piece.readableBytes > 0 else { return }
        let (wasEmpty, isFull, isAbandoned) = state.withLock { state in
            let wasEmpty = state.octets == 0
            guard !state.isAbandoned else { return (false, false, true) }
            state.pieces.append(piece)
            state.octets += piece.readableBytes
            return (wasEmpty, state.octets >= limit, false)
        }
        guard !isAbandoned else { throw CancellationError() }
        if wasEmpty { ready() }
        guard isFull else { return }
        let goesOn = await withCheckedContinuation { continuation in
            let immediate: Bool? = state.withLock { state in
                if state.isAbandoned { return false }
                if state.octets < limit { return true }
                state.writer = continuation
                return nil
            }
            if let immediate { continuation.resume(returning: immediate) }
        }
        guard goesOn else { throw CancellationError() }
    }

    /// Small pieces are joined up to so many octets.
    private static let joined = 32 << 10

    /// The first of what waits; `nil` when nothing does.
    func next() -> ByteBuffer? {
        let (piece, writer) = state.withLock { state -> (ByteBuffer?, CheckedContinuation<Bool, Never>?) in
            guard var piece = state.pieces.first else { return (nil, nil) }
            var taken = 1
            while taken < state.pieces.count, case let next = state.pieces[taken],
                piece.readableBytes + next.readableBytes <= Self.joined
            {
                piece.writeImmutableBuffer(next)
                taken += 1
            }
            if taken == state.pieces.count { state.pieces = [] } else { state.pieces.removeFirst(taken) }
            state.octets -= piece.readableBytes
            guard state.octets <= limit / 2 else { return (piece, nil) }
            defer { state.writer = nil }
            return (piece, state.writer)
        }
        writer?.resume(returning: true)
        return piece
    }

    /// Nobody reads any more.
    func abandon() {
        let writer = state.withLock { state in
            state.isAbandoned = true
            state.pieces.removeAll()
            state.octets = 0
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume(returning: false)
    }
}
