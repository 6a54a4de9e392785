/// A point in time on the UTC time line, to the nanosecond, without leap seconds (POSIX time).
///
/// Parsing and printing live in extensions: XML Schema `dateTime`, RFC 3339, RFC 5322, ASN.1 times.
public struct Timestamp: Hashable, Sendable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z; negative before.
    public let seconds: Int64
    /// Nanoseconds after `seconds`, 0 to 999,999,999.
    public let nanoseconds: Int32

    /// A time from seconds since 1970-01-01T00:00:00Z and nanoseconds (0 to 999,999,999).
    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        precondition((0..<1_000_000_000).contains(nanoseconds))
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Earlier is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The time `duration` later, to the nanosecond; saturates at the ends of the time line.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        var nanoseconds = Int64(time.nanoseconds) + attoseconds / 1_000_000_000
        var carry: Int64 = 0
        if nanoseconds < 0 {
            nanoseconds += 1_000_000_000
            carry = -1
        } else if nanoseconds >= 1_000_000_000 {
            nanoseconds -= 1_000_000_000
            carry = 1
        }
        let (sum, overflow) = time.seconds.addingReportingOverflow(seconds)
        guard !overflow else { return Timestamp(seconds: seconds < 0 ? .min : .max) }
        let (total, carried) = sum.addingReportingOverflow(carry)
        return Timestamp(seconds: carried ? sum : total, nanoseconds: Int32(nanoseconds))
    }

    /// The time `duration` earlier.
    public static func - (time: Timestamp, duration: Duration) -> Timestamp { time + (.zero - duration) }

    /// The time from `right` to `left`; negative when `left` is earlier.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .seconds(left.seconds - right.seconds) + .nanoseconds(Int64(left.nanoseconds - right.nanoseconds))
    }
}
