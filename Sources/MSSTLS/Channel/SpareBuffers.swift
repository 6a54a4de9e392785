import MSSCore
import NIOCore

/// Buffers of large readings, used again: those of ciphertext, and those of plaintext once nobody holds them any longer.
///
/// A buffer of 64 KB that is freed goes back to the system, which then has to give its pages again, cleared: a quarter
/// of the time that a stream of large messages takes. Small buffers, of commands and of idle connections, are none of
/// its business.
enum SpareBuffers {
    /// Capacity of each in octets: the most that one reading brings.
    private static let capacity = 64 << 10
    /// Buffers kept, free or still held by somebody: 1 MB for the whole process.
    private static let limit = 16

    /// The one given last is at the end, and taken first: it is most likely in the processor's cache.
    private static let spares = Guarded<[ByteBuffer]>([])

    /// An empty buffer of at least this capacity.
    static func take(_ capacity: Int, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard capacity > Self.capacity / 2, capacity <= Self.capacity else {
            return allocator.buffer(capacity: capacity)
        }
        let spare: ByteBuffer? = spares.withLock { spares in
            for index in spares.indices.reversed()
            where spares[index].modifyIfUniquelyOwned({ $0.clear() }) != nil {
                return spares.remove(at: index)
            }
            return nil
        }
        return spare ?? allocator.buffer(capacity: Self.capacity)
    }

    /// Takes back a buffer. One that somebody else still holds is used again once he has let it go.
    static func give(_ buffer: consuming ByteBuffer) {
        guard buffer.storageCapacity == Self.capacity else { return }
        let spare = buffer
        spares.withLock { spares in
            if spares.count == limit { spares.removeFirst() }
            spares.append(spare)
        }
    }
}
