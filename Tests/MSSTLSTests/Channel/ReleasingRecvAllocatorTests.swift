import NIOCore
import Testing

@testable import MSSTLS

@Suite("Buffers of readings")
struct ReleasingRecvAllocatorTests {
    /// Reads as NIO's stream channels do: asks for a buffer, fills so much of it, tells how much that was.
    private func read(_ counts: [Int]) -> (sizes: [Int], kept: Int) {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReleasingRecvAllocator())
        var sizes: [Int] = []
        for count in counts {
            let (buffer, got) = pool.buffer(allocator: ByteBufferAllocator()) { buffer in
                buffer.writeRepeatingByte(0x78, count: min(count, buffer.writableBytes))
            }
            pool.record(actualReadBytes: got)
            sizes.append(buffer.capacity)
        }
        return (sizes, pool.count)
    }

    @Test("the first is small, the only one that is kept; the next grow and shrink with what arrives")
    func sizes() {
        let (sizes, kept) = read(Array(repeating: .max, count: 8) + Array(repeating: 10, count: 20))
        #expect(sizes.first == 128 && kept == 1)
        #expect(sizes[1...7] == [4096, 8192, 16_384, 32_768, 65_536, 65_536, 65_536])
        #expect(sizes.last == 1024)
    }

    @Test("whoever keeps what it has read keeps it unchanged")
    func independence() {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReleasingRecvAllocator())
        let held = (0..<5).map { number in
            let (buffer, got) = pool.buffer(allocator: ByteBufferAllocator()) {
                $0.writeRepeatingByte(UInt8(number), count: 100)
            }
            pool.record(actualReadBytes: got)
            return buffer
        }
        for (number, buffer) in held.enumerated() {
            #expect(Array(buffer.readableBytesView) == Array(repeating: UInt8(number), count: 100))
        }
    }
}
