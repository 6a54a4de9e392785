import Glibc
import MSSCore
import MSSSASL
import MSSTLS
import NIOCore
import NIOPosix
import Testing

@testable import MSSSMTP

/// Each attack runs beside a session that is in the middle of a message: that message must arrive, and what the server
/// holds for its clients must stay within a bound all the while.
@Suite("SMTP server: hostile clients beside an honest one", .serialized)
struct HostileClientTests {
    /// What all attackers together may make the server hold; each may have a line, a piece and the replies of a window.
    private static let bound = 1 << 20

    private func beside(
        _ configuration: SMTPSessionConfiguration = .open, tlsLimits: TLSLimits = TLSLimits(),
        _ attack: (_ server: SMTPServer, _ sample: () async -> Void) async throws -> Void
    ) async throws {
        let backend = CollectingBackend()
        var limits = SMTPServerLimits()
        limits.connectionsPerPeer = 500
        let server = try await SMTPServer.live(
            backend, configuration, limits: limits, requiresCertificate: false, tlsLimits: tlsLimits)
        let honest = try await RawClient.connect(server.port)
        if configuration.security == .startTLSRequired { try await honest.startTLS() }
        _ = await honest.say("EHLO honest")
        #expect(await honest.say(LiveServerTests.envelope + "\r\nDATA", replies: 3).contains("354 "))
        honest.send("Subject: honest\r\n\r\nfirst half, ")
        var most = (sum: 0, ofOne: 0)
        func sample() async {
            let held = await server.heldOctets()
            most = (max(most.sum, held.sum), max(most.ofOne, held.ofOne))
        }
        try await attack(server, sample)
        await sample()
        #expect(most.sum < Self.bound, "\(most.sum) octets held")
        #expect(most.ofOne <= configuration.limits.mostOctetsHeld, "\(most.ofOne) octets held by one session")
        #expect(await honest.say("second half\r\n.").hasPrefix("250 2.0.0"))
        #expect(backend.messages.last?.text == "Subject: honest\r\n\r\nfirst half, second half\r\n")
        #expect(backend.messages.count == 1, "nothing else was taken")
        await honest.close()
        await server.shutDown()
        #expect(server.connections == 0 && server.bufferedOctets == 0)
    }

    @Test("Smuggling: each published sequence gets 550 at the true end, the session goes on, nothing was smuggled")
    func smuggling() async throws {
        try await beside { server, sample in
            for end in SmugglingSequences.all {
                let client = try await RawClient.connect(server.port)
                _ = await client.say("EHLO x")
                #expect(await client.say(LiveServerTests.envelope + "\r\nDATA", replies: 3).contains("354 "))
                client.send(
                    "Subject: a\r\n\r\nx\(end)MAIL FROM:<evil@x.fr>\r\nRCPT TO:<c@y.fr>\r\nDATA\r\nevil\r\n.\r\n")
                let reply = await client.read { $0.text.hasSuffix("\r\n") }
                #expect(reply.hasPrefix("550 5."), "\(end.debugDescription): \(reply)")
                #expect(await client.say("NOOP").hasPrefix("250"), "\(end.debugDescription)")
                await sample()
                await client.close()
            }
        }
    }

    @Test("Lines: one too long gets 500, one without end gets 500 and the end of the connection")
    func lines() async throws {
        try await beside { server, sample in
            let long = try await RawClient.connect(server.port)
            #expect(await long.say(String(repeating: "y", count: 300_000)) == "500 5.5.2 Line too long\r\n")
            #expect(await long.say("NOOP").hasPrefix("250"))
            let endless = try await RawClient.connect(server.port)
            for _ in 0..<30 {
                endless.send(String(repeating: "y", count: 50_000))
                await sample()
            }
            #expect(await endless.readToEnd() == "500 5.5.2 Line too long\r\n")
            await long.close()
        }
    }

