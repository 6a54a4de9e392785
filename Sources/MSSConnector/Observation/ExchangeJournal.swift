import Logging
import MSSCore
import MSSTraces

/// Traces, logs, events and numbers of the mail flow, in one place.
///
/// A message is taken before its trace is written, and must then not be refused any more. So a trace that fails is kept
/// in memory and written again, and no further message is taken before it is (decision 0161).
final class ExchangeJournal: Sendable {
    private struct State {
        var pending: [TraceEvent] = []
        var hasFailed = false
        var detector: AnomalyDetector
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
        var batch = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for var event in new {
            // What waits must not be dated by the time of its writing.
            event.time = event.time ?? now
            batch.append(event)
        }
        do {
            try await recorder.trace(batch)
            let wasFailing = state.withLock { state in
                defer { state.hasFailed = !state.pending.isEmpty }
                return state.hasFailed && state.pending.isEmpty
            }
            if wasFailing { events.send(.tracesRestored) }
        } catch {
            let kept = batch
            let isNews = state.withLock { state in
                state.pending = Array((kept + state.pending).prefix(ExchangeJournal.mostPending))
                defer { state.hasFailed = true }
                return !state.hasFailed
            }
            logger.error("traces not kept", metadata: ["error": "\(error)", "waiting": "\(kept.count)"])
            if isNews { events.send(.tracesFailed("\(type(of: error))")) }
        }
    }

    /// Whether traces are being kept; tries again when they were not.
    func isWorking() async -> Bool {
        guard state.withLock({ $0.hasFailed }) else { return true }
        let waiting = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        guard !waiting.isEmpty else {
            state.withLock { $0.hasFailed = false }
            return true
        }
        await trace(waiting)
        return !state.withLock { $0.hasFailed }
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
