import MSSTLS
import NIOCore
import NIOPosix

/// A server on a real socket that does what a test's script says.
final class ScriptedSMTPServer: Sendable {
    enum Act: Sendable {
        /// A line and its CRLF.
        case say(String)
        /// Octets as they are.
        case raw(String)
        /// The same octets again and again, each time the socket has taken them, until the client is gone.
        case pour(String)
        case startTLS
        case close
        /// Reads nothing more.
        case stopReading
    }

    /// Called with `CONNECT`, each command line, and `.` at the end of a message; and the connection's number from 1.
    typealias Script = @Sendable (_ command: String, _ connection: Int) -> [Act]

    struct Log: Sendable {
        var connections = 0
        var open = 0
        var mostOpen = 0
        var commands: [String] = []
        var messages: [String] = []
        /// Octets that the socket has taken of what was poured.
        var poured = 0
    }

    let port: Int
    private let channel: any Channel
    private let shared: Shared<Log>
    var log: Log { shared.value }

    static func start(
        tls: TLSContext? = nil, script: @escaping Script = ScriptedSMTPServer.wellBehaved
    ) async throws -> ScriptedSMTPServer {
        let shared = Shared(Log())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = shared.update {
                        $0.connections += 1
                        return $0.connections
                    }
                    let handler = ScriptedHandler(script, number, tls, shared)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedSMTPServer(channel, shared)
    }

    private init(_ channel: any Channel, _ shared: Shared<Log>) {
        self.channel = channel
        self.shared = shared
        port = channel.localAddress!.port!
    }

    func stop() async throws { try await channel.close().get() }

    /// Offers STARTTLS and takes everything.
    static let wellBehaved: Script = { command, _ in
        switch command.prefix(4) {
        case "CONN": [.say("220 mx.d.test ESMTP")]
        case "EHLO", "LHLO": [.say(Dialogue.ehlo(["STARTTLS", "PIPELINING", "8BITMIME", "SIZE"], name: "mx.d.test"))]
        case "STAR": [.say("220 go ahead"), .startTLS]
        case "DATA": [.say("354 go ahead")]
        case "QUIT": [.say("221 bye"), .close]
        default: [.say("250 2.0.0 ok")]
        }
    }

    /// As `wellBehaved`, but for the commands that `change` answers.
    static func but(_ change: @escaping @Sendable (String, Int) -> [Act]?) -> Script {
        { change($0, $1) ?? wellBehaved($0, $1) }
    }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let script: ScriptedSMTPServer.Script
    private let number: Int
    private let tls: TLSContext?
    private let log: Shared<ScriptedSMTPServer.Log>
    private var received: [UInt8] = []
    private var message: [UInt8]?

    init(
        _ script: @escaping ScriptedSMTPServer.Script, _ number: Int, _ tls: TLSContext?,
        _ log: Shared<ScriptedSMTPServer.Log>
    ) {
        self.script = script
        self.number = number
        self.tls = tls
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) {
        log.update {
            $0.open += 1
            $0.mostOpen = max($0.mostOpen, $0.open)
        }
        handle("CONNECT", context)
    }

    func channelInactive(context: ChannelHandlerContext) { log.update { $0.open -= 1 } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytesView
        while let end = received.firstIndex(of: 0x0A) {
            let line = Array(received[..<end])
            received.removeFirst(end + 1)
            let text = String(decoding: line.last == 0x0D ? line.dropLast() : line[...], as: UTF8.self)
            if message != nil, text != "." {
                message! += line + [0x0A]
            } else {
                if let message { log.update { $0.messages.append(String(decoding: message, as: UTF8.self)) } }
                message = nil
                handle(text, context)
            }
        }
    }

    private func handle(_ command: String, _ context: ChannelHandlerContext) {
        log.update { $0.commands.append(command) }
        for act in script(command, number) {
            switch act {
            case .say(let line):
                if line.hasPrefix("354") { message = [] }
                send(line + "\r\n", context)
            case .raw(let text): send(text, context)
            case .pour(let text): pour(ByteBuffer(string: text), context)
            case .startTLS:
                // the test fails with it
                if let tls { try! TLSHandler(server: tls).startTLS(context.pipeline.syncOperations, unread: 0) }
            case .close: context.close(promise: nil)
            case .stopReading: _ = context.channel.setOption(.autoRead, value: false)
            }
        }
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
    }

    private func pour(_ piece: ByteBuffer, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.writeAndFlush(NIOAny(piece)).whenSuccess {
            let (handler, context) = bound.value
            handler.log.update { $0.poured += piece.readableBytes }
            handler.pour(piece, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
