public import MSSCore

/// A clock that stands still until the test moves it.
public final class TestClock: WallClock {
    private let time: Guarded<Timestamp>

    /// A clock at a time.
    public init(_ time: Timestamp = Timestamp(seconds: 1_770_000_000)) { self.time = Guarded(time) }

    /// The time it was set to.
    public func now() -> Timestamp { time.withLock { $0 } }

    /// Moves it on.
    public func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

    /// Moves it on by days of 24 hours, back when negative.
    public func advance(days: Int64) { advance(.seconds(days * 86_400)) }

    /// Sets it, forwards or back.
    public func set(_ time: Timestamp) { self.time.withLock { $0 = time } }
}
