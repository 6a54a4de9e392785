import MSSCore
import MSSTestKit
import NIOCore
import NIOEmbedded
import NIOTLS
import TestIdentities
import Testing

@testable import MSSTLS

@Suite("TLS handler: who the peer is")
struct TLSVerificationTests {
    static let refusals: [(CertificateFailure, TLSAlert)] = [
        (.expired(notAfter: Timestamp(seconds: 0), isAuthority: false), .certificateExpired),
        (.notYetValid(notBefore: Timestamp(seconds: 0), isAuthority: false), .certificateExpired),
        (
            .revoked(.init(date: Timestamp(seconds: 0), reason: .keyCompromise, isAuthority: false, source: .crl)),
            .certificateRevoked
        ),
        (.unknownAuthority, .unknownCA), (.wrongUsage(.server), .unsupportedCertificate),
        (.hostnameMismatch(expected: "x"), .badCertificate), (.weakKey(isAuthority: false), .badCertificate),
        (.revocationUnknown(.noCRL), .certificateUnknown),
    ]

    @Test(
        "EX_OPE_5020, EX_OPE_5050: a client refuses a server's certificate with the alert that tells why",
        arguments: refusals, TLSVersion.allCases)
    func serverRefused(refusal: (failure: CertificateFailure, alert: TLSAlert), version: TLSVersion) throws {
        let pair = try EmbeddedPair(
            client: .testClient(
                policy: .operator(.v1_6).only(version), verifier: ScriptedVerifier.refusing(refusal.failure)))
        try pair.handshake()
        #expect(pair.clientLog.failures == [.verification(refusal.failure)])
        #expect(pair.serverLog.failures == [.peerAlert(refusal.alert)])
        #expect(pair.clientLog.facts == nil)
        #expect(pair.serverLog.facts == nil)
        let failure = try #require(pair.clientLog.errors.first as? TLSFailure)
        #expect(failure.requirement == refusal.failure.requirement)
        #expect(failure.explanation == refusal.failure.explanation)
    }

    @Test(
        "EX_3.1_5020: a server refuses a client's certificate with the alert that tells why", arguments: refusals,
        TLSVersion.allCases)
    func clientRefused(refusal: (failure: CertificateFailure, alert: TLSAlert), version: TLSVersion) throws {
        let pair = try EmbeddedPair(
            client: .testClient(policy: .operator(.v1_6).only(version)),
            server: .testServer(clients: .required(ScriptedVerifier.refusing(refusal.failure))))
        try pair.handshake()
        #expect(pair.serverLog.failures == [.verification(refusal.failure)])
        #expect(pair.clientLog.failures == [.peerAlert(refusal.alert)])
        #expect(pair.serverLog.facts == nil)
    }

