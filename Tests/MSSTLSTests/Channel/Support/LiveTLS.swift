import MSSTLS
import NIOCore
import NIOPosix

/// How one side of a connection over real sockets behaves once established.
struct Behaviour: Sendable {
    /// Sent as soon as the session is established.
    var greeting: String?
    /// Whether what comes is sent back.
    var echoes = false
    /// The session is closed once it has received this many bytes.
    var closesAfter: Int?
    /// Called when established.
    var established: (@Sendable (TLSSessionFacts) -> Void)?

    static let echo = Behaviour(echoes: true)
    /// Says something, and leaves once it came back.
    static func asks(_ text: String) -> Behaviour { Behaviour(greeting: text, closesAfter: text.utf8.count) }
}

/// How a session went, once its connection has ended.
struct Outcome: Sendable {
    var facts: TLSSessionFacts?
    var received: [UInt8] = []
    var failures: [TLSFailure] = []

    var text: String { String(decoding: received, as: UTF8.self) }
    var kinds: [TLSFailure.Kind] { failures.map(\.kind) }
}

/// The last handler of the pipeline: behaves, and reports at the end.
final class LiveSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let behaviour: Behaviour
    private let report: @Sendable (Outcome) -> Void
    private var outcome = Outcome()

    init(_ behaviour: Behaviour, report: @escaping @Sendable (Outcome) -> Void) {
        self.behaviour = behaviour
        self.report = report
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSEstablished else { return }
        outcome.facts = event.facts
        behaviour.established?(event.facts)
        if let greeting = behaviour.greeting {
            context.writeAndFlush(NIOAny(ByteBuffer(string: greeting)), promise: nil)
        }
        if behaviour.closesAfter == 0 { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let data = unwrapInboundIn(data)
        outcome.received += data.readableBytesView
        if behaviour.echoes { context.writeAndFlush(NIOAny(data), promise: nil) }
        if let count = behaviour.closesAfter, outcome.received.count >= count { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure { outcome.failures.append(failure) }
    }

    func channelInactive(context: ChannelHandlerContext) { report(outcome) }
}

/// A TLS server on loopback; the outcomes of its sessions come in the order in which they end.
final class LiveServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let outcomes: AsyncStream<Outcome>

    static func start(
        _ configuration: TLSConfiguration = .testServer(), _ behaviour: Behaviour = .echo
    ) async throws -> LiveServer {
        try await start(ReloadableTLSContext(TLSContext(configuration)), behaviour)
    }

    static func start(_ holder: ReloadableTLSContext, _ behaviour: Behaviour = .echo) async throws -> LiveServer {
        let (outcomes, continuation) = AsyncStream.makeStream(of: Outcome.self)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try TLSHandler(server: holder.current),
                        LiveSession(behaviour) { continuation.yield($0) },
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return LiveServer(channel, outcomes)
    }

    private init(_ channel: any Channel, _ outcomes: AsyncStream<Outcome>) {
        self.channel = channel
        self.outcomes = outcomes
        port = channel.localAddress!.port!
    }

    /// The outcome of the next session to end.
    func next() async -> Outcome {
        for await outcome in outcomes { return outcome }
        return Outcome()
    }

    func stop() async throws { try await channel.close().get() }
}

enum LiveClient {
    /// One connection, until it has ended.
    static func connect(
        _ port: Int, _ configuration: TLSConfiguration = .testClient(), _ behaviour: Behaviour = .asks("ping"),
        serverName: String? = "mx.hopital.test", channel use: @Sendable (any Channel) -> Void = { _ in }
    ) async throws -> Outcome {
        let context = try TLSContext(configuration)
        let (outcomes, continuation) = AsyncStream.makeStream(of: Outcome.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try TLSHandler(client: context, serverName: serverName),
                        LiveSession(behaviour) { continuation.yield($0) },
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        use(channel)
        for await outcome in outcomes { return outcome }
        return Outcome()
    }
}
