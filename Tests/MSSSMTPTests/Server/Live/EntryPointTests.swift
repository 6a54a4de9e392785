import MSSCore
import MSSSASL
import MSSTLS
import NIOCore
import TestIdentities
import Testing

@testable import MSSSMTP

@Suite("SMTP server: several entry points in one process", .serialized)
struct EntryPointTests {
    private static let token = XOAUTH2Credentials(user: "jean@medecin.mssante.fr", token: "a.b.c")!.message.base64

    /// A place to listen, its TLS and its backend.
    private struct Place {
        let point: SMTPEntryPoint
        let backend: CollectingBackend

        init(
            _ name: String, _ session: SMTPSessionConfiguration, clients: TLSConfiguration.ClientAuthentication,
            versions: ClosedRange<TLSVersion>
        ) throws {
            backend = CollectingBackend()
            var policy = TLSPolicy.operator(.v1_6)
            policy.versions = versions
            point = SMTPEntryPoint(
                name: name, address: .tcp(host: "127.0.0.1", port: 0), session: session,
                tls: ReloadableTLSContext(
                    try TLSContext(
                        .server(
                            policy: policy, identity: LiveIdentity.server.identity, clientAuthentication: clients))),
                backend: backend)
        }
    }

    private static func policy(_ version: TLSVersion) -> TLSPolicy {
        var policy = TLSPolicy.operator(.v1_6)
        policy.versions = version...version
        return policy
    }

    private func secured(_ port: Int, certificate: Bool, _ version: TLSVersion) async throws -> RawClient {
        let client = try await RawClient.connect(port)
        try await client.startTLS(certificate: certificate, policy: Self.policy(version))
        return client
    }

