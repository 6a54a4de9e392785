import MSSCore
import MSSTLS
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("Connections over sockets")
struct ConnectionLiveTests {
    private func send(
        to server: ScriptedSMTPServer, _ configuration: SMTPClientConfiguration,
        _ message: SMTPOutgoingMessage = .test("b@d.test")
    ) async throws(SMTPClientFailure) -> SMTPTransactionResult {
        let connection = try await SMTPConnection.open(.local(server.port), configuration)
        let result = await connection.send(message)
        await connection.quit()
        return result
    }

    private func failure(
        _ server: ScriptedSMTPServer, _ configuration: SMTPClientConfiguration
    ) async -> SMTPClientFailure? {
        do {
            _ = try await send(to: server, configuration)
            return nil
        } catch { return error }
    }

    @Test("EX_3.2_5020, EX_3.2_5050: a message goes by mutual TLS after the peer check has seen the certificate")
    func mutualTLS() async throws {
        let server = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext())
        let seen = Shared<[String]>([])
        let configuration = try SMTPClientConfiguration.live(checkPeer: { peer in
            seen.update { $0.append(peer.facts.peer?.certificate.subject.description ?? "none") }
            #expect(server.log.commands == ["CONNECT", "EHLO mx.client.test", "STARTTLS"])
            return nil
        })
        let result = try await send(to: server, configuration, .test("b@d.test", "c@d.test"))
        #expect(result.delivered.map(\.text) == ["b@d.test", "c@d.test"])
        #expect(seen.value.count == 1)
        #expect(seen.value[0].contains("mx.d.test"))
        #expect(server.log.messages == ["Subject: Bilan\r\n\r\nx\r\n"])
        #expect(server.log.commands.last == "QUIT")
        try await server.stop()
    }

    @Test("§6.7.2.1 step 6: a peer that the check refuses hears of no sender and no recipient")
    func refusedPeer() async throws {
        let server = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext())
        let configuration = try SMTPClientConfiguration.live(checkPeer: { _ in
            SMTPPeerRefusal(requirement: "EX_3.2_5060", explanation: "Hors liste blanche.", detail: "DN")
        })
        let failure = await failure(server, configuration)
        #expect(failure?.kind == .policy)
        #expect(failure?.requirement == "EX_3.2_5060")
        #expect(server.log.commands == ["CONNECT", "EHLO mx.client.test", "STARTTLS"])
        try await server.stop()
    }

    @Test("§6.7.2.1 step 4: a certificate of another authority ends the session: a matter of policy, to be tried again")
    func foreignCertificate() async throws {
        let server = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext(LiveIdentities.foreign))
        let failure = await failure(server, try .live())
        #expect(failure?.kind == .policy)
        #expect(failure?.phase == .startTLS)
        guard case .tls(let cause)? = failure?.cause, case .verification = cause.kind else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPermanent == false)
        try await server.stop()
    }

    @Test("hostile servers: each fault is told for what it is, and the connection ends")
    func hostile() async throws {
        let faults: [(SMTPClientFailure.Cause, ScriptedSMTPServer.Script)] = [
            (
                .clearBytesAfterStartTLS,
                ScriptedSMTPServer.but { command, _ in
                    command == "STARTTLS" ? [.raw("220 go\r\n250 injected\r\n")] : nil
                }
            ),
            (
                .malformedReply(.tooManyLines),
                ScriptedSMTPServer.but { command, _ in
                    command.hasPrefix("EHLO") ? [.raw(String(repeating: "250-x\r\n", count: 100_000))] : nil
                }
            ),
            (
                .malformedReply(.lineTooLong),
                ScriptedSMTPServer.but { command, _ in
                    command == "CONNECT" ? [.raw(String(repeating: "2", count: 1_000_000))] : nil
                }
            ),
            (
                .notOffered("STARTTLS"),
                ScriptedSMTPServer.but { command, _ in command.hasPrefix("EHLO") ? [.say("250 mx")] : nil }
            ),
            (.closed, ScriptedSMTPServer.but { command, _ in command.hasPrefix("EHLO") ? [.close] : nil }),
        ]
        for (cause, script) in faults {
            let server = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext(), script: script)
            let failure = await failure(server, try .live())
            if case .closed = cause, case .connection? = failure?.cause { continue }  // a reset looks so
            #expect(failure?.cause == cause)
            try await server.stop()
        }
    }

    @Test("a handshake that never answers ends by its timeout")
    func silentTLS() async throws {
        let server = try await ScriptedSMTPServer.start(
            script: ScriptedSMTPServer.but { command, _ in
                command == "STARTTLS" ? [.say("220 go"), .stopReading] : nil
            })
        var timeouts = SMTPTimeouts.patient
        timeouts.tls = .milliseconds(100)
        let failure = await failure(server, try .live(timeouts: timeouts))
        #expect(failure?.cause == .timedOut)
        #expect(failure?.phase == .startTLS)
        try await server.stop()
    }

    @Test("a server that stops reading holds back the reading of the message, and is given up by the block timeout")
    func backPressure() async throws {
        let server = try await ScriptedSMTPServer.start(
            tls: LiveIdentities.serverContext(),
            script: ScriptedSMTPServer.but { command, _ in
                command == "DATA" ? [.say("354 go ahead"), .stopReading] : nil
            })
        let read = Shared(0)
        let line = String(repeating: "0123456789", count: 5) + "\r\n"
        let chunk = ByteBuffer(string: String(repeating: line, count: 1_000))
        let content = SMTPContent(size: nil) {
            AsyncStream<ByteBuffer>(unfolding: {
                read.update { $0 += 1 }
                return chunk
            })
        }
        var timeouts = SMTPTimeouts.patient
        timeouts.block = .milliseconds(500)
        let message = SMTPOutgoingMessage(.to("b@d.test"), content)
        let result = try await send(to: server, .live(timeouts: timeouts), message)
        #expect(result.outcomes[0].failure?.cause == .timedOut)
        #expect(result.outcomes[0].failure?.phase == .content)
        // What the kernel and our buffers hold, not the endless message.
        #expect(read.value * chunk.readableBytes < 32 << 20)
        try await server.stop()
    }

    @Test("a large message arrives whole, whatever the pieces it is read in")
    func large() async throws {
        let server = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext())
        let line = ".0123456789 éà\r\n"
        let text = String(repeating: line, count: 100_000)
        var message = SMTPOutgoingMessage.test("b@d.test", text: text)
        message.envelope.isEightBit = true
        let result = try await send(to: server, .live(), message)
        #expect(result.delivered.count == 1)
        #expect(server.log.commands.contains("MAIL FROM:<a@client.test> SIZE=\(text.utf8.count) BODY=8BITMIME"))
        #expect(server.log.messages == [String(repeating: "." + line, count: 100_000)])
        try await server.stop()
    }

    @Test("a message in seven bits is sent instead where 8BITMIME is not offered")
    func downgrade() async throws {
        let server = try await ScriptedSMTPServer.start(
            tls: LiveIdentities.serverContext(),
            script: ScriptedSMTPServer.but { command, _ in
                command.hasPrefix("EHLO") ? [.say("250-mx\r\n250 STARTTLS")] : nil
            })
        var message = SMTPOutgoingMessage.test("b@d.test", text: "é\r\n")
        message.envelope.isEightBit = true
        #expect(try await send(to: server, .live(), message).failures.map(\.status) == ["5.6.3"])
        message.sevenBitContent = SMTPContent("=C3=A9\r\n".utf8)
        #expect(try await send(to: server, .live(), message).delivered.count == 1)
        #expect(server.log.messages == ["=C3=A9\r\n"])
        try await server.stop()
    }

    @Test("a message that cannot be read to its end never arrives")
    func brokenContent() async throws {
        struct Broken: Error {}
        let server = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext())
        let content = SMTPContent(size: nil) {
            AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                continuation.yield(ByteBuffer(string: "half\r\n"))
                continuation.finish(throwing: Broken())
            }
        }
        let result = try await send(to: server, .live(), SMTPOutgoingMessage(.to("b@d.test"), content))
        #expect(result.outcomes[0].failure?.cause == .content("Broken"))
        #expect(server.log.messages.isEmpty)
        try await server.stop()
    }

    @Test("a cancelled task ends the connection; the server has taken nothing")
    func cancelled() async throws {
        let atMail = TestGate()
        let server = try await ScriptedSMTPServer.start(
            tls: LiveIdentities.serverContext(),
            script: ScriptedSMTPServer.but { command, _ in
                if command.hasPrefix("EHLO") { return [.say("250-mx\r\n250 STARTTLS")] }
                if command.hasPrefix("MAIL") { Task { await atMail.open() } }
                return command.hasPrefix("MAIL") ? [] : nil
            })
        let task = Task { try await send(to: server, .live()) }
        await atMail.wait()
        task.cancel()
        let result = try await task.value
        #expect(result.outcomes[0].failure?.cause == .cancelled)
        #expect(server.log.messages.isEmpty)
        try await server.stop()
    }

    @Test("no server, no connection: a failure of the network")
    func refusedConnection() async throws {
        // Port 1 (tcpmux), on which nobody listens; a port just freed could be another test's by now.
        let error = await #expect(throws: SMTPClientFailure.self) {
            try await SMTPConnection.open(.local(1), .live())
        }
        #expect(error?.kind == .network)
        #expect(error?.phase == .connecting)
        #expect(error?.status == "4.4.1")
    }
}
