import MSSCore
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSTLS

@Suite("TLS with Postfix", .serialized)
struct PostfixInteropTests {
    @Test(
        "EX_3.1_5020, EX_3.2_5020: a message goes by mutual TLS from our client through Postfix to our server",
        .timeLimit(.minutes(5)))
    func bothSides() async throws {
        let (ours, outcomes) = try await MiniSMTPServer.start(.testServer())
        var relaying = PostfixPeer.Configuration("mx.hopital.test", Identities.server.credential)
        relaying.routes = [.everything(port: ours.localAddress!.port!, certificateName: "mx.hopital.test")]
        let postfix = try await PostfixPeer.start(relaying)
        do {
            let anonymous = try await MiniSMTPClient.run(
                postfix.port, .testClient(nil, policy: .operator(.v1_6).only(.tls12)), StartTLSTests.message)
            // Postfix lets the handshake end, and refuses then.
            #expect(!anonymous.text.contains("queued as"))
            // Its logger writes when it gets to it.
            while !postfix.log.contains("No client certificate presented") {
                try Task.checkCancellation()
                await Task.yield()
            }

            let client = try await MiniSMTPClient.run(postfix.port, .testClient(), StartTLSTests.message)
            #expect(client.facts?.peer?.certificate.der == Identities.server.credential.certificateDER)
            #expect(client.text.contains("queued as"), "\(client.text) \(client.failures) \(postfix.log)")
            for await outcome in outcomes {
                #expect(outcome.facts?.peer?.certificate.der == Identities.server.credential.certificateDER)
                #expect(outcome.text.contains("hello"))
                #expect(outcome.failures.isEmpty)
                break
            }
            #expect(postfix.log.contains("Trusted TLS connection established from"))
        }
        try await postfix.stop()
        try await ours.close()
    }

    @Test(
        "posttls-finger verifies our server with a client certificate, and is refused without",
        arguments: [true, false])
    func finger(certificate: Bool) async throws {
        let (ours, outcomes) = try await MiniSMTPServer.start(.testServer())
        let etc = try TestFiles.temporaryDirectory("mss-finger")
        try TestFiles.write("compatibility_level = 3.6\n", to: "\(etc)/main.cf")
        var words = [
            "MAIL_CONFIG=\(etc)", "posttls-finger", "-c", "-l", "secure", "-F", "\(Identities.client.directory)/ca.pem",
        ]
        if certificate {
            words += ["-k", "\(Identities.client.directory)/leaf.pem", "-K", "\(Identities.client.directory)/key.pem"]
        }
        words += ["[127.0.0.1]:\(ours.localAddress!.port!)", "mx.hopital.test"]
        let result = try await ExternalTool.run("env", words)
        #expect(
            result.everything.contains("Verified TLS connection established to 127.0.0.1") || !certificate,
            "\(result.everything)")
        for await outcome in outcomes {
            if certificate {
                #expect(outcome.facts?.peer != nil)
                #expect(outcome.failures.isEmpty)
            } else {
                #expect(outcome.kinds == [.verification(.noCertificate)])
            }
            break
        }
        try await ours.close()
    }
}