    @Test("Operators, Pro Santé Connect and AUTH_CLI beside each other: each its TLS, mechanisms, limits and backend")
    func beside() async throws {
        let name = "mx.hopital.test"
        let verifier = PKIXVerifier.testPKI
        let operators = try Place(
            "operators", .operator(serverName: name).with { $0.limits.messageSize = 10 << 20 },
            clients: .required(verifier), versions: .tls12 ... .tls13)
        let psc = try Place(
            "psc", .submissionPSC(serverName: name).with { $0.limits.recipients = 2 }, clients: .none,
            versions: .tls13 ... .tls13)
        let cli = try Place(
            "cli", .submissionCertificate(serverName: name).with { $0.limits.transactions = 7 },
            clients: .required(verifier), versions: .tls12 ... .tls12)
        let server = try await SMTPServer.start([operators, psc, cli].map(\.point))
        func port(_ place: Place) -> Int { server.address(of: place.point.name)!.port! }

        // Operators: a certificate, no AUTH.
        let first = try await secured(port(operators), certificate: true, .tls12)
        let offer = await first.say("EHLO x")
        #expect(offer.contains("SIZE 10485760") && !offer.contains("AUTH") && offer.contains("RCPTMAX=40"))
        #expect(await first.say("AUTH XOAUTH2 \(Self.token)").hasPrefix("504 5.5.4"))
        #expect(await first.say(LiveServerTests.envelope + "\r\nDATA", replies: 3).contains("354 "))
        #expect(await first.say("1\r\n.").hasPrefix("250 2.0.0"))

        // Pro Santé Connect: no certificate, a token, TLS 1.3 alone, two recipients.
        let second = try await secured(port(psc), certificate: false, .tls13)
        let pscOffer = await second.say("EHLO x")
        #expect(pscOffer.contains("AUTH XOAUTH2 OAUTHBEARER\r\n") && pscOffer.contains("RCPTMAX=2"))
        #expect(await second.say("MAIL FROM:<a@x.fr>") == "530 5.7.0 Authentication required\r\n")
        #expect(await second.say("AUTH PLAIN AHUAcA==").hasPrefix("504 5.5.4"))
        #expect(await second.say("AUTH XOAUTH2 \(Self.token)") == "235 2.7.0 Accepted\r\n")
        let envelope = "MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\nRCPT TO:<c@y.fr>\r\nRCPT TO:<d@y.fr>\r\nDATA"
        let answers = await second.say(envelope, replies: 5)
        #expect(answers.contains("452 4.5.3 Too many recipients") && answers.contains("354 "))
        #expect(await second.say("2\r\n.").hasPrefix("250 2.0.0"))

        // AUTH_CLI: certificate and mailbox, TLS 1.2 alone, seven transactions.
        let third = try await secured(port(cli), certificate: true, .tls12)
        let cliOffer = await third.say("EHLO x")
        #expect(cliOffer.contains("AUTH PLAIN LOGIN EXTERNAL\r\n") && cliOffer.contains("MAILMAX=7"))
        #expect(await third.say("AUTH XOAUTH2 \(Self.token)").hasPrefix("504 5.5.4"))
        #expect(await third.say("AUTH EXTERNAL YXBwQHguZnI=") == "235 2.7.0 Accepted\r\n")
        #expect(await third.say(LiveServerTests.envelope + "\r\nDATA", replies: 3).contains("354 "))
        #expect(await third.say("3\r\n.").hasPrefix("250 2.0.0"))

        for (place, text) in [(operators, "1\r\n"), (psc, "2\r\n"), (cli, "3\r\n")] {
            let message = try #require(place.backend.messages.first)
            #expect(place.backend.messages.count == 1 && message.text == text)
            #expect(message.facts.entryPoint == place.point.name)
            #expect(message.facts.tls?.version == (place.point.name == "psc" ? .tls13 : .tls12))
            #expect((message.facts.tls?.peer == nil) == (place.point.name == "psc"))
        }
        #expect(psc.backend.messages[0].facts.identity?.mailbox == "jean@medecin.mssante.fr")
        #expect(cli.backend.messages[0].facts.identity?.mailbox == "app@x.fr")

        // What the policy of one forbids is refused there, whatever the others allow.
        for (place, certificate, version) in [
            (psc, false, TLSVersion.tls12), (cli, true, .tls13), (cli, false, .tls12), (operators, false, .tls13),
        ] {
            let refused = try await secured(port(place), certificate: certificate, version)
            #expect(await !refused.readToEnd().contains("250"))
        }
        for client in [first, second, third] { #expect(await client.say("NOOP").hasPrefix("250")) }
        for client in [first, second, third] { await client.close() }
        await server.shutDown()
    }

    @Test("EX_LPS_1000: client software has 15 minutes and 4 hours, operators the times of RFC 5321")
    func times() {
        let (software, operators) = (SMTPSessionLimits.apiLPS, SMTPSessionLimits.operator)
        for preset in [
            SMTPSessionConfiguration.submissionPSC(serverName: "x"), .submissionCertificate(serverName: "x"),
        ] { #expect(preset.limits == software) }
        #expect(software.idle == .minutes(15) && software.session == .hours(4))
        #expect(operators.idle == .minutes(5))
    }

    @Test("TLS from the first octet: the greeting comes after it, STARTTLS is neither offered nor accepted")
    func immediate() async throws {
        let configuration = SMTPSessionConfiguration.operator(serverName: "mx.hopital.test").with {
            $0.security = .immediate
        }
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend, configuration)
        let client = try await RawClient.connect(server.port, tls: RawClient.tls())
        let offer = await client.say("EHLO x")
        #expect(offer.contains("CHUNKING") && !offer.contains("STARTTLS"))
        #expect(await client.say("STARTTLS").hasPrefix("503 5.5.1"))
        #expect(await client.say(LiveServerTests.envelope + "\r\nDATA", replies: 3).contains("354 "))
        #expect(await client.say("x\r\n.").hasPrefix("250 2.0.0"))
        #expect(await client.say("QUIT").hasPrefix("221"))
        _ = await client.readToEnd()
        #expect(backend.messages.map(\.facts.protocolName) == ["ESMTPS"])
        #expect(backend.messages[0].facts.tls?.peer != nil)
        await server.shutDown()
    }

    @Test(
        "TLS from the first octet: who speaks in clear, shows no certificate or says nothing hears no greeting and goes"
    )
    func notImmediate() async throws {
        let asked = Guarded(0)
        let backend = CollectingBackend(judge: { _, _ in asked.withLock { $0 += 1 } })
        let configuration = SMTPSessionConfiguration.operator(serverName: "mx.hopital.test").with {
            $0.security = .immediate
        }
        let server = try await SMTPServer.live(
            backend, configuration, tlsLimits: TLSLimits(handshakeTimeout: .milliseconds(500)))
        let clear = try await RawClient.connect(server.port, greeting: false)
        clear.send("EHLO x\r\nMAIL FROM:<a@b.fr>\r\n")
        let silent = try await RawClient.connect(server.port, greeting: false)
        let partial = try await RawClient.connect(server.port, greeting: false)
        partial.send([0x16, 3, 1, 2, 0, 1, 0])
        let anonymous = try await RawClient.connect(
            server.port, greeting: false, tls: RawClient.tls(certificate: false))
        for client in [clear, silent, partial, anonymous] { #expect(await !client.readToEnd().contains("220")) }
        #expect(asked.withLock { $0 } == 0)
        await server.shutDown()
        #expect(server.connections == 0)
    }
}
