public import MSSCore

/// When a message that could not be delivered is tried again, and when it is given up: a pure value.
///
/// The first attempts follow soon, since most obstacles last minutes; then they thin out (RFC 5321 §4.5.4.1). Chance
/// spreads them, so that a host that comes back does not receive its whole queue in the same second.
public struct RetrySchedule: Sendable, Hashable {
    /// The wait after the first failed attempt.
    public var first: Duration
    /// What each further wait is multiplied by.
    public var factor: Double
    /// The longest wait.
    public var longest: Duration
    /// How far chance shortens or lengthens a wait: 0.2 means between 80 % and 120 %.
    public var spread: Double
    /// The age at which a message is given up. RFC 5321 §4.5.4.1: generally at least 4 to 5 days.
    public var lifetime: Duration
    /// The same for notices, which have no sender to tell.
    public var noticeLifetime: Duration
    /// The age at which the sender is told of the delay, once; `nil` never does.
    public var delayNotice: Duration?

    /// Twice the wait each time from one minute to one hour, five days in all, a delay notice after four hours.
    public static let standard = RetrySchedule()

    /// A schedule.
    public init(
        first: Duration = .seconds(60), factor: Double = 2, longest: Duration = .seconds(3_600), spread: Double = 0.2,
        lifetime: Duration = .seconds(5 * 86_400), noticeLifetime: Duration = .seconds(2 * 86_400),
        delayNotice: Duration? = .seconds(4 * 3_600)
    ) {
        precondition(first > .zero && factor >= 1 && longest >= first && (0..<1).contains(spread))
        precondition(lifetime > .zero && noticeLifetime > .zero)
        self.first = first
        self.factor = factor
        self.longest = longest
        self.spread = spread
        self.lifetime = lifetime
        self.noticeLifetime = noticeLifetime
        self.delayNotice = delayNotice
    }

    /// When a message that arrived at `arrival` is given up.
    public func expiry(arrival: Timestamp, isNotice: Bool) -> Timestamp {
        arrival + (isNotice ? noticeLifetime : lifetime)
    }

    /// The wait after the `attempts`-th failed attempt (from 1).
    ///
    /// - Parameter chance: from 0 to 1; 0.5 is the middle.
    public func wait(afterAttempts attempts: Int, chance: Double) -> Duration {
        var wait = first
        for _ in 1..<max(1, min(attempts, 64)) where wait < longest { wait = min(wait * factor, longest) }
        return wait * (1 + spread * (2 * min(max(chance, 0), 1) - 1))
    }

    /// What to do after the `attempts`-th failed attempt: when to try again, or `nil` to give up.
    ///
    /// The last attempt is made at the expiry itself and not before it, so that the whole lifetime is used.
    public func next(
        afterAttempts attempts: Int, arrival: Timestamp, isNotice: Bool, now: Timestamp, chance: Double
    ) -> Timestamp? {
        let expiry = expiry(arrival: arrival, isNotice: isNotice)
        guard now < expiry else { return nil }
        return min(now + wait(afterAttempts: attempts, chance: chance), expiry)
    }

    /// Whether the sender is due a delay notice.
    public func isDelayNoticeDue(arrival: Timestamp, now: Timestamp) -> Bool {
        delayNotice.map { now >= arrival + $0 } ?? false
    }
}
