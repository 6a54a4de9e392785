import MSSCore
import MSSSASL
import MSSSMTP
import MSSTLS
import NIOCore
import NIOPosix

/// A load of SMTP sessions: each its own connection, all at once.
struct SMTPLoad: Sendable {
    struct Plan: Sendable {
        var from: String
        var to: String
        var messages: Int
        var size: Int
        var token: (user: String, token: String)?
    }

    let host: String
    let port: Int
    let tls: TLSContext?
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(host: String, port: Int, tls: TLSContext?) {
        self.host = host
        self.port = port
        self.tls = tls
    }

    /// A context that shows a certificate and accepts any server: a load generator's, not a mail server's.
    static func trustingContext(certificate: String?, key: String?) throws -> TLSContext {
        var identity: TLSIdentity?
        if let certificate, let key { identity = try TLSIdentity(certificateFile: certificate, keyFile: key) }
        return try TLSContext(.client(policy: .operator(.v1_6), identity: identity, verifier: AnyServer()))
    }

    private struct AnyServer: PeerVerifier {
        func verify(_ peer: PresentedPeer, at time: Timestamp) -> PeerVerdict {
            guard let certificate = try? Certificate(peer) else {
                return .refused(.noCertificate)
            }
            return .accepted(VerifiedPeer(certificate: certificate, chain: [certificate], revocation: .notChecked))
        }
    }

    /// A message of that many octets.
    static func message(_ size: Int) -> ByteBuffer {
        var buffer = ByteBuffer(string: "Subject: load\r\n\r\n")
        let line = String(repeating: "x", count: 74) + "\r\n"
        while buffer.readableBytes + 76 < size { buffer.writeString(line) }
        buffer.writeString(String(repeating: "y", count: max(0, size - 2 - buffer.readableBytes)) + "\r\n")
        return buffer
    }

    /// A message of that many octets with the dot that ends it.
    static func content(_ size: Int) -> ByteBuffer {
        var buffer = message(size)
        buffer.writeString(".\r\n")
        return buffer
    }

    /// Runs all sessions to their end; returns the seconds it took.
    func run(sessions: Int, _ plan: Plan) async throws -> Double {
        let content = Self.content(plan.size)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<sessions { group.addTask { try await connect(plan, content, holds: false).done.get() } }
            try await group.waitForAll()
        }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// Opens sessions one after the other, `inFlight` at a time, for so many seconds; returns how many in a second. Each
    /// ends as soon as it is open: in clear words and TLS, or TLS alone. Enough at a time that no core waits for an
    /// answer: what an operator's server can do, not how long one client waits.
    func rate(bare: Bool, seconds: Double, inFlight: Int) async throws -> Double {
        let plan = Plan(from: "", to: "", messages: 0, size: 0)
        let start = ContinuousClock.now
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now - start < .seconds(seconds) {
                        if bare {
                            try await sendBare(0)
                        } else {
                            try await connect(plan, ByteBuffer(), holds: false).done.get()
                        }
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// Sends octets over TLS and nothing else, to a ``BareTLSSink``; returns the seconds from the first to the answer.
    @discardableResult
    func sendBare(_ octets: Int) async throws -> Double {
        let loop = group.next()
        let done = loop.makePromise(of: Void.self)
        let started = loop.makePromise(of: ContinuousClock.Instant.self)
        do {
            _ = try await ClientBootstrap(group: loop)
                .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            TLSHandler(client: tls!, serverName: nil), BareTLSSource(octets, started, done),
                        ])
                    }
                }
                .connect(host: host, port: port).get()
        } catch {
            started.fail(error)
            done.fail(error)
            throw error
        }
        try await done.futureResult.get()
        return try await (ContinuousClock.now - started.futureResult.get()) / .seconds(1)
    }

    /// Opens sessions, sends the plan's messages and leaves them idle.
    func hold(_ sessions: Int, _ plan: Plan) async throws -> [any Channel] {
        let content = Self.content(plan.size)
        var channels: [any Channel] = []
        for _ in 0..<sessions {
            let (channel, done) = try await connect(plan, content, holds: true)
            try await done.get()
            channels.append(channel)
        }
        return channels
    }

    private func connect(
        _ plan: Plan, _ content: ByteBuffer, holds: Bool
    ) async throws -> (channel: any Channel, done: EventLoopFuture<Void>) {
        let loop = group.next()
        let done = loop.makePromise(of: Void.self)
        do {
            let channel = try await ClientBootstrap(group: loop)
                .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            LoadSession(plan, content, tls, holds: holds, done: done))
                    }
                }
                .connect(host: host, port: port).get()
            return (channel, done.futureResult)
        } catch {
            done.fail(error)
            throw error
        }
    }
}

