import MSSCore

/// Slows guesses down: after some failures a name rests, longer each time.
struct LoginThrottle {
    private struct Record {
        var failures: Int
        var until: Timestamp
    }

    /// Failures without a rest.
    static let free = 4
    /// The longest rest.
    static let longest = Duration.seconds(900)
    /// Names remembered; beyond, those that rest no more are forgotten.
    static let names = 20_000

    private var records: [String: Record] = [:]

    /// Whether a login under this name is looked at now.
    func admits(_ name: String, at now: Timestamp) -> Bool { records[name].map { $0.until <= now } ?? true }

    mutating func failed(_ name: String, at now: Timestamp) {
        if records.count >= Self.names {
            records = records.filter { $0.value.until > now }
            // More names at rest than persons can have: somebody walks through them all.
            if records.count >= Self.names { records = [:] }
        }
        let failures = (records[name]?.failures ?? 0) + 1
        var rest = Duration.zero
        if failures > Self.free { rest = min(Self.longest, .seconds(30) * (1 << min(failures - Self.free - 1, 10))) }
        records[name] = Record(failures: failures, until: now + rest)
    }

    mutating func succeeded(_ name: String) { records[name] = nil }
}
