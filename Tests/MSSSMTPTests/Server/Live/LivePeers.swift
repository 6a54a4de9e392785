import Logging
import MSSCore
import MSSTestKit
import NIOCore
import NIOPosix
import TestIdentities

@testable import MSSSMTP
@testable import MSSTLS

/// Certificates of the tests, and the files that other programs need of them.
enum LiveIdentity {
    static let server = TestIdentity.shared(try TestPKI.shared.issue(.server(commonName: "mx.hopital.test")))
    static let client = TestIdentity.shared(
        try TestPKI.shared.issue(.server(commonName: "mx.clinique.test"), subject: .clinic))
}

extension SMTPServer {
    /// A server with one entry point on loopback; mutual TLS where the configuration has TLS at all.
    static func live(
        _ backend: any SMTPBackend,
        _ configuration: SMTPSessionConfiguration = .operator(serverName: "mx.hopital.test"),
        limits: SMTPServerLimits = SMTPServerLimits(),
        requiresCertificate: Bool = true, tlsLimits: TLSLimits = TLSLimits(), address: SMTPEntryPoint.Address? = nil
    ) async throws -> SMTPServer {
        let tls = try TLSContext(
            .server(
                policy: .operator(.v1_6), identity: LiveIdentity.server.identity,
                clientAuthentication: requiresCertificate ? .required(PKIXVerifier.testPKI) : .none, limits: tlsLimits))
        return try await SMTPServer.start(
            [
                SMTPEntryPoint(
                    name: "test", address: address ?? .tcp(host: "127.0.0.1", port: 0), session: configuration,
                    tls: configuration.security == .none ? nil : ReloadableTLSContext(tls), backend: backend)
            ], limits: limits)
    }

    var port: Int { address(of: "test")!.port! }
}

/// A client that says what the test says.
final class RawClient: Sendable {
    let channel: any Channel
    private let state: Guarded<State>

    struct State {
        var text = ""
        var isClosed = false
        var isSecure = false
        var waiting: [(CheckedContinuation<String, Never>, @Sendable (State) -> Bool)] = []
    }

    private init(_ channel: any Channel, _ state: Guarded<State>) {
        self.channel = channel
        self.state = state
    }

    /// - Parameter tls: TLS from the first octet.
    static func connect(_ port: Int, greeting: Bool = true, tls: TLSConfiguration? = nil) async throws -> RawClient {
        let state = Guarded(State())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(client: TLSContext(tls), serverName: "mx.hopital.test"))
                    }
                    try channel.pipeline.syncOperations.addHandler(Collector(state))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let client = RawClient(channel, state)
        if greeting { _ = await client.read { $0.text.hasSuffix("\r\n") } }
        return client
    }

    /// All that was read since the last call, once `condition` holds or the connection has ended.
    func read(until condition: @escaping @Sendable (State) -> Bool) async -> String {
        await withCheckedContinuation { continuation in
            state.withLock { state in state.waiting.append((continuation, condition)) }
            RawClient.check(state)
        }
    }

    /// Says one thing and reads `replies` whole replies.
    func say(_ text: String, replies: Int = 1) async -> String {
        send(text + "\r\n")
        return await read { state in
            state.text.split(separator: "\r\n").filter { $0.dropFirst(3).first != "-" }.count >= replies
                && state.text.hasSuffix("\r\n")
        }
    }

    func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    /// Everything until the server ends the connection.
    func readToEnd() async -> String { await read { $0.isClosed } }

    func close() async { try? await channel.close() }

    func send(_ octets: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: octets), promise: nil) }

    /// Reads nothing more.
    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// What a client of these tests speaks.
    static func tls(certificate: Bool = true, policy: TLSPolicy = .operator(.v1_6)) throws -> TLSConfiguration {
        .client(
            policy: policy, identity: certificate ? LiveIdentity.client.identity : nil,
            verifier: PKIXVerifier.testPKI)
    }

    /// Ends when TLS is in place or has failed.
    func startTLS(certificate: Bool = true, policy: TLSPolicy = .operator(.v1_6)) async throws {
        let goAhead = await say("STARTTLS")
        precondition(goAhead.hasPrefix("220"))
        let configuration = try Self.tls(certificate: certificate, policy: policy)
        let channel = channel
        try await channel.eventLoop.submit {
            try TLSHandler(client: TLSContext(configuration), serverName: "mx.hopital.test")
                .startTLS(channel.pipeline.syncOperations, unread: 0)
        }.get()
        _ = await read { $0.isSecure }
    }

    fileprivate static func check(_ state: Guarded<State>) {
        let ready: [(CheckedContinuation<String, Never>, String)] = state.withLock { state in
            guard let (continuation, condition) = state.waiting.first, state.isClosed || condition(state) else {
                return []
            }
            state.waiting.removeFirst()
            defer { state.text = "" }
            return [(continuation, state.text)]
        }
        for (continuation, text) in ready { continuation.resume(returning: text) }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let state: Guarded<State>
        init(_ state: Guarded<State>) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            state.withLock { $0.text += text }
            RawClient.check(state)
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is TLSEstablished { state.withLock { $0.isSecure = true } }
            RawClient.check(state)
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.withLock { $0.isClosed = true }
            RawClient.check(state)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// Holds whoever waits until the test opens it.
final class Latch: Sendable {
    private let state = Guarded((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }
}