/// One session of the load: counts replies, and stops at the first that is a refusal.
private final class LoadSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private enum Step {
        case greeting, hello, startTLS, securing, securedHello, authentication, envelope, content, quit
    }

    private let plan: SMTPLoad.Plan
    private let content: ByteBuffer
    private let tls: TLSContext?
    private let holds: Bool
    private let done: EventLoopPromise<Void>
    private var step = Step.greeting
    private var expected = 1
    private var sent = 0
    private var unread = ByteBuffer()
    private var rest = ByteBuffer()
    private var isFinished = false

    init(_ plan: SMTPLoad.Plan, _ content: ByteBuffer, _ tls: TLSContext?, holds: Bool, done: EventLoopPromise<Void>) {
        self.plan = plan
        self.content = content
        self.tls = tls
        self.holds = holds
        self.done = done
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unread.writeImmutableBuffer(unwrapInboundIn(data))
        while let feed = unread.readableBytesView.firstIndex(of: 0x0A) {
            let line = unread.readString(length: feed - unread.readerIndex + 1)!
            guard line.utf8.dropFirst(3).first != UInt8(ascii: "-") else { continue }
            guard let first = line.first, "23".contains(first) else { return fail(context, BenchFailure(line)) }
            expected -= 1
            if expected == 0 { advance(context) }
        }
    }

    private func advance(_ context: ChannelHandlerContext) {
        switch step {
        case .greeting: say("EHLO load\r\n", .hello, context)
        case .hello where tls != nil: say("STARTTLS\r\n", .startTLS, context)
        case .startTLS:
            step = .securing
            do {
                try TLSHandler(client: tls!, serverName: nil)
                    .startTLS(context.pipeline.syncOperations, unread: unread.readableBytes)
            } catch { fail(context, error) }
        case .hello, .securedHello:
            if let token = plan.token, let credentials = XOAUTH2Credentials(user: token.user, token: token.token) {
                say("AUTH XOAUTH2 \(credentials.message.base64)\r\n", .authentication, context)
            } else {
                next(context)
            }
        case .authentication: next(context)
        case .envelope:
            step = .content
            expected = 1
            rest = content
            pump(context)
        case .content: next(context)
        case .securing, .quit: finish(context)
        }
    }

    private func next(_ context: ChannelHandlerContext) {
        guard sent < plan.messages else { return holds ? done.succeed() : say("QUIT\r\n", .quit, context) }
        sent += 1
        say("MAIL FROM:<\(plan.from)>\r\nRCPT TO:<\(plan.to)>\r\nDATA\r\n", .envelope, context)
        expected = 3
    }

    private func say(_ text: String, _ step: Step, _ context: ChannelHandlerContext) {
        self.step = step
        expected = 1
        context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
    }

    private func pump(_ context: ChannelHandlerContext) {
        while rest.readableBytes > 0, context.channel.isWritable {
            let piece = rest.readSlice(length: min(rest.readableBytes, 64 << 10))!
            context.writeAndFlush(NIOAny(piece), promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pump(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSEstablished { say("EHLO load\r\n", .securedHello, context) }
    }

    func channelInactive(context: ChannelHandlerContext) { fail(context, BenchFailure("connection ended: \(step)")) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, error) }

    private func finish(_ context: ChannelHandlerContext) {
        isFinished = true
        done.succeed()
        context.close(promise: nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        guard !isFinished else { return }
        isFinished = true
        done.fail(error)
        context.close(promise: nil)
    }
}
