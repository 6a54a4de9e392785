package import MSSTLS
package import NIOCore
import NIOPosix
import Synchronization

/// The listening sockets of a server of sessions, and the connections that came by them.
package final class SessionListener: Sendable {
    /// Makes the handler of a connection that was admitted. It is given the session's name, and a closure that it calls
    /// once the connection is over and all that was done for it.
    package typealias HandlerMaker =
        @Sendable (_ channel: any Channel, _ session: String, _ ended: @escaping @Sendable () -> Void) ->
        any ChannelHandler

    /// One place to listen at.
    package struct Place: Sendable {
        /// Its name.
        package var name: String
        /// Where it is.
        package var address: ListeningAddress
        /// TLS from the first octet; `nil` where it begins later or never.
        package var immediateTLS: ReloadableTLSContext?
        /// Makes the handlers of its sessions.
        package var handler: HandlerMaker

        package init(
            name: String, address: ListeningAddress, immediateTLS: ReloadableTLSContext?,
            handler: @escaping HandlerMaker
        ) {
            self.name = name
            self.address = address
            self.immediateTLS = immediateTLS
            self.handler = handler
        }
    }

    /// The connections.
    package let table: ConnectionTable
    private let sockets: [(name: String, channel: any Channel)]

    private init(_ sockets: [(name: String, channel: any Channel)], _ table: ConnectionTable) {
        self.sockets = sockets
        self.table = table
    }

    /// Listens at all places, or at none when one of them fails.
    ///
    /// - Parameter refusal: what a client reads that is one too many.
    package static func start(
        _ places: [Place], limits: ConnectionLimits, refusal: String, on group: any EventLoopGroup
    ) async throws -> SessionListener {
        let table = ConnectionTable(limits)
        var sockets: [(name: String, channel: any Channel)] = []
        do {
            for place in places {
                let bootstrap = bootstrap(place, table, refusal, group)
                sockets.append((place.name, try await bootstrap.listen(at: place.address)))
            }
        } catch {
            for (_, socket) in sockets { try? await socket.close() }
            throw error
        }
        return SessionListener(sockets, table)
    }

    private static func bootstrap(
        _ place: Place, _ table: ConnectionTable, _ refusal: String, _ group: any EventLoopGroup
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            // One buffer at a time, of what one reading may bring: it counts in what a session holds.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ReleasingRecvAllocator())
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    guard table.admit(channel) else { return try pipeline.addHandler(RefusingHandler(refusal)) }
                    do {
                        if let tls = place.immediateTLS { try pipeline.addHandler(TLSHandler(server: tls.current)) }
                    } catch {
                        table.remove(channel)  // the session's handler, which does it, never came
                        throw error
                    }
                    try pipeline.addHandler(place.handler(channel, nextName()) { table.remove(channel) })
                }
            }
    }

    /// Names of sessions for logs: a number of the process, in base 36.
    private static func nextName() -> String { String(names.add(1, ordering: .relaxed).newValue, radix: 36) }
    private static let names = Atomic<UInt64>(0)

    /// Where a place is, by its name; tells the port that the system chose.
    package func address(of place: String) -> SocketAddress? {
        sockets.first { $0.name == place }?.channel.localAddress
    }

    /// Stops: no new connection; each session is asked to end when it can. What is left after `grace` is closed.
    package func shutDown(grace: Duration) async {
        for (_, socket) in sockets { try? await socket.close() }
        for channel in table.beginClosing() { channel.pipeline.fireUserInboundEventTriggered(SessionShutDown()) }
        await table.drain(grace: grace)
    }
}

/// Tells a client that it is one too many, and closes.
private final class RefusingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let text: String

    init(_ text: String) { self.text = text }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }
}
