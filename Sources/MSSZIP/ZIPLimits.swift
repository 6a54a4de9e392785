/// What an archive may ask of its reader. Each limit is checked against what the archive declares when it is opened,
/// and again against what it really gives when it is read.
public struct ZIPLimits: Sendable, Hashable {
    /// Most entries. An IHE_XDM holds a few files a document; 65,535 is what 32-bit ZIP can count.
    public var entries = 10_000
    /// Longest entry name, in bytes as stored.
    public var nameBytes = 1_024
    /// Most folders above an entry.
    public var depth = 32
    /// Most bytes of one entry, expanded.
    public var entryBytes: UInt64 = 256 << 20
    /// Most bytes of all entries, expanded.
    public var totalBytes: UInt64 = 512 << 20
    /// Most times that an entry may expand, once it passes ``expansionFloor``. Deflate's own ceiling is about 1,032;
    /// repetitive XML stays under 100.
    public var expansion: UInt64 = 250
    /// Expanded size under which ``expansion`` is not judged: small files of zeros are harmless.
    public var expansionFloor: UInt64 = 1 << 20
    /// Archives within archives that may be opened, one inside another.
    public var nesting = 3

    /// The default limits.
    public init() {}
}

/// What is left to spend while reading an archive and the archives nested in it.
///
/// One budget goes through a whole message, so that a bomb made of many small archives, side by side or one inside
/// another, meets the same ceiling as a single large one.
public struct ZIPBudget: Sendable, Hashable {
    /// Expanded bytes that may still be produced.
    public private(set) var bytes: UInt64
    /// Levels of archive that may still be entered.
    public private(set) var nesting: Int

    /// The whole of what `limits` allow.
    public init(_ limits: ZIPLimits = ZIPLimits()) {
        bytes = limits.totalBytes
        nesting = limits.nesting
    }

    /// Takes `count` bytes, or throws ``ZIPError/Reason/archiveTooLarge``.
    mutating func spend(_ count: Int, entry: Int) throws(ZIPError) {
        guard UInt64(count) <= bytes else {
            bytes = 0
            throw ZIPError(.archiveTooLarge, entry: entry)
        }
        bytes -= UInt64(count)
    }

    /// Runs `body` with a budget that shares these bytes and has one level of nesting less: open in it an archive that
    /// was found inside another.
    public mutating func nested<Result>(_ body: (inout ZIPBudget) throws -> Result) throws -> Result {
        guard nesting > 0 else { throw ZIPError(.nestedTooDeep) }
        var inner = self
        inner.nesting -= 1
        defer { bytes = inner.bytes }
        return try body(&inner)
    }
}
