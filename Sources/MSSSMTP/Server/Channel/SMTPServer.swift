public import Logging
import MSSCore
import MSSSessions
public import NIOCore
public import NIOPosix

/// An SMTP server: listens at its entry points until it is shut down.
///
/// Connections, memory and time are bounded (``SMTPServerLimits``, ``SMTPSessionLimits``). Each entry point has its own
/// TLS, mechanisms, limits and backend; one process serves operators and client software.
public final class SMTPServer: Sendable {
    private let listener: SessionListener
    private let memory: BodyMemory

    private init(_ listener: SessionListener, _ memory: BodyMemory) {
        self.listener = listener
        self.memory = memory
    }

    /// Starts to listen at all entry points, or at none when one of them fails.
    ///
    /// - Throws: the error of the system, for example when a port is taken.
    public static func start(
        _ entryPoints: [SMTPEntryPoint], limits: SMTPServerLimits = SMTPServerLimits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger = Logger(label: "smtp")
    ) async throws -> SMTPServer {
        let memory = BodyMemory(limit: limits.bufferedBodies)
        let places = entryPoints.map { point in
            let configuration = SharedSessionConfiguration(point.session)
            return SessionListener.Place(
                name: point.name, address: point.address,
                immediateTLS: point.session.security == .immediate ? point.tls : nil
            ) { channel, session, ended in
                let facts = SMTPSessionFacts(id: session, entryPoint: point.name, peer: channel.remoteAddress)
                return SMTPServerHandler(
                    point, configuration, facts: facts, memory: memory, logger: logger, ended: ended)
            }
        }
        let listener = try await SessionListener.start(
            places, limits: ConnectionLimits(connections: limits.connections, perPeer: limits.connectionsPerPeer),
            refusal: limits.replies.tooManyConnections.wire, on: group)
        return SMTPServer(listener, memory)
    }

    /// Where an entry point listens, by its name; tells the port that the system chose.
    public func address(of entryPoint: String) -> SocketAddress? { listener.address(of: entryPoint) }

    var table: ConnectionTable { listener.table }

    /// Connections now.
    public var connections: Int { table.count }

    /// Octets of messages that wait for backends now.
    public var bufferedOctets: Int { memory.inFlight }

    /// Stops: no new connection; each client is told 421 once it is between two transactions (RFC 5321 §3.8). What is
    /// left after `grace` is closed.
    public func shutDown(grace: Duration = .seconds(30)) async { await listener.shutDown(grace: grace) }
}
