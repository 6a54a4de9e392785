public import MSSCore

/// When to ask for the list: daily (EX_2.2_5010) with jitter, sooner after a failure, ever later after repeated ones.
///
/// A value: the caller passes the time and a random number, and waits.
public struct WhitelistSchedule: Sendable, Hashable {
    /// Time between two fetches that succeed.
    public var interval: Duration = .seconds(24 * 3600)
    /// Up to this much of the interval is taken off at random, so that operators do not all ask at once and a list is
    /// never older than the interval.
    public var jitter: Duration = .seconds(2 * 3600)
    /// Wait after the first failure; doubled at each further one.
    public var firstRetry: Duration = .seconds(60)
    /// Longest wait after a failure.
    public var longestRetry: Duration = .seconds(3600)

    /// Failures since the last success.
    public private(set) var failures = 0
    /// When to ask next; `nil` at once.
    public private(set) var next: Timestamp?

    /// A schedule that asks at once, then daily.
    public init() {}

    /// How long to wait at `now`.
    public func wait(at now: Timestamp) -> Duration {
        guard let next else { return .zero }
        // A clock that was set back must not postpone the fetch by more than one interval.
        return min(max(.zero, next - now), max(interval, longestRetry))
    }

    /// Notes a fetch that gave a list in force or found it unchanged.
    ///
    /// - Parameter random: uniformly distributed, 0 up to 1.
    public mutating func succeeded(at now: Timestamp, random: Double) {
        failures = 0
        next = now + (interval - jitter * random)
    }

    /// Notes a fetch that gave nothing to put in force.
    ///
    /// - Parameter random: uniformly distributed, 0 up to 1; up to a half of the wait is added.
    public mutating func failed(at now: Timestamp, random: Double) {
        failures += 1
        // Doublings beyond what reaches any longest wait change nothing and must not overflow.
        let wait = min(firstRetry * (1 << min(failures - 1, 30)), longestRetry)
        next = now + (wait + wait * (random / 2))
    }
}
