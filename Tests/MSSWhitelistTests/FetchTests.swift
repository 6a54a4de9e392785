import Foundation
import Glibc
import MSSCore
import MSSHTTP
import MSSTestKit
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MSSWhitelist

@Suite("Fetching through what stands in between")
struct FetchTests {
    @Test("the list comes through a proxy (CONNECT), and the proxy's refusal leaves the list in force")
    func proxy() async throws {
        try await Sandbox.run { sandbox in
            let proxy = try await TunnelProxy.start()
            let transport = try AsyncHTTPTransport(
                HTTPTransportConfiguration(
                    trustRoots: .pem(Array(sandbox.pki.trustStorePEM.utf8)),
                    proxy: .init(host: "127.0.0.1", port: proxy.port)))
            let service = sandbox.service(
                source: HTTPWhitelistSource(url: sandbox.server.url, transport: transport, timeout: .seconds(20)))
            #expect(try await service.refresh().get() == .installed([]))
            #expect(proxy.targets == ["localhost:\(sandbox.server.port)"])
            try await proxy.stop()
            let result = await service.refresh()
            #expect(sandbox.server.requestCount >= 1)
            // The tunnel that is already open may still serve; a new transport finds no proxy.
            if case .success(let refresh) = result { #expect(refresh == .unchanged) }
            try await transport.shutDown()
            let other = try AsyncHTTPTransport(
                HTTPTransportConfiguration(
                    trustRoots: .pem(Array(sandbox.pki.trustStorePEM.utf8)),
                    proxy: .init(host: "127.0.0.1", port: proxy.port)))
            let cut = sandbox.service(
                source: HTTPWhitelistSource(url: sandbox.server.url, transport: other, timeout: .seconds(20)))
            #expect(await cut.loadCopy())
            guard case .failure(.fetch(.transport)) = await cut.refresh() else {
                Issue.record("fetched without proxy")
                return
            }
            #expect(cut.contains(sandbox.domain))
            try await other.shutDown()
        }
    }

    // In a process of its own: what other tests allocate meanwhile would count as well.
    @Test("EX_2.2_5035: a gigabyte is refused at the limit: neither its bytes nor the time to send them are spent")
    func gigabyte() async {
        await #expect(processExitsWith: .success) {
            try await Sandbox.run { sandbox in
                let service = sandbox.service(source: sandbox.source(timeout: .seconds(120), maximumBytes: 16 << 20))
                _ = try await service.refresh().get()
                try sandbox.server.apply(.endless)
                let before = FetchTests.peakBytes()
                let result = await service.refresh()
                guard case .failure(.fetch(.transport(let words))) = result else { fatalError("\(result)") }
                guard
                    words.lowercased().contains("large") || words.lowercased().contains("long")
                        || words.contains("\(16 << 20)")
                else { fatalError(words) }
                // Client and server share this process: the limit, twice for growing, and what is under way.
                let grown = FetchTests.peakBytes() - before
                guard grown < 128 << 20 else { fatalError("grown by \(grown) bytes") }
                guard service.contains(sandbox.domain) else { fatalError("no list") }
            }
        }
    }

    /// Largest resident memory of the process so far.
    private static func peakBytes() -> Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss * 1024
    }
}

/// An HTTP proxy that opens real tunnels (RFC 9110 §9.3.6).
private final class TunnelProxy: Sendable {
    let port: Int
    private let listener: any Channel
    private let asked: Asked

    var targets: [String] { asked.targets.withLock { $0 } }

    private final class Asked: Sendable {
        let targets = Mutex<[String]>([])
    }

    private init(_ listener: any Channel, _ asked: Asked) {
        self.listener = listener
        self.asked = asked
        port = listener.localAddress?.port ?? 0
    }

    static func start() async throws -> TunnelProxy {
        let asked = Asked()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Tunnel { target in asked.targets.withLock { $0.append(target) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return TunnelProxy(listener, asked)
    }

    func stop() async throws { try await listener.close() }

    /// Reads the head of a CONNECT, then passes bytes on in both directions.
    private final class Tunnel: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let note: @Sendable (String) -> Void
        private var head = ""
        private var far: (any Channel)?

        init(note: @escaping @Sendable (String) -> Void) { self.note = note }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let far { return far.writeAndFlush(unwrapInboundIn(data), promise: nil) }
            head += String(buffer: unwrapInboundIn(data))
            guard head.hasSuffix("\r\n\r\n") else { return }
            let words = head.split(separator: " ")
            let parts = words.count > 1 ? words[1].split(separator: ":") : []
            guard words.first == "CONNECT", parts.count == 2, let port = Int(parts[1]) else {
                return context.close(promise: nil)
            }
            note(String(words[1]))
            let near = context.channel
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Pass(to: near))
                    }
                }
                .connect(host: String(parts[0]), port: port)
                .whenComplete { result in
                    let (tunnel, context) = bound.value
                    switch result {
                    case .success(let channel):
                        tunnel.far = channel
                        near.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"), promise: nil)
                    case .failure: context.close(promise: nil)
                    }
                }
        }

        func channelInactive(context: ChannelHandlerContext) { far?.close(promise: nil) }
    }

    private final class Pass: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let near: any Channel

        init(to near: any Channel) { self.near = near }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            near.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { near.close(promise: nil) }
    }
}
