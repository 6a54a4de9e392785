import CZlibShim
import NIOCore

/// `COMPRESS=DEFLATE` (RFC 4978): a raw deflate stream each way, every flush at an octet's end.
///
/// What a peer's octets expand to is passed on in pieces, and only as far as it is read: a bomb of zeros costs one piece
/// at a time.
final class DeflateHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let deflater: OpaquePointer
    private let inflater: OpaquePointer
    private var input = ByteBuffer()
    /// Reads asked for and not answered.
    private var wantsRead = false
    private static let piece = 32 << 10

    struct Failure: Error {}

    init() throws {
        guard let deflater = mss_zlib_deflate_new(6) else { throw Failure() }
        guard let inflater = mss_zlib_inflate_new() else {
            mss_zlib_free(deflater)
            throw Failure()
        }
        (self.deflater, self.inflater) = (deflater, inflater)
    }

    deinit {
        mss_zlib_free(deflater)
        mss_zlib_free(inflater)
    }

    func read(context: ChannelHandlerContext) {
        wantsRead = true
        inflate(context)
        if wantsRead { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        input.writeImmutableBuffer(unwrapInboundIn(data))
        inflate(context)
    }

    /// Passes one piece on when one was asked for.
    private func inflate(_ context: ChannelHandlerContext) {
        guard wantsRead else { return }
        var output = context.channel.allocator.buffer(capacity: Self.piece)
        var status = Int32(mss_zlib_more.rawValue)
        let consumed = input.withUnsafeReadableBytes { source -> Int in
            var consumed = 0
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.piece) { target in
                let step = mss_zlib_inflate(
                    inflater, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
                    target.baseAddress!.assumingMemoryBound(to: UInt8.self), min(target.count, Self.piece))
                (consumed, status) = (step.consumed, step.status)
                return step.produced
            }
            return consumed
        }
        input.moveReaderIndex(forwardBy: consumed)
        if input.readableBytes == 0 { input = ByteBuffer() }
        guard status == Int32(mss_zlib_more.rawValue) else {
            // The stream has no end of its own (RFC 4978 §4), and damage cannot be mended.
            context.fireErrorCaught(Failure())
            return
        }
        guard output.readableBytes > 0 else { return }
        wantsRead = false
        context.fireChannelRead(wrapInboundOut(output))
        context.fireChannelReadComplete()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Octets that made nothing whole yet: more are needed.
        if wantsRead { context.read() }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let octets = unwrapOutboundIn(data)
        var output = context.channel.allocator.buffer(capacity: octets.readableBytes / 2 + 64)
        octets.withUnsafeReadableBytes { source in
            var offset = 0
            var isDone = false
            while !isDone {
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.piece) { target in
                    let step = mss_zlib_deflate_flush(
                        deflater, source.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self),
                        source.count - offset, target.baseAddress!.assumingMemoryBound(to: UInt8.self), target.count)
                    offset += step.consumed
                    // Room left: all that was pending is out.
                    isDone = offset == source.count && step.produced < target.count
                    return step.produced
                }
            }
        }
        context.write(wrapOutboundOut(output), promise: promise)
    }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension DeflateHandler: Sendable {}
