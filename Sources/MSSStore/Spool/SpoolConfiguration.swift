public import MSSSMTP

/// How a spool writes.
public struct SpoolConfiguration: Sendable {
    /// Bytes of a segment file, from 64 KiB to 1 GiB.
    public var segmentSize: Int
    /// Octets of a message that are written at once, and read at once when it is sent: what a message takes in memory.
    public var chunkSize: Int
    /// Prepared files kept ready; at least one, which only the ends of deliveries may use when the disk is full.
    public var spares: Int
    /// Bytes that the spool's files take at most; beyond them it is full, as if the disk were. `nil` for no bound but the
    /// disk's.
    public var diskLimit: Int?
    /// What to do about damage found when the spool is opened.
    public var recovery: SpoolRecoveryChoice
    /// Told of everything unusual, on a thread of the spool's.
    public var onNotice: @Sendable (SpoolNotice) -> Void

    /// A configuration.
    public init(
        segmentSize: Int = 64 << 20, chunkSize: Int = 128 << 10, spares: Int = 2, diskLimit: Int? = nil,
        recovery: SpoolRecoveryChoice = .refuse, onNotice: @escaping @Sendable (SpoolNotice) -> Void = { _ in }
    ) {
        self.segmentSize = min(max(segmentSize, 64 << 10), 1 << 30) & ~(SpoolRecord.alignment - 1)
        self.chunkSize = min(max(chunkSize, 1 << 10), self.segmentSize / 4)
        self.spares = max(1, spares)
        self.diskLimit = diskLimit
        self.recovery = recovery
        self.onNotice = onNotice
    }
}

/// What to do about damage found when a spool is opened.
public enum SpoolRecoveryChoice: Sendable, Hashable {
    /// Refuse to open, naming what is wrong.
    case refuse
    /// Open with what can be read. Messages that miss a piece are held; what else was lost is told by notices.
    case salvage
}

/// Something unusual about a spool.
public enum SpoolNotice: Sendable, Hashable {
    /// The log ended in the middle of a write, which nobody was told had succeeded: so many bytes were cut off.
    case tornTail(path: String, offset: Int, bytes: Int)
    /// Bytes are not those that were written; opened in spite of it.
    case damaged(path: String, offset: Int, bytes: Int)
    /// A segment is not there; opened in spite of it.
    case missing(path: String)
    /// A message misses a piece, and is held.
    case messageDamaged(DeliveryID)
    /// No room for more messages; what is there can still be delivered.
    case full(path: String)
    /// A write failed: the spool takes nothing more until it is opened again.
    case unusable(String)
}
