import MSSCore
import MSSSASL
import MSSTestKit
import MSSTLS
import TestIdentities
import Testing

@testable import MSSSMTP

@Suite("SMTP server with clients of others", .serialized)
struct PeerTests {
    static let message = "From: a@clinique.test\nTo: b@hopital.test\nSubject: essai\n\n.ligne\n..deux\nfin\n"
    static let expected =
        "From: a@clinique.test\r\nTo: b@hopital.test\r\nSubject: essai\r\n\r\n.ligne\r\n..deux\r\nfin\r\n"
    static let files = LiveIdentity.client.directory
    static let psc = SMTPSessionConfiguration.submissionPSC(serverName: "mx.hopital.test")

    @Test("swaks: STARTTLS with a client certificate, pipelining, several recipients, one refused")
    func swaks() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let result = try await ExternalTool.run(
            "swaks",
            [
                "--server", "127.0.0.1:\(server.port)", "--tls", "--tls-cert", "\(Self.files)/leaf.pem", "--tls-key",
                "\(Self.files)/key.pem", "--pipeline", "--from", "a@clinique.test", "--to",
                "b@hopital.test,unknown@hopital.test,c@hopital.test", "--data", "-",
            ], input: Array(Self.message.utf8))
        #expect(result.everything.contains("250 2.0.0 Accepted as m1"), "\(result.everything)")
        #expect(result.everything.contains("550 5.1.1 No such mailbox"))
        #expect(backend.messages.first?.text == Self.expected + "\r\n")  // swaks adds an empty line
        #expect(
            backend.messages.first?.envelope.recipients.map(\.path.wire) == ["<b@hopital.test>", "<c@hopital.test>"])
        #expect(backend.messages.first?.facts.tls?.peer != nil)
        let bare = try await ExternalTool.run(
            "swaks", ["--server", "127.0.0.1:\(server.port)", "--from", "a@clinique.test", "--to", "b@hopital.test"])
        #expect(bare.everything.contains("530 5.7.0 Must issue a STARTTLS command first"))
        await server.shutDown()
    }

    @Test("swaks: LMTP over a socket of the file system")
    func lmtp() async throws {
        let backend = CollectingBackend()
        let path = "\(try TestFiles.temporaryDirectory("mss-lmtp"))/s"
        let server = try await SMTPServer.live(
            backend, .lmtp(serverName: "store.test"), address: .unix(path: path))
        let result = try await ExternalTool.run(
            "swaks",
            [
                "--protocol", "LMTP", "--socket", path, "--from", "a@x.fr", "--to", "b@y.fr,c@y.fr", "--data", "-",
            ], input: Array(Self.message.utf8))
        #expect(result.succeeded && result.everything.contains("250 2.1.5 Accepted as m1"), "\(result.everything)")
        #expect(backend.messages.first?.facts.protocolName == "LMTP")
        await server.shutDown()
    }

    @Test("EX_LPS_0700: msmtp with XOAUTH2, OAUTHBEARER", arguments: ["xoauth2", "oauthbearer"])
    func msmtpToken(method: String) async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend, Self.psc, requiresCertificate: false)
        let result = try await msmtp(server.port, ["auth \(method)", "user jean@medecin.mssante.fr", "password a.b.c"])
        #expect(result.succeeded, "\(result.everything)")
        // msmtp adds Date and Message-ID.
        #expect(backend.messages.first?.text.hasSuffix(Self.expected) == true)
        #expect(backend.messages.first?.facts.identity?.mailbox == "jean@medecin.mssante.fr")
        #expect(backend.messages.first?.facts.protocolName == "ESMTPSA")
        await server.shutDown()
    }

    @Test("EX_LPS_0710: msmtp reads that its token is refused", arguments: ["xoauth2", "oauthbearer"])
    func msmtpRefused(method: String) async throws {
        let backend = CollectingBackend(judge: { question, _ in
            if question == "authenticate" { throw SMTPRefusal(SMTPReplies().invalidCredentials) }
        })
        let server = try await SMTPServer.live(backend, Self.psc, requiresCertificate: false)
        let result = try await msmtp(server.port, ["auth \(method)", "user jean@medecin.mssante.fr", "password a.b.c"])
        #expect(
            !result.succeeded && result.everything.contains("535 5.7.8 Authentication credentials invalid"),
            "\(result.everything)")
        await server.shutDown()
    }

    @Test(
        "EX_LPS_1200: msmtp with a certificate and PLAIN, LOGIN, EXTERNAL", arguments: ["plain", "login", "external"])
    func msmtpCertificate(method: String) async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend, .submissionCertificate(serverName: "mx.hopital.test"))
        let result = try await msmtp(
            server.port,
            [
                "auth \(method)", "user app@hopital.test", "password none", "tls_cert_file \(Self.files)/leaf.pem",
                "tls_key_file \(Self.files)/key.pem",
            ])
        #expect(result.succeeded, "\(result.everything)")
        #expect(backend.credentials.first?.mechanism.name == method.uppercased())
        #expect(backend.messages.first?.facts.identity?.mailbox == "app@hopital.test")
        await server.shutDown()
    }

    private func msmtp(_ port: Int, _ lines: [String]) async throws -> ExternalTool.Result {
        let file = "\(try TestFiles.temporaryDirectory("mss-msmtp"))/rc"
        let all =
            [
                "account default", "host 127.0.0.1", "port \(port)", "from a@clinique.test", "tls on",
                "tls_starttls on",
                "tls_trust_file \(Self.files)/ca.pem", "tls_host_override mx.hopital.test",
            ] + lines
        try TestFiles.write(all.joined(separator: "\n") + "\n", to: file, mode: 0o600)
        return try await ExternalTool.run(
            "msmtp", ["--debug", "-C", file, "b@hopital.test"], input: Array(Self.message.utf8))
    }

    @Test(
        "curl: mutual TLS, and a token by XOAUTH2 with the response at once or after the challenge",
        arguments: [true, false])
    func curl(atOnce: Bool) async throws {
        let backend = CollectingBackend()
        let configuration = SMTPSessionConfiguration.operator(serverName: "mx.hopital.test").with {
            $0.mechanisms = [.xoauth2]
        }
        let server = try await SMTPServer.live(backend, configuration)
        let result = try await ExternalTool.run(
            "curl",
            [
                "-sv", "--url", "smtp://mx.hopital.test:\(server.port)/x", "--resolve",
                "mx.hopital.test:\(server.port):127.0.0.1", "--noproxy", "*", "--ssl-reqd", "--cacert",
                "\(Self.files)/ca.pem", "--cert", "\(Self.files)/leaf.pem", "--key", "\(Self.files)/key.pem", "--crlf",
                "--mail-from", "a@clinique.test", "--mail-rcpt", "b@hopital.test", "--user", "jean@medecin.mssante.fr:",
                "--oauth2-bearer", "a.b.c", "--login-options", "AUTH=XOAUTH2", "-T", "-",
            ] + (atOnce ? ["--sasl-ir"] : []), input: Array(Self.message.utf8))
        #expect(result.succeeded, "\(result.everything)")
        #expect(backend.messages.first?.text == Self.expected)
        #expect(backend.credentials.first?.claimedIdentity == "jean@medecin.mssante.fr")
        await server.shutDown()
    }

    @Test("Python smtplib: STARTTLS with a certificate, DSN parameters, SMTPUTF8, RSET, chunks, 10 MB")
    func smtplib() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let script = """
            import smtplib, ssl, sys
            port, files = int(sys.argv[1]), sys.argv[2]
            context = ssl.create_default_context(cafile=files + "/ca.pem")
            context.check_hostname = False
            context.load_cert_chain(files + "/leaf.pem", files + "/key.pem")
            s = smtplib.SMTP("127.0.0.1", port)
            s.starttls(context=context)
            s.ehlo()
            assert s.has_extn("chunking") and s.has_extn("dsn") and s.esmtp_features["limits"], s.esmtp_features
            s.sendmail("a@clinique.test", ["b@hopital.test"], b"Subject: 1\\r\\n\\r\\n.dot\\r\\n",
                       mail_options=["BODY=8BITMIME", "RET=HDRS", "ENVID=x1"], rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
            assert s.verify("b@hopital.test")[0] == 252
            s.rset()
            def raw(octets):
                s.sock.sendall(octets)
                return s.getreply()
            assert raw(b"MAIL FROM:<d\\xc3\\xa9d\\xc3\\xa9@clinique.test> SMTPUTF8\\r\\n")[0] == 250
            assert raw(b"RCPT TO:<b@hopital.test>\\r\\n")[0] == 250
            assert raw(b"BDAT 7\\r\\nSubjectBDAT 12 LAST\\r\\n: 2\\r\\n\\r\\nchu\\r\\n")[0] == 250
            assert s.getreply()[0] == 250
            s.sendmail("a@clinique.test", ["b@hopital.test"], b"Subject: 3\\r\\n\\r\\n" + (b"." * 76 + b"\\r\\n") * 131072)
            try:
                s.sendmail("a@clinique.test", ["unknown@hopital.test"], b"x")
                assert False
            except smtplib.SMTPRecipientsRefused as e:
                assert e.recipients["unknown@hopital.test"][0] == 550
            assert s.noop()[0] == 250
            s.quit()
            """
        let result = try await ExternalTool.run(
            "python3", ["-c", script, "\(server.port)", Self.files])
        #expect(result.succeeded, "\(result.everything)")
        let messages = backend.messages
        #expect(messages.first?.envelope.parameters.envelopeID == "x1")
        #expect(messages.first?.envelope.recipients.first?.parameters.notify == [.success, .failure])
        #expect(messages.first?.text == "Subject: 1\r\n\r\n.dot\r\n")
        #expect(messages.last?.content.count == 14 + 78 * 131_072)
        #expect(messages.map(\.text).dropFirst().first == "Subject: 2\r\n\r\nchu\r\n")
        #expect(messages.dropFirst().first?.envelope.sender.address?.localPart == "dédé")
        await server.shutDown()
    }

    @Test("EX_3.1_5020: Postfix relays to us by mutual TLS: a message with dots, DSN, and one of 5 MB")
    func postfix() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        var sending = PostfixPeer.Configuration("mx.clinique.test", LiveIdentity.server.credential)
        sending.routes = [.everything(port: server.port, certificateName: "mx.hopital.test")]
        let postfix = try await PostfixPeer.start(sending)
        let large =
            Self.message + String(repeating: ".", count: 70) + "\n"
            + String(repeating: String(repeating: "x", count: 70) + "\n", count: 70_000)
        var arrivals = backend.arrivals.makeAsyncIterator()
        for (body, count) in [(Self.message, 1), (large, 2)] {
            let sent = try await ExternalTool.run(
                "swaks",
                [
                    "--server", "127.0.0.1:\(postfix.port)", "--tls", "--tls-cert", "\(Self.files)/leaf.pem",
                    "--tls-key",
                    "\(Self.files)/key.pem", "--from", "a@clinique.test", "--to", "b@hopital.test,c@hopital.test",
                    "--data", "-", "--hide-all",
                ], input: Array(body.utf8))
            try #require(sent.succeeded, "\(sent.everything) \(postfix.log)")
            let message = try #require(await arrivals.next())
            // Postfix adds fields to the header, swaks a line to the body.
            let wanted = "\r\n\r\n" + body.replacingLineEnds().split(separator: "\r\n\r\n")[1] + "\r\n"
            #expect(message.text.hasSuffix(wanted) && message.text.contains("Subject: essai"), "\(count)")
            #expect(message.envelope.recipients.count == 2 && message.envelope.parameters.size != nil)
            #expect(message.facts.tls?.peer?.certificate.der == LiveIdentity.server.credential.certificateDER)
        }
        try await postfix.stop()
        #expect(postfix.log.contains("250 2.0.0 Accepted as m1"), "\(postfix.log)")
        await server.shutDown()
    }
}

extension String {
    fileprivate func replacingLineEnds() -> String {
        split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }
}
