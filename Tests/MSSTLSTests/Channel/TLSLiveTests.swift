import MSSCore
import MSSTestKit
import NIOCore
import NIOEmbedded
import TestIdentities
import Testing

@testable import MSSTLS

@Suite("TLS over sockets: our client and our server")
struct TLSLiveTests {
    @Test("Mutual TLS carries data and closes in order on both sides", arguments: TLSCipherSuite.all)
    func exchange(suite: TLSCipherSuite) async throws {
        let server = try await LiveServer.start()
        let client = try await LiveClient.connect(server.port, .testClient(policy: .operator(.v1_6).only(suite)))
        #expect(client.text == "ping" && client.kinds.isEmpty)
        #expect(client.facts?.suite == suite)
        let outcome = await server.next()
        #expect(outcome.text == "ping" && outcome.kinds.isEmpty)
        #expect(outcome.facts?.peer?.certificate.der == Identities.client.credential.certificateDER)
        try await server.stop()
    }

    @Test("The side that refuses gets its own failure, the other the alert", arguments: TLSVersion.allCases)
    func refusal(version: TLSVersion) async throws {
        let server = try await LiveServer.start()
        let client = try await LiveClient.connect(
            server.port, .testClient(Identities.foreign, policy: .operator(.v1_6).only(version)))
        #expect(await server.next().kinds == [.verification(.unknownAuthority)])
        #expect(client.kinds == [.peerAlert(.unknownCA)])
        try await server.stop()
    }

    @Test("While revocation is checked on the network, nothing passes either way; then everything does, in order")
    func pendingAccepted() async throws {
        let gate = Gate()
        let asked = AsyncStream.makeStream(of: Void.self)
        let server = try await LiveServer.start(.testServer(), Behaviour(greeting: "220 early\r\n", echoes: true))
        let verifier = ScriptedVerifier.pending { peer, _ in
            asked.continuation.yield()
            return await gate.wait(peer)
        }
        let isEstablished = Shared(false)
        var behaviour = Behaviour.asks("secret")
        behaviour.closesAfter = "220 early\r\nsecret".utf8.count
        behaviour.established = { _ in isEstablished.update { $0 = true } }
        async let client = LiveClient.connect(server.port, .testClient(verifier: verifier), behaviour)
        for await _ in asked.stream { break }
        #expect(!isEstablished.value)
        await gate.open(.success(()))
        let outcome = try await client
        #expect(outcome.text == "220 early\r\nsecret")
        #expect(outcome.kinds.isEmpty)
        #expect(await server.next().text == "secret")
        try await server.stop()
    }

    @Test("EX_OPE_5050: a client found revoked on the network gets and gives nothing")
    func pendingRefused() async throws {
        let revoked = CertificateFailure.revoked(
            .init(date: Timestamp(seconds: 0), reason: nil, isAuthority: false, source: .ocsp))
        let server = try await LiveServer.start(
            .testServer(clients: .required(ScriptedVerifier.pending { _, _ in .failure(revoked) })),
            Behaviour(greeting: "220 mx\r\n"))
        let client = try await LiveClient.connect(
            server.port, .testClient(), Behaviour(greeting: "MAIL FROM:<a@b>\r\n"))
        let outcome = await server.next()
        #expect(outcome.kinds == [.verification(revoked)])
        #expect(outcome.received.isEmpty && outcome.facts == nil)
        #expect(client.received.isEmpty)
        try await server.stop()
    }

    @Test("A revocation check that does not end counts within the time of the handshake, and is cancelled")
    func pendingTimeout() async throws {
        let gate = Gate()
        let server = try await LiveServer.start()
        let client = try await LiveClient.connect(
            server.port,
            .testClient(
                verifier: ScriptedVerifier.pending { peer, _ in await gate.wait(peer) },
                limits: TLSLimits(handshakeTimeout: .seconds(3))))
        #expect(client.kinds == [.handshakeTimeout])
        await gate.cancelled()
        try await server.stop()
    }

