import COpenSSLShim

/// Bytes of a secret: a passphrase, a key file. Cleared when the last reference goes; never printed.
///
/// The memory is allocated once and never moved, so that no copy is left behind by growing.
public final class SecretBytes: Sendable {
    /// `nonisolated(unsafe)` is sound: the memory is filled in `init` and only read until `deinit`.
    nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer
    /// How many bytes there are.
    public let count: Int

    /// Copies bytes; the caller's own copy is the caller's to clear.
    public convenience init(_ bytes: some Collection<UInt8>) {
        self.init(capacity: bytes.count) { buffer in
            buffer.copyBytes(from: bytes)
            return bytes.count
        }
    }

    /// Copies the UTF-8 bytes of a text.
    public convenience init(_ text: String) { self.init(Array(text.utf8)) }

    /// Lets `fill` write up to `capacity` bytes and return how many it wrote.
    init(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        memory = .allocate(byteCount: max(capacity, 1), alignment: 1)
        count = fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity]))
    }

    deinit {
        mss_cleanse(memory.baseAddress, memory.count)
        memory.deallocate()
    }

    /// Lends the bytes; they must not be copied out.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
    /// Says that there is a secret, not which.
    public var description: String { "secret" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
