import MSSCore
import MSSTLS
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("SMTP server over sockets", .serialized)
struct LiveServerTests {
    static let envelope = "MAIL FROM:<a@clinique.test>\r\nRCPT TO:<b@hopital.test>"

    @Test("EX_3.1_5020: a message by mutual TLS; the backend sees the client's certificate before the envelope")
    func mutualTLS() async throws {
        let named = Guarded([String]())
        let backend = CollectingBackend(judge: { question, facts in
            let name = facts.tls?.peer == nil ? question : question + "+certificate"
            named.withLock { $0.append(name) }
        })
        let server = try await SMTPServer.live(backend)
        let client = try await RawClient.connect(server.port)
        #expect(await client.say("EHLO x").contains("STARTTLS"))
        #expect(await client.say("MAIL FROM:<a@clinique.test>").hasPrefix("530 5.7.0"))
        try await client.startTLS()
        #expect(await client.say("EHLO x").contains("CHUNKING"))
        #expect(await client.say(Self.envelope + "\r\nDATA", replies: 3).contains("354 "))
        #expect(await client.say("Subject: x\r\n\r\n..dot\r\n.").hasPrefix("250 2.0.0 Accepted as m1"))
        #expect(await client.say("QUIT").hasPrefix("221"))
        _ = await client.readToEnd()
        #expect(backend.messages.map(\.text) == ["Subject: x\r\n\r\n.dot\r\n"])
        #expect(backend.messages[0].facts.protocolName == "ESMTPS")
        // The hello in clear is nobody's business.
        #expect(
            named.withLock { $0 } == [
                "session", "hello+certificate", "sender+certificate", "recipient+certificate", "message+certificate",
            ])
        await server.shutDown()
        #expect(server.connections == 0 && backend.closed == 1)
    }

    @Test("A client without certificate, or that speaks no TLS after STARTTLS, goes; others are unharmed")
    func badTLS() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let other = try await RawClient.connect(server.port)
        let anonymous = try await RawClient.connect(server.port)
        try await anonymous.startTLS(certificate: false)
        _ = await anonymous.readToEnd()
        let garbage = try await RawClient.connect(server.port)
        #expect(await garbage.say("STARTTLS").hasPrefix("220"))
        garbage.send("MAIL FROM:<a@b.fr>\r\n")
        #expect(await !garbage.readToEnd().contains("250"))
        let injected = try await RawClient.connect(server.port)
        injected.send("STARTTLS\r\nEHLO evil\r\n")
        #expect(await injected.readToEnd() == "554 5.5.0 SMTP protocol synchronization error\r\n")
        #expect(await other.say("NOOP").hasPrefix("250"))
        #expect(backend.messages.isEmpty)
        await other.close()
        await server.shutDown()
        // Its own server: on a busy machine an honest handshake may need more than this limit.
        let impatient = try await SMTPServer.live(
            backend, tlsLimits: TLSLimits(handshakeTimeout: .milliseconds(500)))
        let silent = try await RawClient.connect(impatient.port)
        #expect(await silent.say("STARTTLS").hasPrefix("220"))
        _ = await silent.readToEnd()
        await impatient.shutDown()
    }

    @Test("A client that goes, at every state, leaves nothing behind; the backend reads no end of its message")
    func disconnect() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend, .open)
        let lines = ["EHLO x", "MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "DATA", "half a message", "more\r\n."]
        for count in 0...lines.count {
            let client = try await RawClient.connect(server.port)
            for line in lines.prefix(min(count, 4)) { _ = await client.say(line) }
            for line in lines.prefix(count).dropFirst(4) { client.send(line + "\r\n") }
            await client.close()
        }
        await server.shutDown(grace: .seconds(20))
        #expect(server.connections == 0 && server.bufferedOctets == 0)
        // The last of them was complete; whether its reply found anyone is the client's affair.
        #expect(backend.messages.count <= 1)
        #expect(backend.errors.count >= 2)
    }

    @Test("One connection more than the limit hears 421, and the next one after another has gone is served")
    func connectionLimits() async throws {
        var limits = SMTPServerLimits()
        limits.connectionsPerPeer = 2
        let server = try await SMTPServer.live(CollectingBackend(), .open, limits: limits)
        let first = try await RawClient.connect(server.port)
        let second = try await RawClient.connect(server.port)
        let third = try await RawClient.connect(server.port, greeting: false)
        #expect(await third.readToEnd() == "421 4.7.0 Too many connections\r\n")
        #expect(await first.say("QUIT").hasPrefix("221"))
        _ = await first.readToEnd()
        while server.connections > 1 { await Task.yield() }
        let fourth = try await RawClient.connect(server.port)
        #expect(await fourth.say("NOOP").hasPrefix("250"))
        #expect(await second.say("NOOP").hasPrefix("250"))
        for client in [second, fourth] { await client.close() }
        await server.shutDown()
    }

    @Test("A backend that does not read holds up its own client, not memory and not others")
    func backPressure() async throws {
        let latch = Latch()
        let backend = CollectingBackend(beforePiece: { _ in await latch.wait() })
        let server = try await SMTPServer.live(backend, .open)
        let slow = try await RawClient.connect(server.port)
        _ = await slow.say("EHLO x")
        _ = await slow.say(Self.envelope + "\r\nDATA", replies: 3)
        let line = String(repeating: "x", count: 998) + "\r\n"
        let megabyte = String(repeating: line, count: 1000)
        for _ in 0..<20 { slow.send(megabyte) }
        slow.send(".\r\n")
        // While it is held, another client is served, again and again.
        let other = try await RawClient.connect(server.port)
        for _ in 0..<200 { #expect(await other.say("NOOP").hasPrefix("250")) }
        #expect(server.bufferedOctets > 0 && server.bufferedOctets < SMTPSessionLimits().bufferedBody + (128 << 10))
        latch.open()
        #expect(await slow.read { $0.text.hasSuffix("\r\n") }.hasPrefix("250 2.0.0"))
        #expect(backend.messages[0].content.count == 20_000_000)
        #expect(server.bufferedOctets == 0)
        for client in [slow, other] { await client.close() }
        await server.shutDown()
    }

    @Test("What a client has sent of a message reaches the backend though no more comes, and stays nobody's memory")
    func stalledClient() async throws {
        // Less than the backend is woken for at once.
        let octets = String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 400)
        let (first, second) = (Latch(), Latch())
        let backend = CollectingBackend(beforePiece: { count in (count == 0 ? first : second).open() })
        let server = try await SMTPServer.live(backend, .open)
        let client = try await RawClient.connect(server.port)
        _ = await client.say("EHLO x")
        _ = await client.say(Self.envelope + "\r\nDATA", replies: 3)
        client.send(octets)
        await first.wait()
        while server.bufferedOctets > 0 { await Task.yield() }
        // It waits for more by now.
        client.send(octets)
        await second.wait()
        while server.bufferedOctets > 0 { await Task.yield() }
        #expect(await client.say(".").hasPrefix("250"))
        #expect(backend.messages[0].content.count == 2 * octets.utf8.count)
        await client.close()
        await server.shutDown()
    }

    @Test("A backend's refusal in the middle, an error of its own, a receipt without reading: never 250")
    func backendFaults() async throws {
        struct Broken: Error {}
        for fault in [SMTPRefusal(code: 452, enhanced: "4.3.1", text: "Disk full"), Broken()] as [any Error] {
            let backend = CollectingBackend(beforePiece: { count in if count > 10_000 { throw fault } })
            let server = try await SMTPServer.live(backend, .open)
            let client = try await RawClient.connect(server.port)
            _ = await client.say("EHLO x")
            _ = await client.say(Self.envelope + "\r\nDATA", replies: 3)
            client.send(String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 10_000))
            #expect(await client.say(".").hasPrefix(fault is Broken ? "451 4.3.0" : "452 4.3.1 Disk full"))
            #expect(await client.say("NOOP").hasPrefix("250"))
            await client.close()
            await server.shutDown()
        }
        struct Hasty: SMTPBackend, SMTPBackendSession {
            func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession { self }
            func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance { .standard }
            func recipient(_ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws
            {}
            func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt { SMTPReceipt(id: "unread") }
        }
        let server = try await SMTPServer.live(Hasty(), .open)
        let client = try await RawClient.connect(server.port)
        _ = await client.say("EHLO x")
        _ = await client.say(Self.envelope + "\r\nDATA", replies: 3)
        #expect(await client.say("x\r\n.").hasPrefix("451 4.3.0"))
        await client.close()
        await server.shutDown()
    }

    @Test("RFC 5321 §3.8: shutting down, a transaction in progress is completed, then 421")
    func shutDown() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend, .open)
        let idle = try await RawClient.connect(server.port)
        let busy = try await RawClient.connect(server.port)
        _ = await busy.say("EHLO x")
        _ = await busy.say(Self.envelope + "\r\nDATA", replies: 3)
        async let stopped: Void = server.shutDown(grace: .seconds(60))
        #expect(await idle.readToEnd().hasPrefix("421 4.3.2"))
        busy.send("x\r\n.\r\n")
        let end = await busy.readToEnd()
        #expect(end.hasPrefix("250 2.0.0") && end.contains("421 4.3.2"))
        await stopped
        #expect(backend.messages.count == 1 && backend.closed == 2)
    }

    @Test("What is left after the grace of a shutdown is closed; the backend's call is cancelled")
    func hardShutDown() async throws {
        let backend = CollectingBackend(judge: { question, _ in
            if question == "sender" { try await Task.sleep(for: .seconds(3600)) }  // ends by cancellation only
        })
        let server = try await SMTPServer.live(backend, .open)
        let client = try await RawClient.connect(server.port)
        _ = await client.say("EHLO x")
        client.send("MAIL FROM:<a@x.fr>\r\n")
        await server.shutDown(grace: .milliseconds(50))
        #expect(await !client.readToEnd().contains("250 2.1.0"))
        #expect(server.connections == 0)
    }

    @Test("A port that is taken starts no server at all")
    func takenPort() async throws {
        let server = try await SMTPServer.live(CollectingBackend(), .open)
        await #expect(throws: (any Error).self) {
            _ = try await SMTPServer.live(
                CollectingBackend(), .open, address: .tcp(host: "127.0.0.1", port: server.port))
        }
        await server.shutDown()
    }
}
