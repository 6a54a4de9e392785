public import Logging
import MSSSessions
public import NIOCore
public import NIOPosix

/// An IMAP server: listens at its entry points until it is shut down (TM5.3P, TM5.4P).
///
/// Connections, memory and time are bounded (``IMAPServerLimits``, ``IMAPSessionLimits``). Each entry point has its own
/// TLS, mechanisms, limits, authenticator and backend.
public final class IMAPServer: Sendable {
    private let listener: SessionListener

    private init(_ listener: SessionListener) { self.listener = listener }

    /// Starts to listen at all entry points, or at none when one of them fails.
    ///
    /// - Throws: the error of the system, for example when a port is taken.
    public static func start(
        _ entryPoints: [IMAPEntryPoint], limits: IMAPServerLimits = IMAPServerLimits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger = Logger(label: "imap")
    ) async throws -> IMAPServer {
        let mailboxes = MailboxSessions(limit: limits.sessionsPerMailbox)
        let places = entryPoints.map { point in
            let shared = SharedIMAPEntryPoint(point)
            return SessionListener.Place(
                name: point.name, address: point.address,
                immediateTLS: point.session.security == .immediate ? point.tls : nil
            ) { channel, session, ended in
                let facts = IMAPSessionFacts(id: session, entryPoint: point.name, peer: channel.remoteAddress)
                return IMAPServerHandler(
                    shared, facts, channel.eventLoop, mailboxes, logger: logger, ended: ended)
            }
        }
        return IMAPServer(
            try await SessionListener.start(
                places, limits: ConnectionLimits(connections: limits.connections, perPeer: limits.connectionsPerPeer),
                refusal: IMAPStatusResponse(.bye, .unavailable, "Too many connections").wire, on: group))
    }

    /// Where an entry point listens, by its name; tells the port that the system chose.
    public func address(of entryPoint: String) -> SocketAddress? { listener.address(of: entryPoint) }

    var table: ConnectionTable { listener.table }

    /// Connections now.
    public var connections: Int { table.count }

    /// Stops: no new connection; each client is told `BYE` once it is between two commands. What is left after `grace`
    /// is closed.
    public func shutDown(grace: Duration = .seconds(30)) async { await listener.shutDown(grace: grace) }
}
