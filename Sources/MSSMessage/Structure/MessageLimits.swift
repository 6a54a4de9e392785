/// Bounds on what the parser indexes. Passing one costs a ``Diagnostic``, never the message: bytes beyond a limit stay
/// where they are, unindexed.
public struct MessageLimits: Hashable, Sendable {
    /// Levels of nesting, the message itself being level 0. Real mail rarely passes 10; Dovecot stops at 100.
    public var depth = 100
    /// Parts in a message. Dovecot stops at 10,000.
    public var parts = 10_000
    /// Bytes of one header block. Postfix refuses a field beyond 100 KiB; ordinary blocks hold 2 to 20 KiB.
    public var headerBytes = 1 << 20
    /// Bytes of all header blocks together.
    public var totalHeaderBytes = 16 << 20
    /// Fields of one header block; ordinary blocks hold 10 to 80.
    public var fields = 10_000
    /// Fields of all header blocks together.
    public var totalFields = 100_000
    /// Characters of a boundary. RFC 2046 §5.1.1 allows 70; longer ones are seen.
    public var boundaryBytes = 200
    /// Addresses read from one field.
    public var addresses = 50_000

    /// The standard limits.
    public init() {}

    /// The standard limits.
    public static let standard = MessageLimits()
}
