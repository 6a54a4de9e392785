import Glibc
import MSSTLS
import NIOCore
import NIOPosix

/// A client of nothing but speed: sends a line, counts octets until the answer with its tag. The same for every server.
final class IMAPLoadClient: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<Handler>
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private init(_ channel: any Channel, _ handler: NIOLoopBound<Handler>) {
        (self.channel, self.handler) = (channel, handler)
    }

    /// Connects, begins TLS by `STARTTLS`, and logs in by a command.
    static func open(_ port: Int, login: String, _ tls: TLSContext) async throws -> IMAPLoadClient {
        let client = try await ClientBootstrap(group: group)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = Handler()
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return IMAPLoadClient(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
        try await client.run("STARTTLS")
        let channel = client.channel
        try await channel.eventLoop.submit {
            try TLSHandler(client: tls, serverName: nil).startTLS(channel.pipeline.syncOperations, unread: 0)
        }.get()
        try await client.run(login)
        return client
    }

    /// Runs a command; the octets of its answer.
    @discardableResult
    func run(_ command: String, literal: [UInt8]? = nil) async throws -> Int {
        let (loop, handler, channel) = (channel.eventLoop, handler, channel)
        return try await loop.flatSubmit {
            handler.value.begin(command, literal, channel)
        }.get()
    }

    /// What the last command was answered, when it was short.
    func answer() async throws -> String {
        let (loop, handler) = (channel.eventLoop, handler)
        return try await loop.submit { String(decoding: handler.value.kept, as: UTF8.self) }.get()
    }

    /// Begins to idle.
    func idle() async throws {
        let (loop, handler, channel) = (channel.eventLoop, handler, channel)
        try await loop.flatSubmit { handler.value.idle(channel) }.get()
    }

    /// When the next octets come while it idles.
    func nextNotice() -> EventLoopFuture<ContinuousClock.Instant> {
        let (loop, handler) = (channel.eventLoop, handler)
        return loop.flatSubmit { handler.value.nextNotice(loop) }
    }

    func close() { channel.close(promise: nil) }

    final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private var number = 0
        private var tag: [UInt8] = []
        private var done: EventLoopPromise<Int>?
        private var idling: EventLoopPromise<Void>?
        private var notice: EventLoopPromise<ContinuousClock.Instant>?
        private var octets = 0
        /// The beginning of the line under way.
        private var line: [UInt8] = []
        private(set) var kept: [UInt8] = []

        func begin(_ command: String, _ literal: [UInt8]?, _ channel: any Channel) -> EventLoopFuture<Int> {
            number += 1
            tag = Array("zq\(number) ".utf8)
            (octets, kept) = (0, [])
            let promise = channel.eventLoop.makePromise(of: Int.self)
            done = promise
            var text = ByteBuffer(string: "zq\(number) \(command)")
            if let literal {
                text.writeString(" {\(literal.count)+}\r\n")
                text.writeBytes(literal)
            }
            text.writeString("\r\n")
            channel.writeAndFlush(text, promise: nil)
            return promise.futureResult
        }

        func idle(_ channel: any Channel) -> EventLoopFuture<Void> {
            let promise = channel.eventLoop.makePromise(of: Void.self)
            idling = promise
            channel.writeAndFlush(ByteBuffer(string: "zi IDLE\r\n"), promise: nil)
            return promise.futureResult
        }

        func nextNotice(_ loop: any EventLoop) -> EventLoopFuture<ContinuousClock.Instant> {
            let promise = loop.makePromise(of: ContinuousClock.Instant.self)
            notice = promise
            return promise.futureResult
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let data = unwrapInboundIn(data)
            if let promise = idling {
                idling = nil
                return promise.succeed()
            }
            if let promise = notice {
                // A sign of life of the server is no news.
                guard data.readableBytesView.firstRange(of: "EXISTS".utf8) != nil else { return }
                notice = nil
                return promise.succeed(.now)
            }
            octets += data.readableBytes
            if kept.count < 4096 { kept += data.readableBytesView.prefix(4096) }
            data.withUnsafeReadableBytes { bytes in
                var start = 0
                while start < bytes.count {
                    let rest = bytes.baseAddress! + start
                    let end = memchr(rest, 10, bytes.count - start).map { UnsafeRawPointer($0) - rest + 1 }
                    let count = end ?? (bytes.count - start)
                    if line.count < 16 {
                        line += UnsafeRawBufferPointer(start: rest, count: min(count, 16 - line.count))
                    }
                    start += count
                    if end != nil {
                        if line.starts(with: tag), let promise = done { finish(promise) }
                        line.removeAll(keepingCapacity: true)
                    }
                }
            }
        }

        private func finish(_ promise: EventLoopPromise<Int>) {
            done = nil
            if line.dropFirst(tag.count).starts(with: "OK".utf8) {
                promise.succeed(octets)
            } else {
                promise.fail(BenchFailure("refused: \(String(decoding: kept.suffix(300), as: UTF8.self))"))
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            let failure = BenchFailure("the server left: \(String(decoding: kept.suffix(300), as: UTF8.self))")
            done?.fail(failure)
            idling?.fail(failure)
            notice?.fail(failure)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
