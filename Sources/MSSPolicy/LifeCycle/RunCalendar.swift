/// Whether the life cycle may run on a day, given the day of its last run.
///
/// A clock set wrong is the one fault that would warn, unpublish or delete thousands at once.
public struct RunCalendar: Sendable, Hashable {
    /// The day of the last run; `nil` before the first.
    public var lastRun: Day?
    /// Days without a run after which an administrator must confirm the date.
    public var longestPause: Int

    /// A calendar.
    public init(lastRun: Day?, longestPause: Int = 31) {
        self.lastRun = lastRun
        self.longestPause = longestPause
    }

    /// The answer.
    public enum Verdict: Sendable, Hashable {
        /// The run may take place; so many days were missed before it.
        case run(missedDays: Int)
        /// The clock shows a day before the last run's: nothing may be done.
        case clockWentBack(days: Int)
        /// So many days have passed that the clock may be wrong: confirm the date first.
        case confirm(days: Int)
    }

    /// May the life cycle run today?
    public func verdict(today: Day, confirmed: Bool = false) -> Verdict {
        guard let lastRun else { return .run(missedDays: 0) }
        let days = today - lastRun
        if days < 0 { return .clockWentBack(days: -days) }
        if days > longestPause, !confirmed { return .confirm(days: days) }
        return .run(missedDays: max(0, days - 1))
    }
}