    @Test("A stapled OCSP response reaches the check; a refreshed one replaces it", arguments: TLSVersion.allCases)
    func staple(version: TLSVersion) async throws {
        let seen = Shared<[UInt8]?>(nil)
        let client = TLSConfiguration.testClient(
            policy: .operator(.v1_6).only(version),
            verifier: ScriptedVerifier.pending { peer, staple in
                seen.update { $0 = staple }
                return .success(peer)
            })
        let holder = ReloadableTLSContext(try TLSContext(.testServer()))
        let server = try await LiveServer.start(holder)
        for staple in [[1, 2, 3], [4, 5], nil] as [[UInt8]?] {
            try holder.update { $0.identity?.stapledOCSP = staple }
            #expect(try await LiveClient.connect(server.port, client).facts != nil)
            #expect(seen.value == staple)
        }
        try await server.stop()
    }

    @Test("Certificate, key and trust change without a restart; open sessions stay")
    func reload() async throws {
        let renewed = try TestIdentity(
            TestPKI.shared.issue(.server(commonName: "mx.hopital.test"), strength: .fresh))
        let holder = ReloadableTLSContext(try TLSContext(.testServer()))
        let server = try await LiveServer.start(holder)
        let open = AsyncStream.makeStream(of: (any Channel).self)
        let isUp = AsyncStream.makeStream(of: Void.self)
        async let early = LiveClient.connect(
            server.port, .testClient(),
            Behaviour(closesAfter: 5, established: { _ in isUp.continuation.yield() }),
            channel: { open.continuation.yield($0) })
        for await _ in isUp.stream { break }
        try holder.update { configuration in
            configuration.identity = renewed.identity
            configuration.role = .server(.required(ScriptedVerifier.refusing(.unknownAuthority)))
        }
        let late = try await LiveClient.connect(server.port, .testClient(policy: .operator(.v1_6).only(.tls12)))
        #expect(late.kinds == [.peerAlert(.unknownCA)])
        try holder.update { $0.role = .server(.required(ScriptedVerifier())) }
        let later = try await LiveClient.connect(server.port)
        #expect(later.facts?.peer?.certificate.der == renewed.credential.certificateDER)
        // A refused change leaves the former context.
        #expect(throws: TLSConfigurationFailure.self) { try holder.update { $0.identity = nil } }
        #expect(try await LiveClient.connect(server.port).text == "ping")
        // The first session, opened under the first context, still works.
        for await channel in open.stream {
            try await channel.writeAndFlush(ByteBuffer(string: "still"))
            break
        }
        let outcome = try await early
        #expect(outcome.text == "still")
        #expect(outcome.facts?.peer?.certificate.der == Identities.server.credential.certificateDER)
        try await server.stop()
    }

    @Test("10,000 connections, good and bad, leave no object of OpenSSL behind")
    func leaks() async throws {
        // In memory, one after the other; other tests of the process hold a few connections at the same time.
        let quiet = TLSConfiguration.testServer(clients: .none)
        let server = try TLSContext(quiet)
        let client = try TLSContext(.testClient())
        let refusing = try TLSContext(.testClient(verifier: ScriptedVerifier.refusing(.unknownAuthority)))
        let before = (TLSConnection.live, TLSContext.live)
        for number in 0..<10_000 {
            // A pair lives between two yields: on one thread, and without keeping it from the other tests.
            await Task.yield()
            let kind = number % 4
            let pair = try EmbeddedPair(
                TLSHandler(client: kind == 0 ? refusing : client, serverName: nil), TLSHandler(server: server))
            try pair.activate()
            if kind == 1 {
                pair.server.pipeline.fireChannelRead(ByteBuffer(string: "EHLO x\r\n"))
            } else {
                try pair.carry()
            }
            if kind == 2 { pair.client.close(promise: nil) }
            try pair.carry()
            pair.finish()
        }
        #expect(TLSConnection.live - before.0 < 500)
        #expect(TLSContext.live - before.1 < 500)
    }
}
