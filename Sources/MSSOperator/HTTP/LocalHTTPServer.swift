import Glibc
import Logging
import MSSConnector
import MSSCore
import MSSSessions
import MSSTLS
import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP/1.1 server for this machine, or over TLS for others: one request a connection, everything bounded:
/// connections, header, body, time.
final class LocalHTTPServer: Sendable {
    /// What a server may cost.
    struct Limits: Sendable {
        var connections = 16
        /// Time from the connection to the whole request.
        var requestTime = TimeAmount.seconds(30)
        /// The largest body of a request to a path.
        var body: @Sendable (String) -> Int = { _ in 0 }
    }

    private let channel: any Channel
    private let table: ConnectionTable

    private init(_ channel: any Channel, _ table: ConnectionTable) {
        self.channel = channel
        self.table = table
    }

    static func start(
        _ address: ListeningAddress, limits: Limits = Limits(), tls: (@Sendable () -> TLSContext?)? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        answer: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) async throws -> LocalHTTPServer {
        let table = ConnectionTable(ConnectionLimits(connections: limits.connections, perPeer: limits.connections))
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard table.admit(channel) else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                }
                channel.closeFuture.whenComplete { _ in table.remove(channel) }
                return LocalHTTPServer.credentials(of: channel).flatMapThrowing { peer in
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        guard let context = tls() else { throw ChannelError.ioOnClosedChannel }
                        try pipeline.addHandler(TLSHandler(server: context))
                    }
                    try pipeline.addHandlers(
                        HTTPResponseEncoder(),
                        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                        LocalHTTPHandler(peer: peer, limits: limits, answer: answer))
                }
            }
        return LocalHTTPServer(try await bootstrap.listen(at: address), table)
    }

    /// Where it listens.
    var address: SocketAddress? { channel.localAddress }

    /// Takes no further request; those under way are answered, for a second at most.
    func stop() async {
        try? await channel.close()
        await table.drain(grace: .seconds(1))
    }

    private static func credentials(of channel: any Channel) -> EventLoopFuture<PeerCredentials?> {
        guard channel.localAddress?.protocol == .unix, let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(nil)
        }
        let value: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return value.map { $0 }
    }
}

/// Gathers one request, has it answered, closes.
private final class LocalHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let peer: PeerCredentials?
    private let limits: LocalHTTPServer.Limits
    private let answer: @Sendable (LocalRequest) async -> LocalResponse
    private var request: LocalRequest?
    private var bodyLimit = 0
    private var isOver = false
    private var deadline: Scheduled<Void>?

    init(
        peer: PeerCredentials?, limits: LocalHTTPServer.Limits,
        answer: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) {
        self.peer = peer
        self.limits = limits
        self.answer = answer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: limits.requestTime) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let piece):
            guard let count = request?.body.count, count + piece.readableBytes <= bodyLimit else {
                return refuse(413, "Requête trop grande.", context)
            }
            request?.body.append(contentsOf: piece.readableBytesView)
        case .end:
            guard let request else { return }
            isOver = true
            deadline?.cancel()
            let (answer, channel) = (answer, context.channel)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            Task {
                let response = await answer(request)
                channel.eventLoop.execute { bound.value.send(response, channel) }
            }
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var headers: [String: String] = [:]
        for (name, value) in head.headers where headers.count < 64 { headers[name.lowercased()] = value }
        let path = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        request = LocalRequest(method: head.method.rawValue, path: String(path), headers: headers, body: [], peer: peer)
        bodyLimit = limits.body(String(path))
        if let length = headers["content-length"].flatMap({ Int($0) }), length > bodyLimit {
            return refuse(413, "Requête trop grande.", context)
        }
        // RFC 9110 §10.1.1: curl waits for this before a body of some size.
        if headers["expect"]?.lowercased() == "100-continue" {
            context.writeAndFlush(
                wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isOver, error is HTTPParserError else { return context.close(promise: nil) }
        refuse(400, "Requête illisible.", context)
    }

    private func refuse(_ status: Int, _ text: String, _ context: ChannelHandlerContext) {
        isOver = true
        deadline?.cancel()
        send(.text(status, text), context.channel)
    }

    private func send(_ response: LocalResponse, _ channel: any Channel) {
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: response.status))
        head.headers = [
            "Content-Type": response.contentType, "Content-Length": "\(response.body.count)", "Connection": "close",
            "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
        ]
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body))), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
}
