import MSSCore
public import MSSTraces

/// Where the connector's traces go. They are durable when ``trace(_:)`` returns.
public protocol TraceRecorder: Sendable {
    /// Keeps traces, all of them or none.
    func trace(_ events: [TraceEvent]) async throws
}

extension TraceStore: TraceRecorder {
    /// Keeps traces in the journal.
    public func trace(_ events: [TraceEvent]) async throws {
        let _: [TraceReceipt] = try await record(events)
    }
}

/// Traces in memory: for tests.
public final class InMemoryTraceRecorder: TraceRecorder {
    private struct State {
        var events: [TraceEvent] = []
        var failure: (any Error)?
    }

    private let state = Guarded(State())

    /// No trace yet.
    public init() {}

    /// The traces so far.
    public var events: [TraceEvent] { state.withLock { $0.events } }

    /// Makes each trace fail from now on; `nil` ends it.
    public func fail(with error: (any Error)?) { state.withLock { $0.failure = error } }

    /// Keeps traces.
    public func trace(_ events: [TraceEvent]) async throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.events += events
        }
    }
}
