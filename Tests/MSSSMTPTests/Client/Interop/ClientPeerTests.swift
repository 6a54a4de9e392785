import MSSCore
import MSSTestKit
import Testing

@testable import MSSSMTP

@Suite("The client with servers of other hands", .serialized)
struct ClientPeerTests {
    /// Dots at line starts, long enough for several chunks.
    private static let text =
        "Subject: Bilan\r\n\r\n" + String(repeating: ".début de ligne\r\n..\r\n", count: 20_000)

    @Test(
        "EX_3.2_5020, EX_3.2_5070: Postfix takes messages by mutual TLS, by DATA and by BDAT, and refuses one recipient",
        arguments: [true, false])
    func postfix(_ chunking: Bool) async throws {
        // Requires client certificates, refuses one recipient and discards the rest.
        var receiving = PostfixPeer.Configuration("mx.d.test", LiveIdentities.server)
        receiving.routes = [.discard]
        receiving.settings["smtpd_discard_ehlo_keywords"] = chunking ? "" : "chunking"
        receiving.settings["smtpd_recipient_restrictions"] =
            "check_recipient_access inline:{{inconnu@d.test = 550 5.1.1 unknown}}, permit_tls_all_clientcerts, reject"
        let postfix = try await PostfixPeer.start(receiving)
        let connection = try await BackgroundTool.connect(postfix.port, .live())
        #expect(connection.capabilities.offers(.chunking) == chunking)
        #expect(connection.capabilities.offers(.dsn))
        var message = SMTPOutgoingMessage.test("b@d.test", "inconnu@d.test", "c@d.test", text: Self.text)
        message.envelope.isEightBit = true
        message.envelope.envelopeID = "essai+1"
        message.envelope.returned = .headers
        message.envelope.recipients[0].notify = [.failure, .delay]
        message.envelope.recipients[0].original = OriginalRecipient(address: "b@d.test")
        for _ in 0..<2 {
            let result = await connection.send(message)
            #expect(result.outcomes.map { $0.failure?.status } == [nil, "5.1.1", nil], "\(result) \(postfix.log)")
            #expect(result.passedNotices)
            #expect(connection.isReusable)
        }
        await connection.quit()
        #expect(postfix.log.contains("Trusted TLS connection established from"))
        try await postfix.wait(for: "status=sent")
        // What arrived is the message: Postfix counts LF for CRLF, and its own Received field.
        #expect(postfix.log.contains("nrcpt=2"))
        try await postfix.stop()
    }

