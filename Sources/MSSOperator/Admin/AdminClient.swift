import Foundation
import MSSCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a running operator over its Unix socket.
public struct AdminClient: Sendable {
    /// The socket.
    public let socket: String
    /// The administrator's name, as declared; the operator decides whether it holds.
    public let administrator: String?
    private let timeout: Duration

    /// A client.
    public init(socket: String, administrator: String?, timeout: Duration = .seconds(120)) {
        self.socket = socket
        self.administrator = administrator
        self.timeout = timeout
    }

    /// Performs a command.
    ///
    /// - Throws: ``AdminFailure``: what the operator answered, or that it does not run.
    public func perform<Command: AdminCommand>(
        _ command: Command.Type, _ arguments: Command.Arguments, payload: [UInt8] = []
    ) async throws -> Command.Reply {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(
            Command.Reply.self, from: Data(try await ask(command, arguments, payload: payload)))
    }

    /// Performs a command; gives its JSON as it came.
    public func ask<Command: AdminCommand>(
        _ command: Command.Type, _ arguments: Command.Arguments, payload: [UInt8] = []
    ) async throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        var body = Array(try encoder.encode(arguments))
        if Command.payloadLimit > 0 { body += [0x0A] + payload }
        let (status, answer) = try await exchange(AdminServer.prefix + Command.name, body)
        guard status == 200 else {
            let told = try? JSONDecoder().decode(AdminFailure.Body.self, from: Data(answer))
            throw AdminFailure(
                status, told?.explication ?? String(decoding: answer.prefix(500), as: UTF8.self),
                requirement: told?.exigence.flatMap { RequirementID($0) }, detail: "status \(status)")
        }
        return answer
    }

    /// One request, one connection.
    func exchange(_ path: String, _ body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
        let socket = socket
        let channel: any Channel
        let gathered = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: (Int, [UInt8]).self)
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(AdminReply(gathered))
                    }
                }
                .connect(unixDomainSocketPath: socket).get()
        } catch {
            gathered.fail(error)
            throw AdminFailure(
                503,
                "L'opérateur ne répond pas sur \(socket) : vérifiez qu'il tourne (systemctl status mss-operator) "
                    + "et que vous avez accès à cette socket.", detail: "\(error)")
        }
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
        head.headers = [
            "Host": "localhost", "Content-Type": "application/json", "Content-Length": "\(body.count)",
            "Connection": "close",
        ]
        if let administrator { head.headers.add(name: "MSS-Administrateur", value: administrator) }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
        defer { deadline.cancel() }
        do { return try await gathered.futureResult.get() } catch {
            throw AdminFailure(503, "L'opérateur n'a pas répondu à temps ou s'est arrêté.", detail: "\(error)")
        }
    }
}

/// Gathers one response.
private final class AdminReply: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<(Int, [UInt8])>
    private var status = 0
    private var body: [UInt8] = []
    private var isDone = false

    init(_ promise: EventLoopPromise<(Int, [UInt8])>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let piece): body += piece.readableBytesView
        case .end:
            isDone = true
            promise.succeed((status, body))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { promise.fail(ChannelError.eof) }
        isDone = true
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isDone { promise.fail(error) }
        isDone = true
        context.close(promise: nil)
    }
}
