public import MSSCore

/// When a CRL is fetched next: a pure function of what is known of it (EX_OPE_5050: "une tâche planifiée").
public struct CRLRefreshSchedule: Sendable, Hashable {
    /// Time between two fetches while all goes well; IGC-Santé publishes daily, complete and delta.
    public var interval: Duration
    /// A list is fetched again at the latest this long before its `nextUpdate`.
    public var margin: Duration
    /// Never more often than this.
    public var minimumInterval: Duration
    /// First wait after a failure; doubles with each further one.
    public var firstRetry: Duration
    /// Longest wait after failures.
    public var longestRetry: Duration
    /// Waits are shortened by up to this fraction at random, so that operators do not all come at once.
    public var jitter: Double

    /// A schedule; by default every 6 hours, 2 hours before `nextUpdate`, retries from 1 minute to 1 hour, 10 % jitter.
    public init(
        interval: Duration = .seconds(6 * 3600), margin: Duration = .seconds(2 * 3600),
        minimumInterval: Duration = .seconds(300), firstRetry: Duration = .seconds(60),
        longestRetry: Duration = .seconds(3600), jitter: Double = 0.1
    ) {
        self.interval = interval
        self.margin = margin
        self.minimumInterval = minimumInterval
        self.firstRetry = firstRetry
        self.longestRetry = longestRetry
        self.jitter = jitter
    }

    /// How long to wait from `time` on.
    ///
    /// - Parameters:
    ///   - nextUpdate: of the list held; `nil` when none is held.
    ///   - failures: fetches that failed since the last success.
    ///   - random: 0 to 1, for the jitter.
    public func wait(at time: Timestamp, nextUpdate: Timestamp?, failures: Int, random: Double) -> Duration {
        var wait: Duration
        if failures > 0 {
            wait = firstRetry
            var remaining = failures - 1
            while remaining > 0, wait > .zero, wait < longestRetry {
                wait = wait * 2
                remaining -= 1
            }
            wait = min(wait, longestRetry)
        } else {
            wait = interval
            if let nextUpdate { wait = min(wait, nextUpdate - margin - time) }
            wait = max(wait, minimumInterval)
        }
        let share = 1 - min(max(jitter, 0), 1) * min(max(random, 0), 1)
        return wait * share
    }
}
