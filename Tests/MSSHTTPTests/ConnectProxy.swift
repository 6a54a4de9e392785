import NIOCore
import NIOPosix
import MSSCore

/// A proxy that opens every tunnel asked for (RFC 9110 §9.3.6) and plays the origin server itself, in clear: enough to
/// see what a client asks of a proxy.
final class ConnectProxy: Sendable {
    let port: Int
    private let listener: any Channel
    private let log: Log

    /// What the client wrote: the heads of its requests, without their header fields.
    var requestLines: [String] { log.lines.withLock { $0 } }

    static func start() async throws -> ConnectProxy {
        let log = Log()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler(log)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ConnectProxy(listener, log)
    }

    private init(_ listener: any Channel, _ log: Log) {
        self.listener = listener
        self.log = log
        port = listener.localAddress?.port ?? 0
    }

    func stop() async throws { try await listener.close() }

    private final class Log: Sendable {
        let lines = Guarded<[String]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let log: Log
        private var pending = ""

        init(_ log: Log) { self.log = log }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            pending += String(buffer: unwrapInboundIn(data))
            while let end = pending.firstRange(of: "\r\n\r\n") {
                let line = pending.prefix { $0 != "\r\n" }
                log.lines.withLock { $0.append(String(line)) }
                let answer =
                    line.hasPrefix("CONNECT ")
                    ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nproxied"
                pending.removeSubrange(..<end.upperBound)
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            }
        }
    }
}
