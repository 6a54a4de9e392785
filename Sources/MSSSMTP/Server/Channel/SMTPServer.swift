public import Logging
import MSSCore
import MSSTLS
public import NIOCore
public import NIOPosix
import Synchronization

/// An SMTP server: listens at its entry points until it is shut down.
///
/// Connections, memory and time are bounded (``SMTPServerLimits``, ``SMTPSessionLimits``). Each entry point has its own
/// TLS, mechanisms, limits and backend; one process serves operators and client software.
public final class SMTPServer: Sendable {
    private let listeners: [(name: String, channel: any Channel)]
    let table: SMTPConnectionTable
    private let memory: BodyMemory

    private init(listeners: [(name: String, channel: any Channel)], table: SMTPConnectionTable, memory: BodyMemory) {
        self.listeners = listeners
        self.table = table
        self.memory = memory
    }

    /// Starts to listen at all entry points, or at none when one of them fails.
    ///
    /// - Throws: the error of the system, for example when a port is taken.
    public static func start(
        _ entryPoints: [SMTPEntryPoint], limits: SMTPServerLimits = SMTPServerLimits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger = Logger(label: "smtp")
    ) async throws -> SMTPServer {
        let table = SMTPConnectionTable(limits: limits)
        let memory = BodyMemory(limit: limits.bufferedBodies)
        var listeners: [(name: String, channel: any Channel)] = []
        do {
            for entryPoint in entryPoints {
                let bootstrap = bootstrap(entryPoint, group, table, memory, limits, logger)
                let channel: any Channel =
                    switch entryPoint.address {
                    case .tcp(let host, let port): try await bootstrap.bind(host: host, port: port).get()
                    case .unix(let path):
                        try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
                    case .inherited(let descriptor): try await bootstrap.withBoundSocket(descriptor).get()
                    }
                listeners.append((entryPoint.name, channel))
            }
        } catch {
            for (_, channel) in listeners { try? await channel.close() }
            throw error
        }
        return SMTPServer(listeners: listeners, table: table, memory: memory)
    }

    private static func bootstrap(
        _ entryPoint: SMTPEntryPoint, _ group: any EventLoopGroup, _ table: SMTPConnectionTable, _ memory: BodyMemory,
        _ limits: SMTPServerLimits, _ logger: Logger
    ) -> ServerBootstrap {
        let configuration = SharedSessionConfiguration(entryPoint.session)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            // One buffer at a time, of what one reading may bring: it counts in what a session holds.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ReleasingRecvAllocator())
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard table.admit(channel) else {
                        return try channel.pipeline.syncOperations.addHandler(
                            RefusingHandler(limits.replies.tooManyConnections))
                    }
                    let handler = handler(entryPoint, configuration, channel, memory, logger) { table.remove(channel) }
                    if entryPoint.session.security == .immediate, let tls = entryPoint.tls {
                        do {
                            try channel.pipeline.syncOperations.addHandler(TLSHandler(server: tls.current))
                        } catch {
                            table.remove(channel)  // the session's handler, which does it, never came
                            throw error
                        }
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
    }

    private static func handler(
        _ entryPoint: SMTPEntryPoint, _ configuration: SharedSessionConfiguration, _ channel: any Channel,
        _ memory: BodyMemory, _ logger: Logger, _ ended: @escaping @Sendable () -> Void
    ) -> SMTPServerHandler {
        let facts = SMTPSessionFacts(
            id: SessionNames.next(), entryPoint: entryPoint.name, peer: channel.remoteAddress)
        return SMTPServerHandler(entryPoint, configuration, facts: facts, memory: memory, logger: logger, ended: ended)
    }

    /// Where an entry point listens, by its name; tells the port that the system chose.
    public func address(of entryPoint: String) -> SocketAddress? {
        listeners.first { $0.name == entryPoint }?.channel.localAddress
    }

    /// Connections now.
    public var connections: Int { table.count }

    /// Octets of messages that wait for backends now.
    public var bufferedOctets: Int { memory.inFlight }

    /// Stops: no new connection; each client is told 421 once it is between two transactions (RFC 5321 §3.8). What is
    /// left after `grace` is closed.
    public func shutDown(grace: Duration = .seconds(30)) async {
        for (_, channel) in listeners { try? await channel.close() }
        let channels = table.beginClosing()
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(SMTPShutDown()) }
        let table = table
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await table.whenEmpty() }
            group.addTask {
                // Cancelled as soon as nobody is left.
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                for channel in table.beginClosing() { channel.close(promise: nil) }
                await table.whenEmpty()
            }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Tells a client that it is one too many, and closes.
private final class RefusingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let reply: SMTPReply

    init(_ reply: SMTPReply) { self.reply = reply }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply.wire)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }
}

/// Names of sessions for logs: a number of the process, in base 36.
private enum SessionNames {
    private static let counter = Atomic<UInt64>(0)
    static func next() -> String {
        String(counter.add(1, ordering: .relaxed).newValue, radix: 36)
    }
}
