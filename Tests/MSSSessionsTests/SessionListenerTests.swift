import MSSCore
import MSSSessions
import MSSTestKit
import NIOCore
import NIOPosix
import Testing

@Suite("Listening for sessions")
struct SessionListenerTests {
    private func listener(
        _ addresses: [ListeningAddress] = [.tcp(host: "127.0.0.1", port: 0)], connections: Int = 10, perPeer: Int = 10,
        names: Guarded<[String]> = Guarded([])
    ) async throws -> SessionListener {
        let places = addresses.enumerated().map { number, address in
            SessionListener.Place(name: "\(number)", address: address, immediateTLS: nil) { _, name, ended in
                names.withLock { $0.append(name) }
                return EchoHandler(name, ended: ended)
            }
        }
        return try await SessionListener.start(
            places, limits: ConnectionLimits(connections: connections, perPeer: perPeer), refusal: "full\n",
            on: MultiThreadedEventLoopGroup.singleton)
    }

    private typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func connect(_ listener: SessionListener, _ place: String = "0") async throws -> Client {
        let address = try #require(listener.address(of: place))
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture { try Client(wrappingChannelSynchronously: channel) }
            }
    }

    /// Says something after the greeting; all that is read until the server ends the connection.
    private func talk(
        _ client: Client, _ words: String, greeted: @Sendable @escaping () async throws -> Void = {}
    ) async throws -> String {
        try await client.executeThenClose { inbound, outbound in
            var text = ""
            var isGreeted = false
            for try await octets in inbound {
                text += String(buffer: octets)
                guard !isGreeted, text.hasSuffix("\n") else { continue }
                isGreeted = true
                try await greeted()
                if !words.isEmpty { try await outbound.write(ByteBuffer(string: words)) }
            }
            return text
        }
    }

    @Test("Lines are answered in their order, also those that came together; the last words arrive")
    func talks() async throws {
        let names = Guarded<[String]>([])
        let listener = try await listener(names: names)
        #expect(try await talk(connect(listener), "a\nb\nbye\nc\n") == "hello\na\nb\ngood bye\n")
        #expect(try await talk(connect(listener), "bye\n") == "hello\ngood bye\n")
        #expect(names.withLock { $0.count == 2 && $0[0] != $0[1] }, "a name is a session's own")
        await listener.shutDown(grace: .seconds(60))
        #expect(listener.table.count == 0)
    }

    @Test("RFC 9293 §3.10.4: a client that goes on talking still reads the last words")
    func lastWords() async throws {
        let listener = try await listener()
        let more = String(repeating: "x\n", count: 200_000)
        #expect(try await talk(connect(listener), "bye\n" + more) == "hello\ngood bye\n")
        await listener.shutDown(grace: .seconds(60))
    }

    @Test("All places are listened at, or none: where one is taken nobody listens at the others")
    func allOrNone() async throws {
        let holder = try await listener()
        let taken = try #require(holder.address(of: "0")?.port)
        let path = try TestFiles.temporaryDirectory("mss-sessions") + "/socket"
        await #expect(throws: IOError.self) {
            try await listener([.unix(path: path), .tcp(host: "127.0.0.1", port: taken)])
        }
        await #expect(throws: (any Error).self) {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path).get()
        }
        let again = try await listener([.tcp(host: "127.0.0.1", port: 0), .unix(path: path)])
        #expect(try await talk(connect(again, "1"), "bye\n") == "hello\ngood bye\n")
        await again.shutDown(grace: .zero)
        await holder.shutDown(grace: .zero)
    }

    @Test(
        "Who is one too many, in all or of one peer, reads why; a session that ends makes room",
        arguments: [true, false])
    func tooMany(ofOnePeer: Bool) async throws {
        let listener = try await listener(connections: ofOnePeer ? 10 : 1, perPeer: ofOnePeer ? 1 : 10)
        let first = try await connect(listener)
        let text = try await talk(first, "bye\n") {
            let refused = try await talk(connect(listener), "")
            #expect(refused == "full\n")
        }
        #expect(text == "hello\ngood bye\n")
        await listener.table.drain(grace: .seconds(60))
        #expect(try await talk(connect(listener), "bye\n") == "hello\ngood bye\n")
        await listener.shutDown(grace: .zero)
    }

    @Test("At the end each session is asked to end, and none is admitted any more")
    func shutDown() async throws {
        let listener = try await listener()
        let text = try await talk(connect(listener), "") {
            // Not awaited here: it returns once this session has ended.
            Task { await listener.shutDown(grace: .seconds(600)) }
        }
        #expect(text == "hello\ngoing down\n")
        await listener.table.drain(grace: .seconds(60))
    }
}
