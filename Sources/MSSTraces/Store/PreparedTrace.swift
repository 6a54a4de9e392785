import MSSCore

/// A trace ready to be numbered and chained: everything that does not depend on the record before is done by the
/// caller's own task.
struct PreparedTrace: Sendable {
    let family: TraceFamily
    let facts: SaltedPart
    let personal: SaltedPart
    let factsCommitment: TraceDigest
    let personalCommitment: TraceDigest
    /// Search terms.
    let terms: [UInt64]
    /// When the action happened, in nanoseconds since 1970.
    let time: Int64
    /// Bytes of the record in a segment.
    let size: Int

    init(_ event: TraceEvent, _ configuration: TraceConfiguration) throws(TraceError) {
        let event = configuration.admitted(event)
        let written = event.time ?? configuration.clock.now()
        let encoded = event.encoded(time: written)
        family = event.action.family
        facts = SaltedPart(encoded.facts)
        personal = SaltedPart(encoded.personal)
        factsCommitment = facts.commitment
        personalCommitment = personal.commitment
        terms = SearchTerm.hashes(of: event)
        time = written.indexed
        let body = RecordFormat.fixed + RecordFormat.partCount(facts) + RecordFormat.partCount(personal)
        guard body <= RecordFormat.maximumBody else { throw .tooLarge(bytes: body) }
        size = RecordFormat.frame + body
    }
}

/// Traces that are written together: all of them, or none (Decision 0145).
struct PreparedBatch: Sendable {
    /// A batch is one write in one segment, whose offsets have 32 bits.
    static let maximumBytes = 256 << 20

    let traces: [PreparedTrace]
    /// Bytes for each journal; 0 when nothing goes there.
    let functionalBytes: Int
    let technicalBytes: Int

    init(_ events: [TraceEvent], _ configuration: TraceConfiguration) throws(TraceError) {
        var traces: [PreparedTrace] = []
        traces.reserveCapacity(events.count)
        var (functional, technical) = (0, 0)
        for event in events {
            let trace = try PreparedTrace(event, configuration)
            switch trace.family {
            case .functional: functional += trace.size
            case .technical: technical += trace.size
            }
            guard functional + technical <= PreparedBatch.maximumBytes else {
                throw .batchTooLarge(bytes: functional + technical)
            }
            traces.append(trace)
        }
        self.traces = traces
        functionalBytes = functional
        technicalBytes = technical
    }

    func bytes(_ family: TraceFamily) -> Int { family == .functional ? functionalBytes : technicalBytes }
}

extension Timestamp {
    /// Nanoseconds since 1970, held at the ends of 64 bits (years 1677 and 2262).
    var indexed: Int64 {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = scaled.addingReportingOverflow(Int64(nanoseconds))
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// The UTC day.
    var day: Int64 { seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400 }
}
