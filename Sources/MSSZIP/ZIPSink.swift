import Glibc

/// Where a writer puts its archive, byte after byte.
public protocol ZIPSink {
    /// Takes bytes, in order.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ZIPError)
}

/// An archive in memory.
public struct ZIPMemorySink: ZIPSink {
    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// An empty sink.
    public init() {}

    /// Appends to ``bytes``.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

/// An archive in a file, a pipe or a socket: writes to a descriptor that the caller opened and closes.
public struct ZIPDescriptorSink: ZIPSink {
    private let descriptor: Int32

    /// A sink on an open descriptor.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes all of the bytes, blocking.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ZIPError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count > 0 {
                done += count
            } else if count < 0, errno != EINTR {
                throw ZIPError(.inputOutput, systemError: errno)
            }
        }
    }
}
