public import Logging
import MSSCore
import MSSTLS
public import NIOCore
public import NIOPosix
import Synchronization

/// An IMAP server: listens at its entry points until it is shut down (TM5.3P, TM5.4P).
///
/// Connections, memory and time are bounded (``IMAPServerLimits``, ``IMAPSessionLimits``). Each entry point has its own
/// TLS, mechanisms, limits, authenticator and backend.
public final class IMAPServer: Sendable {
    private let listeners: [(name: String, channel: any Channel)]
    let table: IMAPConnectionTable

    private init(listeners: [(name: String, channel: any Channel)], table: IMAPConnectionTable) {
        self.listeners = listeners
        self.table = table
    }

    /// Starts to listen at all entry points, or at none when one of them fails.
    ///
    /// - Throws: the error of the system, for example when a port is taken.
    public static func start(
        _ entryPoints: [IMAPEntryPoint], limits: IMAPServerLimits = IMAPServerLimits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger = Logger(label: "imap")
    ) async throws -> IMAPServer {
        let table = IMAPConnectionTable(limits: limits)
        var listeners: [(name: String, channel: any Channel)] = []
        do {
            for entryPoint in entryPoints {
                let bootstrap = bootstrap(entryPoint, group, table, logger)
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
        return IMAPServer(listeners: listeners, table: table)
    }

    private static func bootstrap(
        _ entryPoint: IMAPEntryPoint, _ group: any EventLoopGroup, _ table: IMAPConnectionTable, _ logger: Logger
    ) -> ServerBootstrap {
        let shared = SharedIMAPEntryPoint(entryPoint)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ReleasingRecvAllocator())
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard table.admit(channel) else {
                        return try channel.pipeline.syncOperations.addHandler(RefusingHandler())
                    }
                    let facts = IMAPSessionFacts(
                        id: SessionNames.next(), entryPoint: entryPoint.name, peer: channel.remoteAddress)
                    let handler = IMAPServerHandler(shared, facts, logger, channel, table)
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

    /// Where an entry point listens, by its name; tells the port that the system chose.
    public func address(of entryPoint: String) -> SocketAddress? {
        listeners.first { $0.name == entryPoint }?.channel.localAddress
    }

    /// Connections now.
    public var connections: Int { table.count }

    /// Stops: no new connection; each client is told `BYE` once it is between two commands. What is left after `grace`
    /// is closed.
    public func shutDown(grace: Duration = .seconds(30)) async {
        for (_, channel) in listeners { try? await channel.close() }
        for channel in table.beginClosing() { channel.pipeline.fireUserInboundEventTriggered(IMAPShutDown()) }
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

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let text = IMAPStatusResponse(.bye, .unavailable, "Too many connections").wire
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }
}

/// Names of sessions for logs: a number of the process, in base 36.
private enum SessionNames {
    private static let counter = Atomic<UInt64>(0)
    static func next() -> String { String(counter.add(1, ordering: .relaxed).newValue, radix: 36) }
}
