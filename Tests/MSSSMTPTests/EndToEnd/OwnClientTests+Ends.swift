import MSSCore
import MSSSASL
import MSSTLS
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSSMTP

/// Sessions that end.
extension OwnClientTests {
    // MARK: Sessions that end

    @Test(
        "1.10: sessions that the server ended by 421, or by going away, are opened anew; each message arrives once"
    )
    func reopening() async throws {
        let backend = CollectingBackend()
        let path = try TestFiles.temporaryDirectory("mss-smtp") + "/server"
        let server = try await SMTPServer.live(backend, address: .unix(path: path))
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own() }
        #expect(try await pool.send(.full("b@hopital.test"), to: .own(path)).delivered.count == 1)
        // 421, the end of TLS, the end of the connection: the client hears of it while it does nothing.
        for channel in server.table.channels { channel.pipeline.fireUserInboundEventTriggered(SessionShutDown()) }
        while server.connections > 0 { await Task.yield() }
        #expect(try await pool.send(.full("b@hopital.test"), to: .own(path)).delivered.count == 1)
        #expect(backend.messages.count == 2 && Set(backend.messages.map(\.facts.id)).count == 2)
        await server.shutDown()

        let next = CollectingBackend()
        let restarted = try await SMTPServer.live(next, address: .unix(path: path))
        #expect(try await pool.send(.full("b@hopital.test"), to: .own(path)).delivered.count == 1)
        #expect(next.messages.count == 1 && backend.messages.count == 2)
        await pool.close()
        await restarted.shutDown()
    }

    @Test("RFC 9422: a session whose transactions are used up, by the server's word, is left in good time")
    func announcedEnd() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(
            backend, .operator(serverName: "mx.hopital.test").with { $0.limits.transactions = 2 })
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own() }
        for _ in 1...5 {
            #expect(try await pool.send(.full("b@hopital.test"), to: .own(server.port)).delivered.count == 1)
        }
        var perSession: [String: Int] = [:]
        for message in backend.messages { perSession[message.facts.id, default: 0] += 1 }
        #expect(perSession.values.sorted() == [1, 2, 2])
        await pool.close()
        await server.shutDown()
    }

    @Test(
        "RFC 5321 §3.8: a server that shuts down while the client sends completes the message; the next finds another session"
    )
    func shuttingDown() async throws {
        let latch = Latch()
        let reached = AsyncStream.makeStream(of: Void.self)
        let backend = CollectingBackend(beforePiece: { _ in
            reached.continuation.yield()
            await latch.wait()
        })
        let path = try TestFiles.temporaryDirectory("mss-smtp") + "/server"
        let server = try await SMTPServer.live(backend, address: .unix(path: path))
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own() }
        async let sent = pool.send(.full("b@hopital.test"), to: .own(path))
        for await _ in reached.stream { break }
        async let stopped: Void = server.shutDown(grace: .seconds(300))
        latch.open()
        #expect(try await sent.delivered.count == 1)
        await stopped
        let restarted = try await SMTPServer.live(backend, address: .unix(path: path))
        #expect(try await pool.send(.full("b@hopital.test"), to: .own(path)).delivered.count == 1)
        #expect(backend.messages.count == 2)
        await pool.close()
        await restarted.shutDown()
    }
}
