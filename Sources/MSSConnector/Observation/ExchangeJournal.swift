import Logging
import MSSCore
import MSSTraces

/// Traces, logs, events and numbers of the mail flow, in one place.
///
/// A message is taken before its trace is written, and must then not be refused any more. So a trace that fails is kept
/// in memory and written again, and no further message is taken before it is (decision 0161).
final class ExchangeJournal: Sendable {
    private struct State {
        /// What waits to be written; while any does, traces are not kept.
        var pending: [TraceEvent] = []
        var hasFailed = false
        var flushing: Task<Bool, Never>?
        var detector: AnomalyDetector

        mutating func append(_ events: [TraceEvent]) {
            pending += events.prefix(max(0, ExchangeJournal.mostPending - pending.count))
        }
    }

    let metrics: ConnectorMetrics
    let events: EventHub
    let logger: Logger
    private let recorder: any TraceRecorder
    private let clock: any WallClock
    private let state: Guarded<State>
    private static let mostPending = 100_000

    init(
        recorder: any TraceRecorder, metrics: ConnectorMetrics, events: EventHub, detector: AnomalyDetector,
        clock: any WallClock, logger: Logger
    ) {
        self.recorder = recorder
        self.metrics = metrics
        self.events = events
        self.clock = clock
        self.logger = logger
        state = Guarded(State(detector: detector))
    }

    // MARK: Traces

    /// Keeps traces; when that fails, they wait.
    func trace(_ new: [TraceEvent]) async {
        guard !new.isEmpty else { return }
        let now = clock.now()
        let events = new.map { event in
            var event = event
            // What waits must not be dated by the time of its writing.
            event.time = event.time ?? now
            return event
        }
        // Behind those that wait, so that all are written in their order and by one.
        let waits = state.withLock { state in
            if state.hasFailed { state.append(events) }
            return state.hasFailed
        }
        if waits {
            _ = await flush().task.value
            return
        }
        do { try await recorder.trace(events) } catch {
            let isNews = state.withLock { state in
                state.append(events)
                defer { state.hasFailed = true }
                return !state.hasFailed
            }
            tell(error, waiting: events.count)
            if isNews { self.events.send(.tracesFailed("\(type(of: error))")) }
        }
    }

    /// Whether traces are being kept; tries again when they were not.
    func isWorking() async -> Bool {
        guard state.withLock({ $0.hasFailed }) else { return true }
        let (task, isNew) = flush()
        if await task.value { return true }
        // What was under way already may have failed before the question, for a cause that is gone.
        return isNew ? false : await flush().task.value
    }

    /// Writes what waits: one task does it for all who ask meanwhile.
    private func flush() -> (task: Task<Bool, Never>, isNew: Bool) {
        state.withLock { state in
            if let task = state.flushing { return (task, false) }
            let task = Task { await self.writeWaiting() }
            state.flushing = task
            return (task, true)
        }
    }

    private func writeWaiting() async -> Bool {
        while true {
            let (waiting, wasFailing) = state.withLock { state in
                defer {
                    if state.pending.isEmpty { (state.hasFailed, state.flushing) = (false, nil) }
                }
                return (state.pending, state.hasFailed)
            }
            guard !waiting.isEmpty else {
                if wasFailing { events.send(.tracesRestored) }
                return true
            }
            do { try await recorder.trace(waiting) } catch {
                state.withLock { $0.flushing = nil }
                tell(error, waiting: waiting.count)
                return false
            }
            // What came meanwhile stands behind it.
            state.withLock { $0.pending.removeFirst(waiting.count) }
        }
    }

    private func tell(_ error: any Error, waiting: Int) {
        logger.error("traces not kept", metadata: ["error": "\(error)", "waiting": "\(waiting)"])
    }

    // MARK: Anomalies

    /// Notes behaviour, and tells when it has become an anomaly.
    func note(_ kind: Anomaly.Kind, _ source: String, count: Int = 1) async {
        let now = clock.now()
        guard let anomaly = state.withLock({ $0.detector.note(kind, source, count: count, at: now) }) else { return }
        logger.warning(
            "anomaly", metadata: ["kind": "\(anomaly.kind.rawValue)", "count": "\(anomaly.count)"])
        metrics.found(anomaly.kind)
        events.send(.anomaly(anomaly))
        await trace([
            TraceEvent(
                .detectIncident, by: .system("anomalies"), at: now, request: TraceText(anomaly.kind.rawValue),
                reply: TraceText(anomaly.explanation))
        ])
    }

    // MARK: Refusals

    /// Counts, logs and traces a refusal.
    func refused(_ refusal: ExchangeRefusal, peer: String?, log: Logger.Metadata, _ event: TraceEvent) async {
        metrics.refused(refusal.requirement)
        var metadata = log
        metadata["reply"] = "\(refusal.reply)"
        if let requirement = refusal.requirement { metadata["requirement"] = "\(requirement)" }
        logger.notice("refused: \(refusal)", metadata: metadata)
        events.send(.refused(refusal, peer: peer))
        var event = event
        event.outcome = .refused
        event.reply = TraceText("\(refusal.reply) \(refusal.reply.lines.joined(separator: " "))")
        if let requirement = refusal.requirement {
            event.changes.append(TraceChange("exigence", before: nil, after: requirement.rawValue))
        }
        await trace([event])
    }
}
