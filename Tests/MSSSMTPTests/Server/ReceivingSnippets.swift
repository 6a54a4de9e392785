import MSSCore
import MSSSMTP
import MSSTLS
import NIOCore
import TestIdentities
import Testing

// snippet: inbox
struct Inbox: SMTPBackend, SMTPBackendSession {
    let domain: Domain
    let store: @Sendable ([UInt8], SMTPEnvelope) async throws -> String

    func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession { self }

    func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance {
        guard facts.tls?.peer != nil else {
            throw SMTPRefusal(code: 550, enhanced: "5.7.1", text: "A client certificate is needed")
        }
        return .standard
    }

    func recipient(
        _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
    ) async throws {
        guard recipient.path.address?.domain == domain else {
            throw SMTPRefusal(code: 550, enhanced: "5.1.2", text: "Not a domain of ours")
        }
    }

    func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
        var content: [UInt8] = []
        for try await piece in message.body { content += piece.readableBytesView }
        return SMTPReceipt(id: try await store(content, message.envelope))
    }
}
// end snippet

@Suite("Snippets: receive mail in your application")
struct ReceivingSnippets {
    @Test("The article's backend and server take a message by mutual TLS, and refuse another domain")
    func receive() async throws {
        let stored = Guarded([String]())
        let inbox = Inbox(domain: try Domain("hopital.test")) { content, _ in
            let text = String(decoding: content, as: UTF8.self)
            stored.withLock { $0.append(text) }
            return "1"
        }
        let tls = ReloadableTLSContext(
            try TLSContext(
                .server(
                    policy: .operator(.v1_6), identity: LiveIdentity.server.identity,
                    clientAuthentication: .required(PKIXVerifier.testPKI))))
        let port = 0
        // snippet: start
        let server = try await SMTPServer.start([
            SMTPEntryPoint(
                name: "operators", address: .tcp(host: "127.0.0.1", port: port),
                session: .operator(serverName: "mx.hopital.mssante.fr"), tls: tls, backend: inbox)
        ])
        // end snippet
        let client = try await RawClient.connect(server.address(of: "operators")!.port!)
        try await client.startTLS()
        _ = await client.say("EHLO x")
        _ = await client.say("MAIL FROM:<a@clinique.test>")
        #expect(await client.say("RCPT TO:<b@ailleurs.test>") == "550 5.1.2 Not a domain of ours\r\n")
        #expect(await client.say("RCPT TO:<b@hopital.test>\r\nDATA", replies: 2).contains("354 "))
        #expect(await client.say("x\r\n.") == "250 2.0.0 Accepted as 1\r\n")
        #expect(stored.withLock { $0 } == ["x\r\n"])
        await client.close()
        // snippet: start
        // … until the process is told to stop:
        await server.shutDown(grace: .seconds(30))
        // end snippet
    }
}
