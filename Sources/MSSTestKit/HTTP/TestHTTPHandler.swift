internal import MSSCore
internal import NIOCore
internal import NIOHTTP1

/// Collects a request, asks for the answer, writes it.
final class TestHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request body beyond this is refused: tests send small ones.
    static let maximumRequestBody = 1 << 20

    private struct Stream {
        var block: ByteBuffer
        var remaining: Int
    }

    private let handler: TestHTTPServer.Handler
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var stream: Stream?

    init(_ handler: @escaping TestHTTPServer.Handler) { self.handler = handler }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            body += buffer.readableBytesView
            if body.count > Self.maximumRequestBody { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            let request = TestHTTPRequest(
                method: head.method.rawValue, target: head.uri,
                headers: head.headers.map { HTTPField($0.name, $0.value) }, body: body)
            answer(handler(request), to: head, context: context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pump(context: context)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ answer: TestHTTPAnswer, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        switch answer {
        case .response(let status, let headers, let body):
            write(status: status, headers: headers, length: body.count, context: context)
            if head.method != .HEAD, !body.isEmpty { write(body, context: context) }
            let promise = head.isKeepAlive ? nil : context.eventLoop.makePromise(of: Void.self)
            promise?.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
        case .truncated(let headers, let body, let count):
            write(status: 200, headers: headers, length: body.count, context: context)
            write(Array(body.prefix(count)), context: context)
            context.flush()
            // No `.end`: the connection closes with bytes still owed.
            context.close(promise: nil)
        case .endless(let headers, let prefix, let block, let length):
            write(status: 200, headers: headers, length: nil, context: context)
            write(prefix, context: context)
            stream = Stream(block: ByteBuffer(bytes: block), remaining: max(0, length - prefix.count))
            pump(context: context)
        case .slow(let headers, let body, let step, let pause):
            write(status: 200, headers: headers, length: body.count, context: context)
            context.flush()
            drip(body[...], step: max(1, step), pause: TimeAmount(pause), context: context)
        case .silence: break
        case .close: context.close(promise: nil)
        }
    }

    private func write(status: Int, headers: [HTTPField], length: Int?, context: ChannelHandlerContext) {
        var fields = HTTPHeaders(headers.map { ($0.name, $0.value) })
        if let length {
            fields.replaceOrAdd(name: "content-length", value: String(length))
        } else {
            fields.replaceOrAdd(name: "transfer-encoding", value: "chunked")
        }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func write(_ bytes: [UInt8], context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    }

    /// Writes blocks of an endless body while the peer takes them.
    private func pump(context: ChannelHandlerContext) {
        while context.channel.isWritable, var stream {
            if stream.remaining <= 0 {
                self.stream = nil
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                return
            }
            stream.remaining -= stream.block.readableBytes
            self.stream = stream
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(stream.block))), promise: nil)
        }
    }

    /// Writes a body step by step; an inactive channel ends it.
    private func drip(_ body: ArraySlice<UInt8>, step: Int, pause: TimeAmount, context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        guard !body.isEmpty else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            return
        }
        write(Array(body.prefix(step)), context: context)
        context.flush()
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.drip(body.dropFirst(step), step: step, pause: pause, context: context)
        }
    }
}
