import MSSCore
import NIOCore

/// Buffers of large readings, used again.
///
/// A buffer of 64 KB that is freed goes back to the system, which then has to give its pages again, cleared: a quarter
/// of the time that a stream of large messages takes. Small buffers, of commands and of idle connections, are none of
/// its business.
enum SpareBuffers {
    /// Capacity of each in octets: the most that one reading brings.
    private static let capacity = 64 << 10
    /// Buffers kept: 512 KB for the whole process.
    private static let limit = 8

    private static let spares = Guarded<[ByteBuffer]>([])

    /// An empty buffer of at least this capacity.
    static func take(_ capacity: Int, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard capacity > Self.capacity / 2, capacity <= Self.capacity else {
            return allocator.buffer(capacity: capacity)
        }
        return spares.withLock { $0.popLast() } ?? allocator.buffer(capacity: Self.capacity)
    }

    /// Takes back a buffer that has been read. One that somebody else still holds is left to him.
    static func give(_ buffer: consuming ByteBuffer) {
        guard buffer.capacity >= Self.capacity / 2, buffer.storageCapacity == Self.capacity,
            buffer.modifyIfUniquelyOwned({ $0.clear() }) != nil
        else { return }
        let spare = buffer
        spares.withLock { if $0.count < limit { $0.append(spare) } }
    }
}