    @Test("Binary garbage, with line ends and without: refusals and an end")
    func garbage() async throws {
        try await beside { server, sample in
            var generator = SystemRandomNumberGenerator()
            for hasLines in [true, false] {
                let client = try await RawClient.connect(server.port)
                for _ in 0..<40 {
                    let octets = (0..<50_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                    client.send(hasLines ? octets : octets.map { $0 == 0x0A ? 0 : $0 })
                    await sample()
                }
                let answers = await client.readToEnd()
                let codes = answers.split(separator: "\r\n").compactMap { Int($0.prefix(3)) }
                #expect(!codes.isEmpty && codes.allSatisfy { $0 >= 400 }, "\(answers)")
            }
        }
    }

    @Test("100,000 commands at once: each of the first thousand has its reply, then 421 and the end")
    func commands() async throws {
        try await beside { server, sample in
            let client = try await RawClient.connect(server.port)
            for _ in 0..<100 {
                client.send(String(repeating: "NOOP\r\n", count: 1000))
                await sample()
            }
            let replies = await client.readToEnd().split(separator: "\r\n")
            #expect(replies.count == 1001 && replies.dropLast().allSatisfy { $0 == "250 2.0.0 OK" })
            #expect(replies.last == "421 4.7.0 Too many commands, closing connection")
        }
    }

    @Test("100,000 commands where so many are allowed: a reply for each, and no more held than a window")
    func allowedCommands() async throws {
        let patient = SMTPSessionConfiguration.open.with { $0.limits.commandsWithoutMessage = .max }
        try await beside(patient) { server, sample in
            let client = try await RawClient.connect(server.port)
            for _ in 0..<100 {
                client.send(String(repeating: "NOOP\r\n", count: 1000))
                await sample()
            }
            let replies = await client.read { $0.text.utf8.count == 100_000 * "250 2.0.0 OK\r\n".utf8.count }
            #expect(replies == String(repeating: "250 2.0.0 OK\r\n", count: 100_000))
            #expect(await client.say("QUIT").hasPrefix("221"))
        }
    }

    @Test("Chunks of one octet: answered up to their limit, then refused, and the session goes on")
    func tinyChunks() async throws {
        try await beside { server, sample in
            let client = try await RawClient.connect(server.port)
            _ = await client.say("EHLO x")
            _ = await client.say(LiveServerTests.envelope, replies: 2)
            for _ in 0..<200 {
                client.send(String(repeating: "BDAT 1\r\nx", count: 100))
                await sample()
            }
            let accepted = await client.read {
                $0.text.utf8.count == 20_000 * "250 2.0.0 1 octets received\r\n".utf8.count
            }
            #expect(accepted == String(repeating: "250 2.0.0 1 octets received\r\n", count: 20_000))
            #expect(await client.say("BDAT 1 LAST\r\nx\r\nNOOP", replies: 2).hasPrefix("552 5.5.3 Too many chunks\r\n"))
            await client.close()
        }
    }

    @Test("A flood of recipients: forty are taken, the others refused, and after a thousand commands 421 and the end")
    func recipients() async throws {
        try await beside { server, sample in
            let client = try await RawClient.connect(server.port)
            _ = await client.say("EHLO x")
            client.send("MAIL FROM:<a@x.fr>\r\n")
            for number in 0..<10_000 { client.send("RCPT TO:<r\(number)@y.fr>\r\n") }
            await sample()
            let replies = await client.readToEnd().split(separator: "\r\n")
            func count(_ start: String) -> Int { replies.filter { $0.hasPrefix(start) }.count }
            let refused = count("452 4.5.3")
            #expect(count("250 2.1.5") == 40)
            #expect((900..<1000).contains(refused), "\(refused)")
            #expect(replies.last?.hasPrefix("421 4.7.0") == true && replies.count == refused + 42)
        }
    }

    @Test("Garbage in AUTH: 501 and 500 each time, then 421; a response without end is cut")
    func authentication() async throws {
        let configuration = SMTPSessionConfiguration.submissionPSC(serverName: "mx.test").with {
            $0.requiresAuthentication = false
        }
        try await beside(configuration) { server, sample in
            func secured() async throws -> RawClient {
                let client = try await RawClient.connect(server.port)
                try await client.startTLS(certificate: false)
                _ = await client.say("EHLO x")
                return client
            }
            let guessing = try await secured()
            for _ in 0..<10 {
                #expect(await guessing.say("AUTH XOAUTH2 %%%%") == "501 5.5.2 Not base64\r\n")
                #expect(await guessing.say("AUTH XOAUTH2") == "334 \r\n")
                #expect(await guessing.say("\u{1}\u{2}A=A").hasPrefix("501 5.5.2"))
            }
            #expect(await guessing.say("AUTH XOAUTH2 %").hasPrefix("421 4.7.0"))
            _ = await guessing.readToEnd()
            let long = try await secured()
            _ = await long.say("AUTH XOAUTH2")
            #expect(await long.say(String(repeating: "A", count: 200_000)).hasPrefix("500 5.5.6"))
            #expect(await long.say("NOOP").hasPrefix("250"))
            _ = await long.say("AUTH XOAUTH2")
            for _ in 0..<30 {
                long.send(String(repeating: "A", count: 50_000))
                await sample()
            }
            #expect(await long.readToEnd().hasPrefix("500 5.5.2"))
        }
    }

    @Test("Half-open TLS: silence, half a hello, garbage and a reset, forty times: each ends within its time")
    func halfOpen() async throws {
        let limits = TLSLimits(handshakeTimeout: .milliseconds(500))
        // The honest one stays in clear: on a busy machine its handshake might not have time enough.
        let configuration = SMTPSessionConfiguration.open.with { $0.security = .startTLSOffered }
        try await beside(configuration, tlsLimits: limits) { server, sample in
            var clients: [RawClient] = []
            for number in 0..<40 {
                let client = try await RawClient.connect(server.port)
                #expect(await client.say("STARTTLS").hasPrefix("220"))
                switch number % 4 {
                case 0: break
                case 1: client.send([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3])
                case 2: client.send((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                default: try await client.reset()
                }
                clients.append(client)
            }
            await sample()
            for client in clients { #expect(await !client.readToEnd().contains("250")) }
        }
    }

    @Test("A client that goes, in order or by a reset, at every state of a session with TLS and AUTH")
    func disconnects() async throws {
        let token = XOAUTH2Credentials(user: "jean@medecin.mssante.fr", token: "a.b.c")!.message.base64
        let steps = [
            "EHLO x", "STARTTLS", "EHLO x", "AUTH XOAUTH2", token, "MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>",
            "BDAT 4\r\nab\r\n", "BDAT 100 LAST\r\nhalf of it",
        ]
        let configuration = SMTPSessionConfiguration.submissionPSC(serverName: "mx.test").with {
            $0.requiresAuthentication = false
        }
        try await beside(configuration) { server, sample in
            for count in 0...steps.count {
                for byReset in [false, true] {
                    let client = try await RawClient.connect(server.port)
                    for (number, step) in steps.prefix(count).enumerated() {
                        if step == "STARTTLS" {
                            // The last step leaves the handshake undone.
                            if number == count - 1 {
                                _ = await client.say(step)
                            } else {
                                try await client.startTLS(certificate: false)
                            }
                        } else if step.hasPrefix("BDAT 100") {
                            client.send(step)
                        } else {
                            _ = await client.say(step)
                        }
                    }
                    if byReset { try await client.reset() } else { await client.close() }
                    await sample()
                }
            }
            // All are gone but the honest one.
            while server.connections > 1 { await Task.yield() }
        }
    }

    @Test("A client that never reads its replies is read no further, and is cut when the time for it is over")
    func neverReads() async throws {
        let configuration = SMTPSessionConfiguration.open.with {
            $0.limits.commandsWithoutMessage = .max
            $0.limits.replyStall = .milliseconds(500)
        }
        try await beside(configuration) { server, sample in
            let client = try await RawClient.connect(server.port)
            try await client.stopReading()
            // 48 MB of replies, which fit into no socket's buffers.
            for _ in 0..<600 { client.send(String(repeating: "VRFY x\r\n", count: 1000)) }
            while server.connections > 1 {
                await sample()
                await Task.yield()
            }
            await client.close()
        }
    }
}
