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
    }
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
