import Glibc

/// Tells the time of day. Policies take it as a parameter, so that tests choose the date.
public protocol WallClock: Sendable {
    /// The present time.
    func now() -> Timestamp
}

/// The machine's real-time clock.
public struct SystemWallClock: WallClock {
    /// The machine's real-time clock.
    public init() {}

    /// The present time, from `CLOCK_REALTIME`.
    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
public struct FixedWallClock: WallClock {
    /// The time that the clock shows.
    public let time: Timestamp

    /// A clock that shows `time` for ever.
    public init(_ time: Timestamp) { self.time = time }

    /// The fixed time.
    public func now() -> Timestamp { time }
}
