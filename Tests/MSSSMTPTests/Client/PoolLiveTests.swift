import MSSCore
import Testing

@testable import MSSSMTP

@Suite("Sessions kept for the next message")
struct PoolLiveTests {
    private func server(
        _ script: @escaping ScriptedSMTPServer.Script = ScriptedSMTPServer.wellBehaved
    ) async throws -> ScriptedSMTPServer {
        try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext(), script: script)
    }

    private func pool(
        _ limits: SMTPClientPool.Limits = .init(idle: .seconds(300)),
        checkPeer: SMTPClientConfiguration.PeerCheck? = nil
    ) throws -> SMTPClientPool {
        let configuration = try SMTPClientConfiguration.live(checkPeer: checkPeer)
        return SMTPClientPool(limits: limits) { _ in configuration }
    }

    @Test("one session serves message after message")
    func reuse() async throws {
        let server = try await server()
        let pool = try pool()
        for _ in 0..<3 {
            #expect(try await pool.send(.test("b@d.test"), to: .local(server.port)).delivered.count == 1)
        }
        #expect(server.log.connections == 1)
        #expect(server.log.messages.count == 3)
        await pool.close()
        #expect(await pool.count == 0)
        await #expect(throws: SMTPClientFailure.self) {
            try await pool.send(.test("b@d.test"), to: .local(server.port))
        }
        try await server.stop()
    }

    /// How a server leaves a session that the client still holds for open.
    enum Leaving: CaseIterable, Sendable {
        case saying421WhenIdle, closingWhenIdle, saying421AtMail, closingAtMail, closingAtData, closingInData
    }

    @Test(
        "1.10: a session that the server has ended is opened anew; the message is neither lost nor doubled",
        arguments: Leaving.allCases)
    func reopening(_ leaving: Leaving) async throws {
        let mails = Shared(0)
        let server = try await server(
            ScriptedSMTPServer.but { command, connection in
                guard connection == 1 else { return nil }
                if command.hasPrefix("MAIL") { mails.update { $0 += 1 } }
                let isSecond = mails.value == 2
                switch (leaving, command.prefix(4)) {
                case (.saying421WhenIdle, "."): return [.say("250 ok"), .say("421 4.4.2 idle"), .close]
                case (.closingWhenIdle, "."): return [.say("250 ok"), .close]
                case (.saying421AtMail, "MAIL") where isSecond: return [.say("421 4.4.2 idle"), .close]
                case (.closingAtMail, "MAIL") where isSecond: return [.close]
                case (.closingAtData, "DATA") where isSecond: return [.close]
                case (.closingInData, "DATA") where isSecond: return [.say("354 go"), .close]
                default: return nil
                }
            })
        let pool = try pool()
        let first = try await pool.send(.test("b@d.test", text: "one\r\n"), to: .local(server.port))
        #expect(first.delivered.count == 1)
        // More than the sockets hold: the end of a small one may be on its way before the server is seen to close, and then
        // it is not known whether the message was taken (the test of the lost answer).
        let text =
            leaving == .closingInData
            ? String(repeating: "\(String(repeating: "x", count: 76))\r\n", count: 200_000) : "two\r\n"
        let second = try await pool.send(.test("b@d.test", "c@d.test", text: text), to: .local(server.port))
        #expect(second.delivered.map(\.text) == ["b@d.test", "c@d.test"])
        #expect(server.log.messages == ["one\r\n", text])
        #expect(server.log.connections == 2)
        await pool.close()
        try await server.stop()
    }

    @Test(
        "a kept session that ends, and a server that greets no more: the next server is tried, nobody is refused for it"
    )
    func drained() async throws {
        let mails = Shared(0)
        let server = try await server { command, connection in
            if connection > 1, command == "CONNECT" { return [.say("554 5.3.2 going down"), .close] }
            if command.hasPrefix("MAIL") {
                mails.update { $0 += 1 }
                if mails.value == 2 { return [.say("421 4.3.2 going down"), .close] }
            }
            return ScriptedSMTPServer.wellBehaved(command, connection)
        }
        let pool = try pool()
        #expect(try await pool.send(.test("b@d.test"), to: .local(server.port)).delivered.count == 1)
        await #expect(throws: SMTPClientFailure.self) {
            try await pool.send(.test("b@d.test"), to: .local(server.port))
        }
        await pool.close()
        try await server.stop()
    }

    @Test("1.10: when the answer to a whole message is lost, it is not sent again")
    func lostAnswer() async throws {
        let ends = Shared(0)
        let server = try await server(
            ScriptedSMTPServer.but { command, _ in
                guard command == "." else { return nil }
                return ends.update {
                    $0 += 1
                    return $0
                } == 2 ? [.close] : nil
            })
        let pool = try pool()
        _ = try await pool.send(.test("b@d.test"), to: .local(server.port))
        let second = try await pool.send(.test("b@d.test"), to: .local(server.port))
        #expect(second.outcomes[0].failure?.mayHaveBeenDelivered == true)
        #expect(server.log.messages.count == 2)
        #expect(server.log.connections == 1)
        await pool.close()
        try await server.stop()
    }

    @Test("a server that ends every session is not tried for ever")
    func alwaysClosing() async throws {
        let server = try await server(
            ScriptedSMTPServer.but { command, _ in command.hasPrefix("MAIL") ? [.close] : nil })
        let pool = try pool()
        let result = try await pool.send(.test("b@d.test"), to: .local(server.port))
        #expect(result.outcomes[0].failure?.kind == .network)
        #expect(server.log.connections == 1)
        await pool.close()
        try await server.stop()
    }

    @Test("a session without use says QUIT after its time, and is forgotten; the next message opens another")
    func idleTime() async throws {
        let server = try await server()
        let pool = try pool(.init(idle: .milliseconds(50)))
        for number in 1...2 {
            #expect(try await pool.send(.test("b@d.test"), to: .local(server.port)).delivered.count == 1)
            while server.log.commands.filter({ $0 == "QUIT" }).count < number { await Task.yield() }
            while await pool.count > 0 { await Task.yield() }
        }
        #expect(server.log.connections == 2)
        await pool.close()
        try await server.stop()
    }

    @Test("a session is not used beyond its lifetime, however busy")
    func lifetime() async throws {
        let server = try await server()
        let pool = try pool(.init(idle: .seconds(300), lifetime: .nanoseconds(1)))
        for _ in 1...3 {
            #expect(try await pool.send(.test("b@d.test"), to: .local(server.port)).delivered.count == 1)
        }
        #expect(server.log.connections == 3)
        while server.log.open > 0 { await Task.yield() }
        #expect(server.log.commands.filter { $0 == "QUIT" }.count == 3)
        await pool.close()
        try await server.stop()
    }

    @Test("no more sessions for a destination than allowed; the others wait their turn")
    func bounded() async throws {
        let server = try await server()
        let pool = try pool(.init(perDestination: 2, idle: .seconds(300)))
        let delivered = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 {
                group.addTask { try await pool.send(.test("b@d.test"), to: .local(server.port)).delivered.count }
            }
            return try await group.reduce(0, +)
        }
        #expect(delivered == 10)
        #expect(server.log.mostOpen <= 2)
        #expect(await pool.count <= 2)
        await pool.close()
        try await server.stop()
    }

    @Test("one who waits for a session and is cancelled leaves the line; the place is not lost")
    func cancelledWaiter() async throws {
        let atMail = TestGate()
        let server = try await server(
            ScriptedSMTPServer.but { command, connection in
                if command.hasPrefix("EHLO") { return [.say("250-mx\r\n250 STARTTLS")] }
                guard connection == 1, command.hasPrefix("MAIL") else { return nil }
                Task { await atMail.open() }
                return []
            })
        let pool = try pool(.init(perDestination: 1))
        let holder = Task { try await pool.send(.test("b@d.test"), to: .local(server.port)) }
        await atMail.wait()
        let waiter = Task { try await pool.send(.test("b@d.test"), to: .local(server.port)) }
        waiter.cancel()
        await #expect(throws: SMTPClientFailure.self) { try await waiter.value }
        holder.cancel()
        _ = try await holder.value
        #expect(try await pool.send(.test("b@d.test"), to: .local(server.port)).delivered.count == 1)
        await pool.close()
        try await server.stop()
    }

    @Test("§6.7.2.1 steps 5 and 6: a session kept open is checked again for each message")
    func recheck() async throws {
        let server = try await server()
        let isListed = Shared(true)
        let pool = try pool(checkPeer: { _ in
            isListed.value ? nil : SMTPPeerRefusal(explanation: "Retiré de la liste blanche.", detail: "DN")
        })
        _ = try await pool.send(.test("b@d.test"), to: .local(server.port))
        isListed.update { $0 = false }
        await #expect(throws: SMTPClientFailure.self) {
            try await pool.send(.test("b@d.test"), to: .local(server.port))
        }
        #expect(server.log.messages.count == 1)
        await pool.close()
        try await server.stop()
    }

    @Test("sessions are not shared between domains, even of one server")
    func perDomain() async throws {
        let server = try await server()
        let pool = try pool()
        var other = SMTPDestination.local(server.port)
        other.domain = try Domain("e.test")
        _ = try await pool.send(.test("b@d.test"), to: .local(server.port))
        _ = try await pool.send(.test("b@e.test"), to: other)
        #expect(server.log.connections == 2)
        await pool.close()
        try await server.stop()
    }
}
