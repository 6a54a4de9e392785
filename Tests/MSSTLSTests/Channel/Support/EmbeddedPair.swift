import MSSTLS
import NIOCore
import NIOEmbedded
import NIOTLS

/// A client and a server in memory; the test carries the bytes.
final class EmbeddedPair {
    let client: EmbeddedChannel
    let server: EmbeddedChannel
    let clientLog: EventLog
    let serverLog: EventLog
    let clientHandler: TLSHandler
    let serverHandler: TLSHandler

    convenience init(
        client clientConfiguration: TLSConfiguration = .testClient(),
        server serverConfiguration: TLSConfiguration = .testServer(), serverName: String? = "mx.hopital.test",
        expectedHostname: String? = nil
    ) throws {
        try self.init(
            TLSHandler(
                client: TLSContext(clientConfiguration), serverName: serverName, expectedHostname: expectedHostname),
            TLSHandler(server: TLSContext(serverConfiguration)))
    }

    init(_ clientHandler: TLSHandler, _ serverHandler: TLSHandler) throws {
        self.clientHandler = clientHandler
        self.serverHandler = serverHandler
        clientLog = EventLog()
        serverLog = EventLog()
        client = EmbeddedChannel()
        server = EmbeddedChannel()
        try client.pipeline.syncOperations.addHandlers([clientHandler, clientLog])
        try server.pipeline.syncOperations.addHandlers([serverHandler, serverLog])
    }

    func activate() throws {
        try server.connect(to: SocketAddress(unixDomainSocketPath: "/s")).wait()
        try client.connect(to: SocketAddress(unixDomainSocketPath: "/c")).wait()
    }

    /// Carries bytes both ways until neither side says more.
    /// - Parameters:
    ///   - piece: the largest number of bytes delivered at once.
    ///   - tap: sees, and may change, the bytes sent by the client (true) or the server (false).
    func carry(piece: Int = .max, tap: (Bool, inout ByteBuffer) -> Void = { _, _ in }) throws {
        var moved = true
        while moved {
            moved = false
            while var bytes = try client.readOutbound(as: ByteBuffer.self) {
                moved = true
                tap(true, &bytes)
                try deliver(&bytes, to: server, piece)
            }
            while var bytes = try server.readOutbound(as: ByteBuffer.self) {
                moved = true
                tap(false, &bytes)
                try deliver(&bytes, to: client, piece)
            }
        }
    }

    private func deliver(_ bytes: inout ByteBuffer, to channel: EmbeddedChannel, _ piece: Int) throws {
        while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
            guard channel.isActive else { return }
            channel.pipeline.fireChannelRead(part)
            channel.pipeline.fireChannelReadComplete()
        }
    }

    /// Closes both channels, whatever their state.
    func finish() {
        for channel in [client, server] { _ = try? channel.finish(acceptAlreadyClosed: true) }
    }

    func handshake(piece: Int = .max) throws {
        try activate()
        try carry(piece: piece)
    }
}

/// The last handler of a pipeline in tests: notes what arrives.
final class EventLog: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private(set) var facts: TLSSessionFacts?
    private(set) var handshakesCompleted = 0
    private(set) var received: [UInt8] = []
    private(set) var errors: [any Error] = []
    private(set) var inputClosed = false
    private(set) var inactive = false
    var onEstablished: ((ChannelHandlerContext) -> Void)?
    var onRead: ((ChannelHandlerContext, ByteBuffer) -> Void)?

    var failures: [TLSFailure.Kind] { errors.compactMap { ($0 as? TLSFailure)?.kind } }
    var text: String { String(decoding: received, as: UTF8.self) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let data = unwrapInboundIn(data)
        received += data.readableBytesView
        onRead?(context, data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as TLSEstablished:
            facts = event.facts
            onEstablished?(context)
        case TLSUserEvent.handshakeCompleted: handshakesCompleted += 1
        case ChannelEvent.inputClosed: inputClosed = true
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
    func channelInactive(context: ChannelHandlerContext) { inactive = true }
}
