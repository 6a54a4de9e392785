import MSSTLS
import NIOCore
import NIOPosix

/// A TLS server and nothing more, as `mss-bench tls` measures it: what our SMTP server is compared with, in the same
/// process and under the same load.
///
/// A connection says in eight octets how many will follow, and is answered by one once they have.
final class BareTLSSink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var expected: Int?
    private var unread = ByteBuffer()
    private var got = 0

    static func listen(_ tls: TLSContext) async throws -> Int {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([TLSHandler(server: tls), BareTLSSink()])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get().localAddress!.port!
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        if expected == nil {
            unread.writeBuffer(&data)
            expected = unread.readInteger(as: Int.self)
            data = unread
        }
        guard let expected else { return }
        got += data.readableBytes
        if got == expected { context.writeAndFlush(NIOAny(ByteBuffer(integer: UInt8(1))), promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// The other side of ``BareTLSSink``; without octets to send it leaves once TLS is in place.
final class BareTLSSource: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let octets: Int
    private var left: Int
    private let started: EventLoopPromise<ContinuousClock.Instant>
    private let done: EventLoopPromise<Void>
    private let piece = ByteBuffer(repeating: 0x78, count: 64 << 10)
    private var isOpen = false

    init(_ octets: Int, _ started: EventLoopPromise<ContinuousClock.Instant>, _ done: EventLoopPromise<Void>) {
        self.octets = octets
        left = octets
        self.started = started
        self.done = done
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSEstablished else { return }
        isOpen = true
        started.succeed(.now)
        guard octets > 0 else { return finish(context) }
        context.write(NIOAny(ByteBuffer(integer: octets)), promise: nil)
        pump(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pump(context) }

    private func pump(_ context: ChannelHandlerContext) {
        while isOpen, left > 0, context.channel.isWritable {
            let part = piece.getSlice(at: 0, length: min(left, piece.readableBytes))!
            left -= part.readableBytes
            context.writeAndFlush(NIOAny(part), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { finish(context) }

    private func finish(_ context: ChannelHandlerContext) {
        done.succeed()
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        started.fail(error)
        done.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        started.fail(ChannelError.eof)
        done.fail(ChannelError.eof)
    }
}
