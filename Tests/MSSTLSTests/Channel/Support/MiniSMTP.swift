import MSSTLS
import NIOCore
import NIOPosix

/// The little of SMTP that STARTTLS tests need: a server that takes one message a session, and a client that sends one.
final class MiniSMTPServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let tls: TLSContext
    private let report: @Sendable (Outcome) -> Void
    private var outcome = Outcome()
    private var unread = ByteBuffer()
    private var isSecure = false
    private var inData = false

    init(_ tls: TLSContext, report: @escaping @Sendable (Outcome) -> Void) {
        self.tls = tls
        self.report = report
    }

    static func start(_ configuration: TLSConfiguration) async throws -> (
        channel: any Channel, outcomes: AsyncStream<Outcome>
    ) {
        let tls = try TLSContext(configuration)
        let (outcomes, continuation) = AsyncStream.makeStream(of: Outcome.self)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(MiniSMTPServer(tls) { continuation.yield($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return (channel, outcomes)
    }

    func channelActive(context: ChannelHandlerContext) { say(context, "220 mini ESMTP") }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unread.writeImmutableBuffer(unwrapInboundIn(data))
        while let line = unread.readLine() {
            if inData {
                if line == "." {
                    inData = false
                    say(context, "250 taken")
                } else {
                    outcome.received += Array("\(line)\n".utf8)
                }
                continue
            }
            switch line.uppercased().prefix(4) {
            case "EHLO": say(context, isSecure ? "250 mini" : "250-mini\r\n250 STARTTLS")
            case "STAR": startTLS(context)
            case "MAIL" where !isSecure: say(context, "530 5.7.0 Must issue a STARTTLS command first")
            case "DATA":
                inData = true
                say(context, "354 go on")
            case "QUIT":
                say(context, "221 bye")
                context.close(promise: nil)
            default: say(context, "250 ok")
            }
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        do {
            let handler = try TLSHandler(server: tls)
            if unread.readableBytes == 0 { say(context, "220 go ahead") }
            try handler.startTLS(context.pipeline.syncOperations, unread: unread.readableBytes)
            isSecure = true
        } catch {
            errorCaught(context: context, error: error)
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSEstablished { outcome.facts = event.facts }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure { outcome.failures.append(failure) }
    }

    func channelInactive(context: ChannelHandlerContext) { report(outcome) }

    private func say(_ context: ChannelHandlerContext, _ text: String) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: text + "\r\n")), promise: nil)
    }
}

/// Sends commands one by one, STARTTLS in place, and keeps the replies.
final class MiniSMTPClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let tls: TLSContext
    private var commands: [String]
    private let report: @Sendable (Outcome) -> Void
    private var outcome = Outcome()
    private var unread = ByteBuffer()
    private var awaitsTLS = false

    init(_ tls: TLSContext, _ commands: [String], report: @escaping @Sendable (Outcome) -> Void) {
        self.tls = tls
        self.commands = commands
        self.report = report
    }

    static func run(_ port: Int, _ configuration: TLSConfiguration, _ commands: [String]) async throws -> Outcome {
        let tls = try TLSContext(configuration)
        let (outcomes, continuation) = AsyncStream.makeStream(of: Outcome.self)
        _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        MiniSMTPClient(tls, commands) { continuation.yield($0) })
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        for await outcome in outcomes { return outcome }
        return Outcome()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unread.writeImmutableBuffer(unwrapInboundIn(data))
        while let line = unread.readLine() {
            outcome.received += Array("\(line)\n".utf8)
            if line.dropFirst(3).first == "-" { continue }
            if awaitsTLS {
                awaitsTLS = false
                do {
                    try TLSHandler(client: tls, serverName: nil)
                        .startTLS(context.pipeline.syncOperations, unread: unread.readableBytes)
                } catch {
                    errorCaught(context: context, error: error)
                    return context.close(promise: nil)
                }
            } else {
                next(context)
            }
        }
    }

    private func next(_ context: ChannelHandlerContext) {
        guard !commands.isEmpty else { return context.close(promise: nil) }
        let command = commands.removeFirst()
        awaitsTLS = command == "STARTTLS"
        context.writeAndFlush(NIOAny(ByteBuffer(string: command + "\r\n")), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSEstablished else { return }
        outcome.facts = event.facts
        next(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure { outcome.failures.append(failure) }
    }

    func channelInactive(context: ChannelHandlerContext) { report(outcome) }
}

extension ByteBuffer {
    fileprivate mutating func readLine() -> String? {
        guard let end = readableBytesView.firstIndex(of: 0x0A) else { return nil }
        let line = readString(length: end - readerIndex + 1)!
        return line.hasSuffix("\r\n") ? String(line.dropLast()) : String(line.dropLast())
    }
}
