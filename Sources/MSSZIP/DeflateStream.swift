import CZlibShim

/// A raw deflate stream of zlib, one direction, owned by one user at a time.
final class DeflateStream {
    /// What one step did.
    struct Step {
        var consumed: Int
        var produced: Int
        var isComplete: Bool
    }

    private let stream: OpaquePointer

    /// A decompressor.
    static func inflating() throws(ZIPError) -> DeflateStream { try DeflateStream(mss_zlib_inflate_new()) }

    /// A compressor; `level` from 1 (fast) to 9 (small).
    static func deflating(level: Int) throws(ZIPError) -> DeflateStream {
        try DeflateStream(mss_zlib_deflate_new(CInt(level)))
    }

    private init(_ stream: OpaquePointer?) throws(ZIPError) {
        guard let stream else { throw ZIPError(.outOfMemory) }
        self.stream = stream
    }

    deinit { mss_zlib_free(stream) }

    /// Expands some of `input` into `output`.
    func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(ZIPError) -> Step {
        let (input, output) = (input.bindMemory(to: UInt8.self), output.bindMemory(to: UInt8.self))
        return try Self.step(
            mss_zlib_inflate(stream, input.baseAddress, input.count, output.baseAddress!, output.count))
    }

    /// Compresses some of `input` into `output`; `finish` once there is no input after this.
    func deflate(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, finish: Bool
    ) throws(ZIPError) -> Step {
        let (input, output) = (input.bindMemory(to: UInt8.self), output.bindMemory(to: UInt8.self))
        return try Self.step(
            mss_zlib_deflate(
                stream, input.baseAddress, input.count, output.baseAddress!, output.count, finish ? 1 : 0))
    }

    private static func step(_ step: mss_zlib_step) throws(ZIPError) -> Step {
        switch mss_zlib_status(rawValue: step.status) {
        case mss_zlib_bad_data: throw ZIPError(.corruptData)
        case mss_zlib_no_memory: throw ZIPError(.outOfMemory)
        case let status:
            return Step(consumed: step.consumed, produced: step.produced, isComplete: status == mss_zlib_end)
        }
    }
}
