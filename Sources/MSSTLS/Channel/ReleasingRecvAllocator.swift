public import NIOCore

/// Gives each reading of a channel a buffer of its own, of a size that follows what arrives.
///
/// NIO keeps the buffer of a channel's last reading for the next one, as large as it has ever grown: 64 KB for each
/// idle connection that has once received a large message. Here nothing is kept but the first buffer, which is small.
/// A small allocation costs little beside a system call; large ones come from ``SpareBuffers``.
public struct ReleasingRecvAllocator: RecvByteBufferAllocator {
    /// The first buffer, kept by NIO as long as the channel lives.
    private static let first = 128

    private var adaptive: AdaptiveRecvByteBufferAllocator
    private var hasRead = false

    /// An allocator.
    ///
    /// - Parameters:
    ///   - initial: octets of the second reading; the first is smaller.
    ///   - maximum: the most octets of a reading.
    public init(initial: Int = 4096, maximum: Int = 65_536) {
        adaptive = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: initial, maximum: maximum)
    }

    /// A new buffer.
    public func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard hasRead, let size = adaptive.nextBufferSize() else { return allocator.buffer(capacity: Self.first) }
        return SpareBuffers.take(size, allocator)
    }

    /// Says that the next buffer must be a new one.
    public mutating func record(actualReadBytes: Int) -> Bool {
        if hasRead { _ = adaptive.record(actualReadBytes: actualReadBytes) }
        hasRead = true
        return true
    }

    /// None: the size would have NIO use the kept buffer again, and keep it grown.
    public func nextBufferSize() -> Int? { nil }
}