    @Test("A required client certificate that does not come ends the handshake", arguments: TLSVersion.allCases)
    func noCertificate(version: TLSVersion) throws {
        let pair = try EmbeddedPair(client: .testClient(nil, policy: .operator(.v1_6).only(version)))
        try pair.handshake()
        #expect(pair.serverLog.failures == [.verification(.noCertificate)])
        #expect(
            pair.clientLog.failures == [.peerAlert(version == .tls12 ? .handshakeFailure : .certificateRequired)])
    }

    @Test("An optional client certificate may be absent, but not bad", arguments: TLSVersion.allCases)
    func optionalCertificate(version: TLSVersion) throws {
        let server = TLSConfiguration.testServer(clients: .optional(ScriptedVerifier()))
        let policy = TLSPolicy.apiLPS(.v1_6).only(version)
        let absent = try EmbeddedPair(client: .testClient(nil, policy: policy), server: server)
        try absent.handshake()
        #expect(absent.serverLog.facts != nil && absent.serverLog.facts?.peer == nil)
        let good = try EmbeddedPair(client: .testClient(policy: policy), server: server)
        try good.handshake()
        #expect(good.serverLog.facts?.peer?.certificate.der == Identities.client.credential.certificateDER)
        let bad = try EmbeddedPair(client: .testClient(Identities.foreign, policy: policy), server: server)
        try bad.handshake()
        #expect(bad.serverLog.failures == [.verification(.unknownAuthority)])
        let none = try EmbeddedPair(client: .testClient(policy: policy), server: .testServer(clients: .none))
        try none.handshake()
        #expect(none.serverLog.facts != nil && none.serverLog.facts?.peer == nil)
    }

    @Test("EX_OPE_5040: CA certificates sent by the peer are ignored: the verifier gets the leaf and nothing else")
    func sentAuthorities() throws {
        var generous = Identities.foreign
        generous.identity.chain.append(try Certificate(der: TestPKI.foreign.intermediate.certificateDER))
        generous.identity.chain.append(try Certificate(der: TestPKI.foreign.root.certificateDER))
        let seen = Shared<[PresentedPeer]>([])
        let verifier = ScriptedVerifier { peer, verified in
            seen.update { $0.append(peer) }
            return ScriptedVerifier().answer(peer, verified)
        }
        let pair = try EmbeddedPair(
            client: .testClient(verifier: verifier), server: .testServer(generous), expectedHostname: "mx.hopital.test")
        try pair.handshake()
        #expect(pair.clientLog.failures == [.verification(.unknownAuthority)])
        #expect(
            seen.value == [
                PresentedPeer(
                    certificateDER: Identities.foreign.credential.certificateDER, purpose: .server,
                    expectedHostname: "mx.hopital.test")
            ])
    }

    @Test("EX_OPE_5040: nor are they kept while the connection lives, on either side", arguments: TLSVersion.allCases)
    func droppedAuthorities(version: TLSVersion) throws {
        var (server, client) = (Identities.server, Identities.client)
        for authority in [TestPKI.shared.intermediate, TestPKI.shared.root] {
            server.identity.chain.append(try Certificate(der: authority.certificateDER))
            client.identity.chain.append(try Certificate(der: authority.certificateDER))
        }
        let pair = try EmbeddedPair(
            client: .testClient(client, policy: TLSPolicy.operator(.v1_6).only(version)), server: .testServer(server))
        try pair.handshake()
        #expect(pair.serverLog.facts?.peer?.certificate.der == client.credential.certificateDER)
        #expect(pair.clientLog.facts?.peer?.certificate.der == server.credential.certificateDER)
        for handler in [pair.clientHandler, pair.serverHandler] { #expect(handler.connection.otherCertificates == 0) }
        // The connection works on.
        pair.client.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
        try pair.carry()
        #expect(pair.serverLog.text == "x")
    }

    @Test("OpenSSL's reading of a certificate goes with its bytes and with no others")
    func presentedReading() throws {
        let seen = Shared<[PresentedPeer]>([])
        let verifier = ScriptedVerifier { peer, verified in
            seen.update { $0.append(peer) }
            return ScriptedVerifier().answer(peer, verified)
        }
        let pair = try EmbeddedPair(client: .testClient(verifier: verifier))
        try pair.handshake()
        var peer = try #require(seen.value.first)
        let reading = try #require(peer.openSSL)
        #expect(try Certificate(peer).fields.openSSL === reading)
        peer.certificateDER = Identities.foreign.credential.certificateDER
        #expect(peer.openSSL == nil)
        #expect(try Certificate(peer).fields.openSSL !== reading)
    }

    @Test("The server name chooses among several identities; an unknown one gets the default")
    func serverNames() throws {
        let other = try TestIdentity(TestPKI.shared.issue(.server(commonName: "mx2.hopital.test")))
        var server = TLSConfiguration.testServer()
        server.identitiesByServerName["mx2.hopital.test"] = other.identity
        for (name, expected) in [
            ("mx2.hopital.test", other), ("MX2.Hopital.test", other), ("mx.hopital.test", Identities.server),
            (nil, Identities.server), ("192.0.2.1", Identities.server),
        ] as [(String?, TestIdentity)] {
            let pair = try EmbeddedPair(server: server, serverName: name)
            try pair.handshake()
            #expect(pair.clientLog.facts?.peer?.certificate.der == expected.credential.certificateDER)
            #expect(pair.serverLog.facts?.peer != nil, "the client is verified whatever name it asks for")
            #expect(pair.serverLog.facts?.serverName == (name == "192.0.2.1" ? nil : name))
        }
    }

    @Test("A context refuses a key that is not the certificate's, a weak key, and a server without identity")
    func badIdentities() throws {
        var mixed = Identities.server.identity
        mixed.key = try TestIdentity(TestPKI.shared.issue(.server(commonName: "a.test"), strength: .fresh)).identity
            .key
        var configuration = TLSConfiguration.testServer()
        configuration.identity = mixed
        #expect { try TLSContext(configuration) } throws: { ($0 as? TLSConfigurationFailure)?.kind == .keyMismatch }
        configuration.identity = nil
        #expect { try TLSContext(configuration) } throws: { ($0 as? TLSConfigurationFailure)?.kind == .noIdentity }
        let weak = try TestIdentity(TestPKI.shared.issue(.server(commonName: "a.test"), strength: .weakKey))
        configuration.identity = weak.identity
        #expect { try TLSContext(configuration) } throws: {
            ($0 as? TLSConfigurationFailure)?.kind == .certificateRefused(position: 0)
        }
    }
}
