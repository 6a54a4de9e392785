import MSSCore
import MSSSASL
import MSSTLS
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSSMTP

@Suite("Our client to our server", .serialized)
struct OwnClientTests {
    /// How the client sends.
    enum Way: CaseIterable, Sendable {
        case chunks, data, singly, singleChunks

        func apply(_ session: inout SMTPClientSessionConfiguration) {
            session.usesChunking = self == .chunks || self == .singleChunks
            session.usesPipelining = self == .chunks || self == .data
            session.chunkSize = 100
        }
    }

    @Test(
        "EX_3.1_5020, EX_3.2_5050: mutual TLS, with and without pipelining and chunks, DSN, one recipient refused",
        arguments: Way.allCases)
    func message(way: Way) async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let connection = try await SMTPConnection.open(
            .own(server.port), .own(change: { way.apply(&$0) }))
        #expect(connection.facts?.peer?.certificate.der == LiveIdentity.server.credential.certificateDER)
        for number in 1...3 {
            let result = await connection.send(.full("b@hopital.test", "unknown@hopital.test", "c@hopital.test"))
            #expect(result.outcomes.map { $0.failure?.status } == [nil, "5.1.1", nil], "\(result)")
            #expect(result.outcomes[1].failure?.kind == .permanent)
            #expect(try result.outcomes[0].result.get().lines == ["Accepted as m\(number)"])
            #expect(result.passedNotices && connection.isReusable)
        }
        await connection.quit()
        #expect(backend.messages.count == 3)
        for message in backend.messages {
            #expect(message.text == SMTPOutgoingMessage.fullText)
            #expect(message.envelope.sender.address == address("a@clinique.test"))
            #expect(message.envelope.parameters.body == .eightBit)
            #expect(message.envelope.parameters.size == SMTPOutgoingMessage.fullText.utf8.count)
            #expect(message.envelope.parameters.envelopeID == "essai+1")
            #expect(message.envelope.parameters.dsnReturn == .headers)
            #expect(message.envelope.recipients.map(\.path.wire) == ["<b@hopital.test>", "<c@hopital.test>"])
            #expect(message.envelope.recipients[0].parameters.notify == [.failure, .delay])
            #expect(message.envelope.recipients[0].parameters.originalRecipient?.address == "b@hopital.test")
            #expect(message.facts.tls?.peer?.certificate.der == LiveIdentity.client.credential.certificateDER)
            #expect(message.facts.clientName?.description == "mx.clinique.test")
        }
        await server.shutDown()
        #expect(server.connections == 0)
    }

    @Test("What the client calls chunks are chunks: the server counts them; by DATA there is none")
    func chunks() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(
            backend, .operator(serverName: "mx.hopital.test").with { $0.limits.chunks = 3 })
        let text = String(repeating: "0123456789\r\n", count: 100)
        for (way, status) in [(Way.chunks, "5.5.3"), (.singleChunks, "5.5.3"), (.data, nil)] {
            let connection = try await SMTPConnection.open(
                .own(server.port), .own(change: { way.apply(&$0) }))
            let result = await connection.send(.pieces(text, of: 100))
            #expect(result.outcomes.map { $0.failure?.status.description } == [status], "\(way)")
            // A refused message leaves the session fit for the next.
            let next = await connection.send(.full("b@hopital.test", text: "x\r\n"))
            #expect(next.delivered.count == 1, "\(way)")
            await connection.quit()
        }
        #expect(backend.messages.map { $0.text.utf8.count } == [3, 3, text.utf8.count, 3])
        await server.shutDown()
    }

    @Test(
        "Messages of 5 MB arrive to the octet, by DATA and in chunks of 8 KB, which are more than a thousand commands")
    func large() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let line = ".0123456789 éà " + String(repeating: "x", count: 400) + "\r\n"
        let text = String(repeating: line, count: 26_000)  // eleven megabytes
        let short = String(text.prefix((5 << 20) / line.utf8.count * line.count))
        for (chunking, text) in [(false, short), (true, text)] {
            let connection = try await SMTPConnection.open(
                .own(server.port),
                .own(change: {
                    $0.usesChunking = chunking
                    $0.chunkSize = 8 << 10
                }))
            let result = await connection.send(.pieces(text, of: 8 << 10))
            #expect(result.delivered.count == 1, "\(result)")
            let isSame = backend.messages.last?.content == Array(text.utf8)
            #expect(isSame)
            await connection.quit()
        }
        #expect(short.utf8.count > 5_000_000 && server.bufferedOctets == 0)
        await server.shutDown()
    }

    @Test("A message that the server reads slowly is held back at the client, and still arrives")
    func slowBackend() async throws {
        let latch = Latch()
        let backend = CollectingBackend(beforePiece: { _ in await latch.wait() })
        let server = try await SMTPServer.live(backend)
        let connection = try await SMTPConnection.open(.own(server.port), .own())
        let given = Guarded(0)
        let piece = ByteBuffer(string: String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 655))
        let (opened, isOpened) = AsyncStream.makeStream(of: Void.self)
        let content = SMTPContent(size: nil) {
            isOpened.yield()
            return AsyncStream<ByteBuffer>(unfolding: {
                let count = given.withLock { count in
                    count += 1
                    return count
                }
                return count <= 300 ? piece : nil
            })
        }
        async let sent = connection.send(SMTPOutgoingMessage(.to("b@hopital.test"), content))
        for await _ in opened { break }
        // While its reader waits, another session is served; what the first may give is bounded by the sockets.
        let other = try await SMTPConnection.open(.own(server.port), .own(change: { $0.usesChunking = false }))
        #expect(server.bufferedOctets < SMTPSessionLimits().bufferedBody + (128 << 10))
        #expect(given.withLock { $0 } < 300)
        latch.open()
        #expect(await sent.delivered.count == 1)
        #expect(backend.messages.last?.content.count == 300 * piece.readableBytes)
        await other.quit()
        await connection.quit()
        await server.shutDown()
    }

    // MARK: Who one is

    private static let bearer = OAuthBearerCredentials(user: "jean@medecin.mssante.fr", token: "a.b.c")!
    private static let token = XOAUTH2Credentials(user: "jean@medecin.mssante.fr", token: "a.b.c")!
    private static let plain = PlainCredentials(user: "app@hopital.mssante.fr", password: "")

    @Test(
        "EX_LPS_0700: submission without a certificate, by XOAUTH2 and OAUTHBEARER",
        arguments: [SASLCredentials.xoauth2(token), .oauthBearer(bearer)])
    func tokens(credentials: SASLCredentials) async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(
            backend, .submissionPSC(serverName: "mx.hopital.test"), requiresCertificate: false)
        let client = try SMTPClient(
            .own(server.port, domain: nil), .own(certificate: false, credentials: { credentials }))
        for _ in 1...2 { #expect(try await client.send(.full("b@hopital.test")).delivered.count == 1) }
        await client.close()
        #expect(backend.credentials == [credentials], "one session, one AUTH")
        #expect(
            backend.messages.map { $0.facts.identity?.mailbox } == Array(repeating: "jean@medecin.mssante.fr", count: 2)
        )
        #expect(backend.messages.allSatisfy { $0.facts.protocolName == "ESMTPSA" && $0.facts.tls?.peer == nil })
        await server.shutDown()
    }

    @Test(
        "EX_LPS_1200: submission with the AUTH_CLI certificate, by EXTERNAL, PLAIN and LOGIN",
        arguments: [
            SASLCredentials.external(authorizationIdentity: "app@hopital.mssante.fr"), .plain(plain), .login(plain),
        ])
    func certificates(credentials: SASLCredentials) async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend, .submissionCertificate(serverName: "mx.hopital.test"))
        let client = try SMTPClient(.own(server.port, domain: nil), .own(credentials: { credentials }))
        #expect(try await client.send(.full("b@hopital.test")).delivered.count == 1)
        await client.close()
        #expect(backend.credentials == [credentials])
        #expect(backend.messages[0].facts.identity?.mailbox == "app@hopital.mssante.fr")
        #expect(backend.messages[0].facts.tls?.peer != nil)
        await server.shutDown()
    }

    @Test("EX_LPS_0710: a token that the server refuses is an authentication failure, a provider that is down is not")
    func refusedTokens() async throws {
        for (credentials, challenges) in [
            (SASLCredentials.xoauth2(Self.token), false), (.xoauth2(Self.token), true),
            (.oauthBearer(Self.bearer), false),
        ] {
            for (refusal, isPermanent) in [
                (SMTPRefusal(SMTPReplies().invalidCredentials), true),
                (SMTPRefusal(code: 454, enhanced: "4.7.0", text: "Temporary"), false),
            ] {
                let backend = CollectingBackend(judge: { question, _ in
                    if question == "authenticate" { throw refusal }
                })
                let server = try await SMTPServer.live(
                    backend,
                    .submissionPSC(serverName: "mx.hopital.test").with { $0.challengesRefusedXOAUTH2 = challenges },
                    requiresCertificate: false)
                let client = try SMTPClient(
                    .own(server.port, domain: nil), .own(certificate: false, credentials: { credentials }))
                let failure = await #expect(throws: SMTPClientFailure.self) {
                    try await client.send(.full("b@hopital.test"))
                }
                #expect(failure?.kind == .authentication && failure?.isPermanent == isPermanent)
                #expect(backend.messages.isEmpty)
                await client.close()
                await server.shutDown()
            }
        }
    }

    @Test("A client without certificate, and a server with another name, get no further than TLS")
    func wrongPeers() async throws {
        let asked = Guarded([String]())
        let backend = CollectingBackend(judge: { question, _ in asked.withLock { $0.append(question) } })
        let server = try await SMTPServer.live(backend)
        await #expect(throws: SMTPClientFailure.self) {
            try await SMTPConnection.open(.own(server.port), .own(certificate: false))
        }
        var renamed = SMTPDestination.own(server.port)
        renamed.serverName = "mx.ailleurs.test"
        let failure = await #expect(throws: SMTPClientFailure.self) { try await SMTPConnection.open(renamed, .own()) }
        #expect(failure?.kind == .policy && failure?.phase == .startTLS)
        #expect(asked.withLock { Set($0) } == ["session"])
        await server.shutDown()
    }

    @Test("RFC 2033: our LMTP client and server, over a socket of the file system: an answer for each recipient")
    func lmtp() async throws {
        let path = try TestFiles.temporaryDirectory("mss-lmtp") + "/lmtp"
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(
            backend, .lmtp(serverName: "store.hopital.test"), address: .unix(path: path))
        let configuration = SMTPClientConfiguration(
            localSession: SMTPClientSessionConfiguration(
                clientName: .domain(try Domain("mx.hopital.test")), mode: .lmtp, timeouts: .patient))
        let connection = try await SMTPConnection.open(SMTPDestination(.unixSocket(path)), configuration)
        let result = await connection.send(.full("b@hopital.test", "unknown@hopital.test", "c@hopital.test"))
        #expect(result.outcomes.map { $0.failure?.status } == [nil, "5.1.1", nil], "\(result)")
        #expect(backend.messages.map(\.text) == [SMTPOutgoingMessage.fullText])
        #expect(backend.messages[0].facts.protocolName == "LMTP")
        await connection.quit()
        await server.shutDown()
    }
}
