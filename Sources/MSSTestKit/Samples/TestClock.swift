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

/// The system's clock, as much ahead of the right time, or behind it, as the test says: it goes on, and jumps.
public final class JumpingClock: WallClock {
    private let system = SystemWallClock()
    private let offset = Guarded(Duration.zero)

    /// A clock that is right.
    public init() {}

    /// The time that it shows.
    public func now() -> Timestamp { system.now() + offset.withLock { $0 } }

    /// Jumps on; back when negative.
    public func jump(_ duration: Duration) { offset.withLock { $0 += duration } }

    /// Is right again.
    public func correct() { offset.withLock { $0 = .zero } }
}
