import MSSCore
import MSSTLS
import NIOCore
import Synchronization

/// Octets in flight in all sessions of a server: what bounds its memory whatever the number of sessions.
final class BodyMemory: Sendable {
    private let octets = Atomic<Int>(0)
    let limit: Int

    init(limit: Int) { self.limit = limit }

    var inFlight: Int { octets.load(ordering: .relaxed) }
    var isExceeded: Bool { inFlight > limit }
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
        var reader: Reader?
        /// The piece that the reader has, until it asks for the next.
        var last: ByteBuffer?

        mutating func pop() -> ByteBuffer? {
            guard let piece = pieces.popFirst() else { return nil }
            octets -= piece.readableBytes
            last = piece
            return piece
        }
    }

    private typealias Reader = CheckedContinuation<ByteBuffer?, any Error>

    private let state = Guarded(State())
    private let limit: Int
    /// A reader that waits is woken for so many octets, or for what ends the waiting: a task costs more to wake than a
    /// piece to take.
    private let worthWaking: Int
    private let memory: BodyMemory
    /// Called, on any thread, when there is room again after ``push(_:)`` said that there was none.
    private let demand: @Sendable () -> Void

    init(limit: Int, memory: BodyMemory, demand: @escaping @Sendable () -> Void) {
        self.limit = limit
        worthWaking = min(limit / 4, 128 << 10)
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
        let (reader, first, hasRoom) = state.withLock { state -> (Reader?, ByteBuffer?, Bool) in
            guard !state.isAbandoned, state.end == nil else { return (nil, nil, true) }
            state.pieces.append(piece)
            state.octets += count
            memory.add(count)
            var reader: Reader?
            var first: ByteBuffer?
            if state.octets >= worthWaking || memory.isExceeded {
                reader = state.reader
                state.reader = nil
                if reader != nil { first = pop(&state) }
            }
            // With a reader on its way what is left waits for it alone.
            let hasRoom = state.octets < limit && (state.octets == 0 || !memory.isExceeded)
            state.wantsDemand = !hasRoom
            return (reader, first, hasRoom)
        }
        reader?.resume(returning: first)
        return hasRoom
    }

    private func pop(_ state: inout State) -> ByteBuffer? {
        let piece = state.pop()
        memory.remove(piece?.readableBytes ?? 0)
        return piece
    }

    /// The message has ended properly, or not.
    func finish(_ end: Result<Void, SMTPBodyError>) {
        let (reader, first) = state.withLock { state -> (Reader?, ByteBuffer?) in
            guard state.end == nil else { return (nil, nil) }
            state.end = end
            if case .failure = end {
                // A reader must not take what is there for a message.
                memory.remove(state.octets)
                state.pieces.removeAll()
                state.octets = 0
            }
            guard let reader = state.reader else { return (nil, nil) }
            state.reader = nil
            return (reader, pop(&state))
        }
        if let first {
            reader?.resume(returning: first)
        } else {
            reader?.resume(with: end.map { nil }.mapError { $0 as any Error })
        }
    }

    /// The backend will read no more.
    func abandon() {
        let wanted = state.withLock { state in
            state.isAbandoned = true
            memory.remove(state.octets)
            state.pieces.removeAll()
            state.octets = 0
            state.last = nil
            defer { state.wantsDemand = false }
            return state.wantsDemand
        }
        if wanted { demand() }
    }

    /// Whether the reader has seen the proper end.
    var wasReadToTheEnd: Bool {
        state.withLock { state in
            if case .success? = state.end { return state.pieces.isEmpty }
            return false
        }
    }

    func next() async throws -> ByteBuffer? {
        // What is there is taken without a continuation.
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

    private func take(_ continuation: Reader) {
        switch step(continuation) {
        case .piece(let piece, let wanted):
            continuation.resume(returning: piece)
            if wanted { demand() }
        case .end(let end): continuation.resume(with: end.map { nil }.mapError { $0 as any Error })
        case .cancelled: continuation.resume(throwing: CancellationError())
        case .waiting: break
        }
    }

    private enum Step {
        case piece(ByteBuffer, demand: Bool)
        case end(Result<Void, SMTPBodyError>)
        case cancelled
        case waiting
    }

    /// The next step of the reader, who waits with `reader` when there is none.
    private func step(_ reader: Reader?) -> Step {
        let (step, spent) = state.withLock { state -> (Step, ByteBuffer?) in
            let spent = state.last
            state.last = nil
            if let piece = pop(&state) {
                // Half empty, or empty when all sessions hold too much.
                let wanted = state.wantsDemand && (memory.isExceeded ? state.octets == 0 : state.octets <= limit / 2)
                if wanted { state.wantsDemand = false }
                return (.piece(piece, demand: wanted), spent)
            }
            if let end = state.end { return (.end(end), spent) }
            precondition(state.reader == nil, "a message's body is read by one task")
            // Cancelled before the handler could see a reader.
            if Task.isCancelled { return (.cancelled, spent) }
            state.reader = reader
            return (.waiting, spent)
        }
        // Who has asked for the next has done with it, or holds it himself.
        if let spent { SpareBuffers.give(spent) }
        return step
    }
}