    @Test("aiosmtpd receives a message to the octet, by mutual TLS")
    func aiosmtpd() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-aiosmtpd")
        try LiveIdentities.write(to: directory)
        try TestFiles.write(Self.aiosmtpdServer, to: "\(directory)/server.py")
        let python = try await PythonEnvironment.python(with: "aiosmtpd==1.4.6")
        let port = try LoopbackPort.free()
        let server = try BackgroundTool(python, ["\(directory)/server.py", String(port), directory])
        defer { server.stop() }
        try await server.wait(for: "ready")
        let connection = try await BackgroundTool.connect(port, .live())
        var message = SMTPOutgoingMessage.test("b@d.test", "inconnu@d.test", text: Self.text)
        message.envelope.isEightBit = true
        let result = await connection.send(message)
        #expect(result.outcomes.map { $0.failure?.status } == [nil, "5.1.1"], "\(result) \(server.written)")
        await connection.quit()
        try await server.wait(for: "received 1")
        #expect(try TestFiles.read("\(directory)/1.eml") == Array(Self.text.utf8))
        #expect(try TestFiles.read("\(directory)/1.txt") == Array("a@client.test b@d.test mx.client.test".utf8))
    }

    private static let aiosmtpdServer = """
        import asyncio, ssl, sys
        from aiosmtpd.smtp import SMTP

        port, directory = int(sys.argv[1]), sys.argv[2]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{directory}/ca.pem")
        context.load_cert_chain(f"{directory}/leaf.pem", f"{directory}/leaf.key")
        context.verify_mode = ssl.CERT_REQUIRED

        class Handler:
            count = 0

            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("inconnu"):
                    return "550 5.1.1 unknown"
                envelope.rcpt_tos.append(address)
                return "250 ok"

            async def handle_DATA(self, server, session, envelope):
                self.count += 1
                open(f"{directory}/{self.count}.eml", "wb").write(envelope.original_content)
                words = [envelope.mail_from, *envelope.rcpt_tos, session.host_name]
                open(f"{directory}/{self.count}.txt", "w").write(" ".join(words))
                print("received", self.count, flush=True)
                return "250 2.0.0 taken"

        async def main():
            handler = Handler()
            loop = asyncio.get_running_loop()
            make = lambda: SMTP(handler, hostname="mx.d.test", require_starttls=True, tls_context=context, loop=loop)
            server = await loop.create_server(make, "127.0.0.1", port)
            print("ready", flush=True)
            await server.serve_forever()

        asyncio.run(main())
        """

    @Test("smtp-sink of Postfix takes messages with and without its extensions, by SMTP and by LMTP")
    func smtpSink() async throws {
        for (options, mode) in [
            ([], SMTPClientSessionConfiguration.Mode.smtp), (["-p"], .smtp), (["-e"], .smtp), (["-L"], .lmtp),
        ] {
            let port = try LoopbackPort.free()
            let sink = try BackgroundTool("smtp-sink", ["-u", "postfix"] + options + ["127.0.0.1:\(port)", "10"])
            defer { sink.stop() }
            let connection = try await BackgroundTool.connect(port, .local(mode))
            for _ in 0..<3 {
                let result = await connection.send(.test("b@d.test", "c@d.test"))
                #expect(result.delivered.count == 2, "\(options) \(result)")
            }
            await connection.quit()
        }
    }

    @Test("smtp-sink that refuses RCPT, DATA or the message has each failure told in its phase")
    func smtpSinkRefusals() async throws {
        for (command, phase) in [
            ("MAIL", SMTPClientFailure.Phase.mail), ("RCPT", .recipient), ("DATA", .data), (".", .endOfContent),
        ] {
            for (option, isPermanent) in [("-f", true), ("-r", false)] {
                let port = try LoopbackPort.free()
                let sink = try BackgroundTool(
                    "smtp-sink", ["-u", "postfix", option, command, "127.0.0.1:\(port)", "10"])
                defer { sink.stop() }
                let connection = try await BackgroundTool.connect(port, .local())
                let result = await connection.send(.test("b@d.test"))
                #expect(result.outcomes[0].failure?.phase == phase, "\(option) \(command) \(result)")
                #expect(result.outcomes[0].failure?.isPermanent == isPermanent)
                await connection.quit()
            }
        }
    }

    @Test("Dovecot stores messages by LMTP, with an answer for each recipient")
    func dovecotLMTP() async throws {
        let dovecot = try await DovecotLMTP.start()
        let connection = try await BackgroundTool.connect(dovecot.port, .local(.lmtp))
        var message = SMTPOutgoingMessage.test("alice@d.test", "inconnu@d.test", "bob@d.test", text: Self.text)
        message.envelope.isEightBit = true
        let result = await connection.send(message)
        #expect(result.outcomes.map { $0.failure?.status } == [nil, "5.1.1", nil], "\(result)")
        #expect(connection.isReusable)
        await connection.quit()
        for user in ["alice", "bob"] {
            let stored = try await ExternalTool.run(
                "doveadm", ["-c", dovecot.configuration, "fetch", "-u", "\(user)@d.test", "text", "all"])
            #expect(stored.text.replacing("\r\n", with: "\n").contains(Self.text.replacing("\r\n", with: "\n")))
        }
        try await dovecot.stop()
    }
}
