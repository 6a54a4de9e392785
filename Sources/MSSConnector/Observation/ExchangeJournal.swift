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

        /// - Returns: how many found no place.
        mutating func append(_ events: [TraceEvent]) -> Int {
            let room = max(0, ExchangeJournal.mostPending - pending.count)
            pending += events.prefix(room)
            return max(0, events.count - room)
        }
    }

    let metrics: ConnectorMetrics
    let events: EventHub
    let logger: Logger
    private let recorder: any TraceRecorder
    private let clock: any WallClock
    private let state: Guarded<State>
    private static let mostPending = 100_000
    /// Traces written at once after a failure: few writes for all that may wait, and none near the bound of a batch.
    private static let slice = 5_000

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
        let (waits, lost) = state.withLock { state in state.hasFailed ? (true, state.append(events)) : (false, 0) }
        if waits {
            tell(lost: lost)
            _ = await flush().task.value
            return
        }
        do { try await recorder.trace(events) } catch {
            let (isNews, lost) = state.withLock { state in
                defer { state.hasFailed = true }
                return (!state.hasFailed, state.append(events))
            }
            tell(error, waiting: events.count)
            tell(lost: lost)
            if isNews { self.events.send(.tracesFailed("\(type(of: error))")) }
            if (error as? TraceError)?.isOfSize ?? false { _ = await flush().task.value }
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
        var slice = ExchangeJournal.slice
        while true {
            let count = slice
            let (waiting, wasFailing) = state.withLock { state in
                defer {
                    if state.pending.isEmpty { (state.hasFailed, state.flushing) = (false, nil) }
                }
                return (Array(state.pending.prefix(count)), state.hasFailed)
            }
            guard !waiting.isEmpty else {
                if wasFailing { events.send(.tracesRestored) }
                return true
            }
            do { try await recorder.trace(waiting) } catch let error as TraceError where error.isOfSize {
                // Not the disk's fault: tried again it would fail for ever, and no message would be taken any more.
                if waiting.count > 1 {
                    slice = waiting.count / 2
                } else {
                    shorten(waiting[0], error)
                }
                continue
            } catch {
                state.withLock { $0.flushing = nil }
                tell(error, waiting: waiting.count)
                return false
            }
            // What came meanwhile stands behind it.
            state.withLock { $0.pending.removeFirst(waiting.count) }
            slice = ExchangeJournal.slice
        }
    }

    /// Makes the first of those that wait fit to be kept, or gives it up: what no journal can take must not hold up all
    /// others.
    private func shorten(_ event: TraceEvent, _ error: TraceError) {
        logger.critical("trace too large", metadata: ["action": "\(event.action)", "error": "\(error)"])
        var short = event
        short.changes = []
        short.means = TraceMeans()
        short.message?.subject = nil
        short.message?.recipients = Array(event.message?.recipients.prefix(100) ?? [])
        if short == event {
            state.withLock { _ = $0.pending.removeFirst() }
            tell(lost: 1)
        } else {
            state.withLock { $0.pending[0] = short }
        }
    }

    private func tell(lost: Int) {
        guard lost > 0 else { return }
        logger.critical("traces lost", metadata: ["count": "\(lost)"])
        events.send(.tracesFailed("\(lost) lost"))
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

extension TraceError {
    /// Whether it is about the traces themselves: the same ones fail for ever.
    fileprivate var isOfSize: Bool {
        switch self {
        case .tooLarge, .batchTooLarge: true
        default: false
        }
    }
}
