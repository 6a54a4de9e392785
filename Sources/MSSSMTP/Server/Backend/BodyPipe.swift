import MSSCore
import NIOCore
import Synchronization

/// Octets in flight in all sessions of a server: what bounds its memory whatever the number of sessions.
final class BodyMemory: Sendable {
    private let octets = Atomic<Int>(0)
    let limit: Int

    init(limit: Int) { self.limit = limit }

    var inFlight: Int { octets.load(ordering: .relaxed) }
    var isExceeded: Bool { inFlight > limit }
    /// Whether sessions should hold no more than they must.
    var isScarce: Bool { inFlight > limit / 8 }
    func add(_ count: Int) { octets.add(count, ordering: .relaxed) }
    func remove(_ count: Int) { octets.subtract(count, ordering: .relaxed) }
}

/// Carries a body from the event loop to the backend's task, with back-pressure by octets.
final class BodyPipe: Sendable {
    private struct State {
        var pieces = CircularBuffer<ByteBuffer>()
        var octets = 0
        var end: Result<Void, SMTPBodyError>?
        var isAbandoned = false
        var wantsDemand = false
        /// A reader that waits is woken for so many octets.
        var worthWaking: Int
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
    }

    /// Octets that may follow the piece after which there was no more room: one more reading.
    private static let onItsWay = 64 << 10

    private let state: Guarded<State>
    private let limit: Int
    /// From so many octets on there is no room: what is on its way still comes.
    private let mark: Int
    /// Waking a reader costs as much as many octets. A message that turns out long wakes its reader for twice as many
    /// each time, from the first of these to the last, unless memory is scarce; ``handOver()`` and the end always wake it.
    private let worthWaking: ClosedRange<Int>
    private let memory: BodyMemory
    /// Called, on any thread, when there is room again after ``push(_:)`` said that there was none.
    private let demand: @Sendable () -> Void

    init(limit: Int, memory: BodyMemory, demand: @escaping @Sendable () -> Void) {
        self.limit = limit
        worthWaking = limit / 8...limit / 2
        state = Guarded(State(worthWaking: worthWaking.lowerBound))
        mark = limit - min(Self.onItsWay, limit / 2)
        self.memory = memory
        self.demand = demand
    }

    deinit { memory.remove(state.withLock { $0.octets }) }

    /// Adds a piece; `false` when no more should come until `demand` is called.
    ///
    /// When all sessions together hold too much, one that holds anything waits: its own reader will call for more, so
    /// that no session waits for another.
    func push(_ piece: ByteBuffer) -> Bool {
        let count = piece.readableBytes
        let (woken, goesOn): (Woken?, Bool) = state.withLock { state in
            guard !state.isAbandoned, state.end == nil else { return (nil, true) }
            state.pieces.append(piece)
            state.octets += count
            memory.add(count)
            // Asked once: others change it meanwhile, and whoever is told to wait must have a reader that does not.
            let isExceeded = memory.isExceeded
            let woken = isWorthWaking(&state, isExceeded) ? wake(&state) : nil
            let hasRoom = state.octets == 0 || (state.octets < mark && !isExceeded)
            // Until it has been called: what comes in the meantime, though there is room again, changes nothing of that.
            if !hasRoom { state.wantsDemand = true }
            return (woken, !state.wantsDemand)
        }
        woken?.reader.resume(returning: woken?.piece)
        return goesOn
    }

    private func isWorthWaking(_ state: inout State, _ isExceeded: Bool) -> Bool {
        if memory.isScarce { state.worthWaking = worthWaking.lowerBound }
        guard state.octets >= state.worthWaking || isExceeded else { return false }
        if state.reader != nil { state.worthWaking = min(state.worthWaking * 2, worthWaking.upperBound) }
        return true
    }

    /// Wakes a reader that waits with what is there: enough may not come for long.
    func handOver() {
        let woken = state.withLock { state in state.octets > 0 ? wake(&state) : nil }
        woken?.reader.resume(returning: woken?.piece)
    }

    private struct Woken {
        var reader: CheckedContinuation<ByteBuffer?, any Error>
        var piece: ByteBuffer?
    }

    /// The reader, if one waits, with the first piece, if there is one: to be resumed with it.
    private func wake(_ state: inout State) -> Woken? {
        guard let reader = state.reader else { return nil }
        state.reader = nil
        return Woken(reader: reader, piece: popPiece(&state))
    }

    private func popPiece(_ state: inout State) -> ByteBuffer? {
        guard let piece = state.pieces.popFirst() else { return nil }
        state.octets -= piece.readableBytes
        memory.remove(piece.readableBytes)
        return piece
    }

    /// The message has ended properly, or not.
    func finish(_ end: Result<Void, SMTPBodyError>) {
        let woken: Woken? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = end
            if case .failure = end {
                // A reader must not take what is there for a message.
                memory.remove(state.octets)
                state.pieces.removeAll()
                state.octets = 0
            }
            return wake(&state)
        }
        guard let woken else { return }
        if let piece = woken.piece { return woken.reader.resume(returning: piece) }
        woken.reader.resume(with: end.map { nil }.mapError { $0 as any Error })
    }

    /// The backend will read no more.
    func abandon() {
        let wanted = state.withLock { state in
            state.isAbandoned = true
            memory.remove(state.octets)
            state.pieces.removeAll()
            state.octets = 0
            defer { state.wantsDemand = false }
            return state.wantsDemand
        }
        if wanted { demand() }
    }

    /// Whether the reader waits.
    var hasReader: Bool { state.withLock { $0.reader != nil } }

    /// Whether the reader has seen the proper end.
    var wasReadToTheEnd: Bool {
        state.withLock { state in
            if case .success? = state.end { return state.pieces.isEmpty }
            return false
        }
    }

    func next() async throws -> ByteBuffer? {
        switch step(nil) {
        case .piece(let piece, let wanted):
            if wanted { demand() }
            return piece
        case .end(let end):
            try end.get()
            return nil
        case .cancelled, .waiting: break
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in take(continuation) }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(throwing: CancellationError())
        }
    }

    private enum Step {
        case piece(ByteBuffer, demand: Bool)
        case end(Result<Void, SMTPBodyError>)
        case cancelled
        case waiting
    }

    /// What there is; where there is nothing, `reader` waits for it.
    private func step(_ reader: CheckedContinuation<ByteBuffer?, any Error>?) -> Step {
        state.withLock { state in
            if let piece = popPiece(&state) {
                // Half empty, or empty when all sessions hold too much.
                let wanted = state.wantsDemand && (memory.isExceeded ? state.octets == 0 : state.octets <= limit / 2)
                if wanted { state.wantsDemand = false }
                return .piece(piece, demand: wanted)
            }
            if let end = state.end { return .end(end) }
            precondition(state.reader == nil, "a message's body is read by one task")
            // Cancelled before the handler could see a reader.
            if Task.isCancelled { return .cancelled }
            state.reader = reader
            return .waiting
        }
    }

    private func take(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) {
        switch step(continuation) {
        case .piece(let piece, let wanted):
            continuation.resume(returning: piece)
            if wanted { demand() }
        case .end(let end): continuation.resume(with: end.map { nil }.mapError { $0 as any Error })
        case .cancelled: continuation.resume(throwing: CancellationError())
        case .waiting: break
        }
    }
}
