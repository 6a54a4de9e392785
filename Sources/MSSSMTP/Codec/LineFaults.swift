/// What makes lines of a message unfit for SMTP (RFC 5321 §2.3.8, §4.1.1.4).
public struct LineFaults: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A CR that no LF follows.
    public static let bareCarriageReturn = LineFaults(rawValue: 1)
    /// An LF that no CR precedes.
    public static let bareLineFeed = LineFaults(rawValue: 2)
    /// A NUL, which neither 7BIT nor 8BITMIME allows (RFC 6152 §1, RFC 2045 §2.8).
    public static let nul = LineFaults(rawValue: 4)
}

/// A piece of what the decoder puts out: most of it is its input, unchanged.
public enum LinePiece: Sendable, Hashable {
    /// Octets of the input, by their offsets.
    case input(Range<Int>)
    /// One octet that is not in this input: a CR that waited for what follows it.
    case octet(UInt8)
}
