internal import MSSCore
internal import NIOCore
internal import NIOPosix

/// An authoritative DNS server on the loopback interface, over UDP and TCP at one port.
///
/// It answers for its zones alone and asks nobody; a resolver of MSSDNS uses it as a forwarder. A zone whose apex is the
/// root answers for every name, so that what does not stand in it does not exist.
public final class TestDNSServer: Sendable {
    /// The address that it listens on.
    public let address: String
    /// The port, of UDP and TCP.
    public let port: Int
    /// `address@port`, as `UnboundConfiguration` wants it.
    public var forwarder: String { "\(address)@\(port)" }

    private let state: DNSServerState
    private let channels: [any Channel]

    /// Starts a server.
    ///
    /// - Parameter port: the port; 0 takes one that is free for both transports.
    /// - Throws: ``TestFormatError`` for a zone that cannot be sent; the system's error when the port is taken.
    public static func start(
        _ zones: [DNSZone], address: String = "127.0.0.1", port: Int = 0
    ) async throws -> TestDNSServer {
        let state = DNSServerState(try DNSResponder(zones))
        var attempts = port == 0 ? 20 : 1
        while true {
            attempts -= 1
            let datagrams = try await bindDatagrams(state, address, port)
            let chosen = datagrams.localAddress?.port ?? port
            do {
                let connections = try await bindConnections(state, address, chosen)
                return TestDNSServer(address: address, port: chosen, state: state, channels: [datagrams, connections])
            } catch {
                try await datagrams.close()
                guard attempts > 0 else { throw error }
            }
        }
    }

    private init(address: String, port: Int, state: DNSServerState, channels: [any Channel]) {
        self.address = address
        self.port = port
        self.state = state
        self.channels = channels
    }

    /// Answers from these zones from now on.
    public func publish(_ zones: [DNSZone]) throws {
        let responder = try DNSResponder(zones)
        state.value.withLock { $0.responder = responder }
    }

    /// What goes wrong from now on; `nil` for nothing.
    public var fault: DNSFault? {
        get { state.value.withLock { $0.fault } }
        set { state.value.withLock { $0.fault = newValue } }
    }

    /// How late answers are while ``DNSFault/slow`` is in force.
    public var delay: Duration {
        get { state.value.withLock { $0.delay } }
        set { state.value.withLock { $0.delay = newValue } }
    }

    /// How many messages came, by either transport.
    public var questionCount: Int { state.value.withLock { $0.questionCount } }

    /// Stops listening and drops the open connections.
    public func stop() async throws {
        for channel in channels { try await channel.close() }
        for channel in state.value.withLock({ Array($0.connections.values) }) { channel.close(promise: nil) }
    }

    private static func bindDatagrams(_ state: DNSServerState, _ address: String, _ port: Int) async throws
        -> any Channel
    {
        try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DNSDatagramHandler(state))
                }
            }
            .bind(host: address, port: port).get()
    }

    private static func bindConnections(_ state: DNSServerState, _ address: String, _ port: Int) async throws
        -> any Channel
    {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard state.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        IdleStateHandler(readTimeout: DNSServerState.idle), DNSStreamHandler(state),
                    ])
                }
            }
            .bind(host: address, port: port).get()
    }
}

/// What the handlers share.
final class DNSServerState: Sendable {
    /// Connections at once.
    static let maximumConnections = 64
    /// Late answers at once; more are not sent.
    static let maximumLate = 1024
    /// A connection that asks nothing for so long is closed (RFC 7766 §6.2.3).
    static let idle: TimeAmount = .seconds(10)

    struct State {
        var responder: DNSResponder
        var fault: DNSFault?
        var delay: Duration = .seconds(2)
        var questionCount = 0
        var late = 0
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    let value: Guarded<State>

    init(_ responder: DNSResponder) { value = Guarded(State(responder: responder)) }

    func admit(_ channel: any Channel) -> Bool {
        let isAdmitted = value.withLock { state in
            guard state.connections.count < Self.maximumConnections else { return false }
            state.connections[ObjectIdentifier(channel)] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in
                self.value.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(channel)) }
            }
        }
        return isAdmitted
    }

    /// Sends the answer to a message, now or late.
    func answer(
        _ bytes: [UInt8], over transport: DNSResponder.Transport, on loop: any EventLoop,
        send: @escaping ([UInt8]) -> Void
    ) {
        let (responder, fault, delay) = value.withLock { state in
            state.questionCount += 1
            return (state.responder, state.fault, state.delay)
        }
        guard let answer = responder.answer(bytes, over: transport, fault: fault) else { return }
        guard fault == .slow else { return send(answer) }
        let mayWait = value.withLock { state in
            guard state.late < Self.maximumLate else { return false }
            state.late += 1
            return true
        }
        guard mayWait else { return }
        loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            self.value.withLock { $0.late -= 1 }
            send(answer)
        }
    }
}
