import MSSCore
import MSSTestKit
import TestIdentities
import Testing

@testable import MSSTLS

/// Each test talks with the real openssl command. Serialized: they start many processes.
@Suite("TLS with openssl s_client and s_server", .serialized)
struct OpenSSLInteropTests {
    /// Every suite that this OpenSSL knows in TLS 1.2 and below, weak ones included.
    static func olderSuites() async throws -> [String] {
        let result = try await ExternalTool.run("openssl", ["ciphers", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
        let names = result.text.split(whereSeparator: { ":\n".contains($0) }).map(String.init)
        return names.filter { !$0.hasPrefix("TLS_") }
    }

    static let newerSuites = [
        "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ]

    static let policies: [TLSPolicy] = [.operator(.v1_6), .operator(.v1_7draft), .apiLPS(.v1_6)]

    static func sClient(_ port: Int, _ arguments: [String], input: String = "") async throws -> ExternalTool.Result {
        try await ExternalTool.run(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(port)"] + Identities.client.arguments + arguments,
            input: Array(input.utf8))
    }

    @Test("EX_OPE_5010, EX_LPS_0200: of all suites, s_client gets exactly the policy's", arguments: policies)
    func suitesOfOurServer(policy: TLSPolicy) async throws {
        let server = try await LiveServer.start(.testServer(policy: policy))
        var older: Set<String> = []
        let all = try await Self.olderSuites()
        #expect(all.count > 60)
        for name in all {
            var words = ["-tls1_2", "-cipher", "\(name):@SECLEVEL=0"]
            // Without these secrets s_client would not offer the suite at all.
            if name.contains("PSK") { words += ["-psk", "0123456789abcdef"] }
            if name.contains("SRP") { words += ["-srpuser", "user", "-srppass", "pass:word"] }
            _ = try await Self.sClient(server.port, words)
            let outcome = await server.next()
            if let facts = outcome.facts {
                #expect(facts.suite.openSSLName == name && facts.version == .tls12)
                older.insert(name)
            } else {
                #expect(outcome.kinds == [.noCommonSuite], "\(name) \(outcome.failures)")
                #expect(outcome.failures.first?.requirement == policy.suiteRequirement)
            }
        }
        #expect(older == Set(policy.suites(for: .tls12).map(\.openSSLName)))
        var newer: Set<String> = []
        for name in Self.newerSuites {
            _ = try await Self.sClient(server.port, ["-tls1_3", "-ciphersuites", name])
            if let facts = await server.next().facts { newer.insert(facts.suite.openSSLName) }
        }
        #expect(newer == Set(policy.suites(for: .tls13).map(\.openSSLName)))
        try await server.stop()
    }

    @Test("EX_OPE_5010: TLS 1.0 and 1.1 are refused by our server", arguments: ["-tls1", "-tls1_1"])
    func oldVersionsOfClient(version: String) async throws {
        let server = try await LiveServer.start()
        let result = try await Self.sClient(server.port, [version, "-cipher", "ALL:@SECLEVEL=0"])
        #expect(!result.succeeded)
        #expect(result.everything.contains("alert protocol version"))
        #expect(await server.next().kinds == [.noCommonVersion])
        try await server.stop()
    }

    @Test("EX_OPE_5010: our client gets each suite of the policy from s_server, and no other one")
    func suitesOfTheirServer() async throws {
        let policy = TLSPolicy.operator(.v1_6)
        for name in try await Self.olderSuites() + Self.newerSuites {
            let isNew = name.hasPrefix("TLS_")
            let (tool, port) = try await RunningTool.opensslServer(
                Identities.server.arguments + ["-Verify", "2", "-verify_return_error", "-naccept", "1", "-rev"]
                    + (isNew ? ["-tls1_3", "-ciphersuites", name] : ["-tls1_2", "-cipher", "\(name):@SECLEVEL=0"]))
            let outcome = try await LiveClient.connect(
                port, .testClient(policy: policy), Behaviour(greeting: "abc\n", closesAfter: 4))
            tool.stop()
            if policy.suites.contains(where: { $0.openSSLName == name }) {
                #expect(outcome.facts?.suite.openSSLName == name)
                #expect(outcome.text == "cba\n")
                #expect(outcome.kinds.isEmpty)
            } else {
                #expect(outcome.facts == nil, "\(name)")
                #expect(outcome.kinds == [.peerAlert(.handshakeFailure)], "\(name)")
            }
        }
    }

    @Test(
        "EX_OPE_5010: a server that speaks only TLS 1.0 or 1.1 is refused by our client",
        arguments: ["-tls1", "-tls1_1"])
    func oldVersionsOfServer(version: String) async throws {
        let (tool, port) = try await RunningTool.opensslServer(
            Identities.server.arguments + [version, "-cipher", "ALL:@SECLEVEL=0", "-naccept", "1"])
        defer { tool.stop() }
        let outcome = try await LiveClient.connect(port)
        #expect(outcome.facts == nil)
        #expect(outcome.kinds == [.peerAlert(.protocolVersion)] || outcome.kinds == [.noCommonVersion])
    }

    /// RFC 2409 §6.2, the Second Oakley Group: 1024 bits.
    static let oakley1024 = """
        FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
        EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
        EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF
        """

    @Test(
        "EX_OPE_5010: a Diffie-Hellman group of 1024 bits is refused by our client, 2048 accepted",
        arguments: [1024, 2048])
    func diffieHellman(bits: Int) async throws {
        var words = ["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0", "-naccept", "1", "-rev"]
        if bits == 1024 {
            let directory = try TestFiles.temporaryDirectory("mss-dh")
            try TestFiles.write(
                "asn1=SEQUENCE:dh\n[dh]\np=INTEGER:0x\(Self.oakley1024)\ng=INTEGER:2\n", to: "\(directory)/dh.cnf")
            for step in [
                ["asn1parse", "-genconf", "\(directory)/dh.cnf", "-noout", "-out", "\(directory)/dh.der"],
                ["dhparam", "-inform", "DER", "-in", "\(directory)/dh.der", "-out", "\(directory)/dh.pem"],
            ] {
                #expect(try await ExternalTool.run("openssl", step).succeeded)
            }
            words += ["-dhparam", "\(directory)/dh.pem"]
        }
        let (tool, port) = try await RunningTool.opensslServer(Identities.server.arguments + words)
        defer { tool.stop() }
        let outcome = try await LiveClient.connect(
            port, .testClient(), Behaviour(greeting: "abc\n", closesAfter: 4))
        #expect(tool.written.contains("Setting temp DH parameters") == (bits == 1024))
        if bits >= 2048 {
            #expect(outcome.text == "cba\n")
        } else {
            #expect(outcome.kinds == [.weakKeyExchange])
            #expect(outcome.failures.first?.requirement == "EX_OPE_5010")
        }
    }

    @Test("EX_OPE_5010: our server's groups are 2048 bits of DH or more, 256 bits of ECDH or more")
    func groups() async throws {
        let server = try await LiveServer.start()
        let finite = try await Self.sClient(server.port, ["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"])
        #expect(finite.text.contains("Server Temp Key: DH, 2048 bits"))
        let curves: [(String, String?)] = [
            ("P-256", "ECDH, prime256v1, 256 bits"), ("P-384", "ECDH, secp384r1, 384 bits"),
            ("P-521", "ECDH, secp521r1, 521 bits"), ("X25519", nil), ("X448", nil), ("P-224", nil), ("ffdhe2048", nil),
        ]
        for version in ["-tls1_2", "-tls1_3"] {
            for (curve, expected) in curves where !(version == "-tls1_3" && curve == "P-224") {
                let result = try await Self.sClient(
                    server.port, [version, "-groups", curve, "-cipher", "ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0"])
                if let expected {
                    #expect(result.text.contains("Server Temp Key: \(expected)"), "\(curve)")
                } else {
                    #expect(result.everything.contains("alert handshake failure"), "\(curve) \(version)")
                }
            }
        }
        try await server.stop()
    }

    @Test("Renegotiation asked for by a client is refused")
    func renegotiation() async throws {
        let server = try await LiveServer.start()
        let tool = try RunningTool(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2"] + Identities.client.arguments)
        _ = try await tool.wait { $0.contains("Verify return code") }
        tool.send("R\n")
        let text = try await tool.wait { $0.contains("no renegotiation") }
        #expect(text.contains("no renegotiation"))
        #expect(text.contains("Compression: NONE"))
        #expect(text.contains("Secure Renegotiation IS supported"))
        tool.stop()
        try await server.stop()
    }

    @Test("No session is resumed, by ticket or by number; none is offered")
    func resumption() async throws {
        let server = try await LiveServer.start()
        let file = try TestFiles.temporaryDirectory("mss-session") + "/session"
        let older = try await Self.sClient(server.port, ["-tls1_2", "-reconnect"])
        let news = older.text.split(separator: "\n").filter { $0.hasPrefix("New, TLSv1.2") }
        #expect(news.count == 6)
        #expect(!older.text.contains("Reused"))
        #expect(!older.text.contains("session ticket"))
        // TLS 1.3: tickets come after the handshake; a word and its echo make sure that they would have come.
        let tool = try RunningTool(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_3", "-sess_out", file, "-msg"]
                + Identities.client.arguments)
        tool.send("echo of this\n")
        let newer = try await tool.wait { $0.contains("echo of this") }
        tool.stop()
        #expect(newer.contains("Finished") && !newer.contains("NewSessionTicket"))
        #expect((try? TestFiles.read(file)) == nil)
        try await server.stop()
    }

    @Test("EX_OPE_5040: a client that sends its own authorities is not believed; one that sends only its leaf is")
    func sentAuthorities() async throws {
        let server = try await LiveServer.start()
        let foreign = Identities.foreign
        let refused = try await ExternalTool.run(
            "openssl",
            [
                "s_client", "-connect", "127.0.0.1:\(server.port)", "-cert", "\(foreign.directory)/leaf.pem", "-key",
                "\(foreign.directory)/key.pem", "-cert_chain", "\(foreign.directory)/chain.pem", "-tls1_2",
            ])
        #expect(refused.everything.contains("alert unknown ca"))
        #expect(await server.next().kinds == [.verification(.unknownAuthority)])
        let accepted = try await Self.sClient(server.port, ["-tls1_2"])
        #expect(accepted.succeeded)
        #expect(await server.next().facts?.peer != nil)
        try await server.stop()
    }

    @Test("A peer that is killed without close_notify is a truncation", arguments: ["-tls1_2", "-tls1_3"])
    func truncation(version: String) async throws {
        let server = try await LiveServer.start()
        let tool = try RunningTool(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(server.port)", version] + Identities.client.arguments)
        tool.send("half a mess\n")
        _ = try await tool.wait { $0.contains("half a mess") }
        tool.stop()
        let outcome = await server.next()
        #expect(outcome.text == "half a mess\n")
        #expect(outcome.kinds == [.truncated])
        try await server.stop()
    }

    @Test("A peer that leaves in order is no failure", arguments: ["-tls1_2", "-tls1_3"])
    func orderly(version: String) async throws {
        let server = try await LiveServer.start()
        let result = try await Self.sClient(server.port, [version, "-brief"])
        #expect(result.succeeded)
        let outcome = await server.next()
        #expect(outcome.kinds.isEmpty && outcome.facts != nil)
        try await server.stop()
    }
}
