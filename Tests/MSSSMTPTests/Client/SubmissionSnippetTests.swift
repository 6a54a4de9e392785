import MSSCore
import MSSMessage
import MSSSASL
import MSSSMTP
import MSSTLS
import Testing

@Suite("Snippets of the article on sending")
struct SubmissionSnippetTests {
    struct InvalidToken: Error {}

    @Test("EX_LPS_0400, EX_LPS_0700: the article's client sends a message with a token, after TLS and not before")
    func submission() async throws {
        let shown = Shared<[String]>([])
        let show: @Sendable (String) -> Void = { text in shown.update { $0.append(text) } }
        let currentToken: @Sendable () async throws -> String = { "eyJ0eXAiOiJKV1QifQ.e30.c2ln" }
        let scripted = try await ScriptedSMTPServer.start(
            tls: LiveIdentities.serverContext(),
            script: ScriptedSMTPServer.but { command, _ in
                switch command.prefix(4) {
                case "EHLO": [.say("250-mx.d.test\r\n250-STARTTLS\r\n250 AUTH XOAUTH2")]
                case "AUTH": [.say("235 2.7.0 Accepted")]
                case "RCPT" where command.contains("inconnu"): [.say("550 5.1.1 no such user")]
                default: nil
                }
            })
        let workstation = try Domain("poste1.cabinet.test")
        let mailbox = address("alice@cabinet.test")
        let recipients = [address("bob@d.test"), address("inconnu@d.test")]
        let message = OutgoingMessage(
            from: Mailbox(mailbox), to: recipients.map { Mailbox($0) }, subject: "Bilan", content: .text("Bonjour."))
        let tls = try LiveIdentities.clientContext()

        let client = client(scripted.port, tls, workstation, mailbox, currentToken)
        // snippet: submission-send
        var writer = try MessageWriter(message)
        let envelope = OutgoingEnvelope(sender: mailbox, recipients: recipients)
        let outgoing = SMTPOutgoingMessage(envelope, SMTPContent(try writer.bytes()))

        do {
            let result = try await client.send(outgoing)
            for outcome in result.outcomes {
                if let failure = outcome.failure { show("\(outcome.recipient) : \(failure.explanation)") }
            }
        } catch {
            // No session: `error.kind` tells an expired token (`.authentication`) from a network that is down.
            show(error.explanation)
        }
        // end snippet
        #expect(shown.value.count == 1)
        #expect(shown.value[0].hasPrefix("inconnu@d.test : "))
        #expect(scripted.log.messages.count == 1)
        let commands = scripted.log.commands
        let tlsAt = try #require(commands.firstIndex(of: "STARTTLS"))
        let authAt = try #require(commands.firstIndex { $0.hasPrefix("AUTH XOAUTH2 ") })
        #expect(tlsAt < authAt)
        await client.close()
        try await scripted.stop()
    }

    @Test("EX_LPS_1200: the article's application names its mailbox beside its certificate, and sends")
    func application() async throws {
        let backend = CollectingBackend()
        let operators = try await SMTPServer.live(backend, .submissionCertificate(serverName: "mx.hopital.test"))
        let session = SMTPClientSessionConfiguration(clientName: .domain(try Domain("app.hopital.test")))
        let mailbox = address("application@hopital.test")
        let tls = try #require(SMTPClientConfiguration.own().tls)
        // snippet: submission-certificate
        let configuration = SMTPClientConfiguration(
            session: session, tls: tls, comparesServerName: true,
            // The certificate tells the structure, the login the mailbox; there is no password.
            credentials: { .plain(PlainCredentials(user: mailbox.text, password: "")) })
        // end snippet
        let client = SMTPClient(.own(operators.port, domain: nil), configuration)
        #expect(try await client.send(.test("b@d.test")).delivered.count == 1)
        #expect(backend.messages.map { $0.facts.identity?.mailbox } == ["application@hopital.test"])
        #expect(backend.messages[0].facts.tls?.peer != nil)
        await client.close()
        await operators.shutDown()
    }

    private func client(
        _ port: Int, _ tls: ReloadableTLSContext, _ workstation: Domain, _ mailbox: MailAddress,
        _ currentToken: @escaping @Sendable () async throws -> String
    ) -> SMTPClient {
        // The scripted server's certificate carries this name; its address is this machine's.
        let host = "localhost"
        // snippet: submission-client
        let session = SMTPClientSessionConfiguration(clientName: .domain(workstation))
        let configuration = SMTPClientConfiguration(
            session: session, tls: tls, comparesServerName: true,
            credentials: {
                // Called for each new session: a token lives for minutes.
                let token = try await currentToken()
                guard let credentials = XOAUTH2Credentials(user: mailbox.text, token: token) else {
                    throw InvalidToken()
                }
                return .xoauth2(credentials)
            })
        let server = SMTPDestination(.host(host, port: port), serverName: host)
        let client = SMTPClient(server, configuration)
        // end snippet
        return client
    }
}
