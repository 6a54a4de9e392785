public import MSSCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// A real HTTP/1.1 server on the loopback interface, in clear or over TLS, whose answers a closure chooses.
///
/// The services of the sandbox stand on it; tests use it directly for services of their own.
public final class TestHTTPServer: Sendable {
    /// Chooses the answer; runs on an event loop, so it must not block.
    public typealias Handler = @Sendable (TestHTTPRequest) -> TestHTTPAnswer

    /// The port that the server listens on.
    public let port: Int
    /// The base URL, without a final slash: `http://127.0.0.1:port`, or `https://localhost:port` over TLS.
    public let url: String

    private let listener: any Channel
    private let connections: Connections

    /// Starts a server on 127.0.0.1.
    ///
    /// - Parameters:
    ///   - port: the port; 0 takes a free one.
    ///   - credential: makes it an HTTPS server with this certificate and chain.
    ///   - handler: chooses the answers.
    public static func start(
        port: Int = 0, credential: TestCredential? = nil, handler: @escaping Handler
    ) async throws -> TestHTTPServer {
        let context = try credential.map(tlsContext)
        let connections = Connections()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard connections.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(TestHTTPHandler(handler))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        guard let port = listener.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        return TestHTTPServer(
            listener: listener, connections: connections, port: port,
            url: credential == nil ? "http://127.0.0.1:\(port)" : "https://localhost:\(port)")
    }

    private init(listener: any Channel, connections: Connections, port: Int, url: String) {
        self.listener = listener
        self.connections = connections
        self.port = port
        self.url = url
    }

    /// While true, every new connection is dropped before a byte is exchanged.
    public var refusesConnections: Bool {
        get { connections.refuses }
        set { connections.refuses = newValue }
    }

    /// Stops listening and drops the open connections.
    public func stop() async throws {
        try await listener.close()
        connections.closeAll()
    }

    private static func tlsContext(_ credential: TestCredential) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(credential.chainPEM.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(credential.privateKeyPEM.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
    }
}

/// The open connections of a server.
private final class Connections: Sendable {
    private struct State {
        var refuses = false
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state = Guarded(State())

    var refuses: Bool {
        get { state.withLock { $0.refuses } }
        set { state.withLock { $0.refuses = newValue } }
    }

    func admit(_ channel: any Channel) -> Bool {
        let admitted = state.withLock { state in
            if !state.refuses { state.channels[ObjectIdentifier(channel)] = channel }
            return !state.refuses
        }
        if admitted {
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
            }
        }
        return admitted
    }

    func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }
}
