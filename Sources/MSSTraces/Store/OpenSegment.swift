import MSSCore

/// The segment being written, and what a search needs of it. The writer stages and commits; searches read what was
/// committed.
final class OpenSegment: Sendable {
    let header: SegmentHeader
    let file: File

    private struct State {
        var size = SegmentHeader.count
        var index = IndexEntries()
        var staged = IndexEntries()
        var earliest: Timestamp?
        var latest: Timestamp?
        var stagedEarliest: Timestamp?
        var stagedLatest: Timestamp?
        var lastDay: Int64?
        var stagedDay: Int64?
        let running: RunningDigest

        mutating func forgetStaged() {
            staged.removeAll()
            stagedEarliest = nil
            stagedLatest = nil
            stagedDay = nil
        }
    }

    private let state: Guarded<State>

    init(_ header: SegmentHeader, _ file: File) {
        self.header = header
        self.file = file
        state = Guarded(State(running: RunningDigest()))
    }

    /// A segment found on disk, walked over to its end by `scan`.
    init(
        _ header: SegmentHeader, _ file: File, size: Int, index: IndexEntries, times: ClosedRange<Timestamp>?,
        last: Timestamp?, running: sending RunningDigest
    ) {
        self.header = header
        self.file = file
        var initial = State(running: running)
        initial.size = size
        initial.index = index
        initial.earliest = times?.lowerBound
        initial.latest = times?.upperBound
        initial.lastDay = last?.day
        state = Guarded(initial)
    }

    /// Bytes committed.
    var size: Int { state.withLock { $0.size } }
    var hasRecords: Bool { state.withLock { $0.index.count > 0 } }
    /// The day of the last record.
    var day: Int64? { state.withLock { $0.lastDay } }
    var earliest: Timestamp { state.withLock { $0.earliest } ?? Timestamp(seconds: 0) }
    var latest: Timestamp { state.withLock { $0.latest } ?? Timestamp(seconds: 0) }
    var chain: TraceDigest { state.withLock { $0.running.digest } }

    func stage(offset: Int, _ trace: PreparedTrace, written: Timestamp) {
        state.withLock { state in
            state.staged.append(offset: offset, time: trace.time, terms: trace.terms)
            state.stagedEarliest = min(state.stagedEarliest ?? written, written)
            state.stagedLatest = max(state.stagedLatest ?? written, written)
            state.stagedDay = written.day
        }
    }

    func commit(bytes: Int, lines: [UInt8]) {
        state.withLock { state in
            state.size += bytes
            lines.withUnsafeBytes { state.running.add($0) }
            state.index.append(state.staged)
            if let low = state.stagedEarliest { state.earliest = min(state.earliest ?? low, low) }
            state.lastDay = state.stagedDay ?? state.lastDay
            if let high = state.stagedLatest { state.latest = max(state.latest ?? high, high) }
            state.forgetStaged()
        }
    }

    func discard() { state.withLock { $0.forgetStaged() } }

    /// Reads the committed index entries.
    func withIndex<Result: Sendable>(_ body: (IndexEntries) throws -> Result) rethrows -> Result {
        try state.withLock { try body($0.index) }
    }
}
