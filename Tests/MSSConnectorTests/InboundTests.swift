import MSSCore
import MSSTestKit
import MSSTraces
import MSSWhitelist
import NIOCore
import Testing

@testable import MSSConnector
@testable import MSSSMTP
@testable import MSSTLS

@Suite("The steps of §6.7.1.1, command by command", .timeLimit(.minutes(10)))
struct InboundTests {
    let alpha: TestOperator
    let operation: Operator
    let session: InboundSession
    let list: ChangingWhitelist
    static let peer = try! TestPKI.shared.issue(.server(commonName: "mx.beta.mssante.fr"))  // the test PKI
    static let stranger = try! TestPKI.shared.issue(.server(commonName: "mx.inconnu.fr"))  // the test PKI

    init() async throws {
        alpha = try await TestOperator("alpha")
        let name = try Certificate(der: Self.peer.certificateDER).subject
        list = ChangingWhitelist(
            Samples.whitelist([
                ("alpha.mssante.fr", try alpha.certificateName), ("beta.mssante.fr", name), ("dgs.mssante.fr", name),
                ("interop-mssante.apicrypt.org", name),
            ]))
        operation = try alpha.makeOperator(whitelist: list)
        session = InboundSession(flow: operation.flow)
    }

    /// What is known of a session with a peer that showed a certificate, or is still in clear.
    static func facts(_ credential: TestCredential?) throws -> SMTPSessionFacts {
        var facts = SMTPSessionFacts(
            id: "s1", entryPoint: "operateurs", peer: try SocketAddress(ipAddress: "192.0.2.7", port: 4025))
        facts.clientName = .domain(Samples.domain("mx.beta.mssante.fr"))
        facts.protocolName = "ESMTPS"
        if let credential {
            let certificate = try Certificate(der: credential.certificateDER)
            facts.tls = TLSSessionFacts(
                version: .tls12, suite: .ecdheRSAWithAES256GCM, group: nil,
                peer: VerifiedPeer(certificate: certificate, chain: [certificate], revocation: .notChecked),
                serverName: nil, isResumed: false)
        }
        return facts
    }

    static func envelope(_ sender: String?, _ recipients: [String] = [], size: Int? = nil) -> SMTPEnvelope {
        var envelope = SMTPEnvelope(sender: sender.map { .address(Samples.address($0)) } ?? .null)
        envelope.parameters.size = size
        envelope.recipients = recipients.map { SMTPRecipient(.address(Samples.address($0))) }
        return envelope
    }

    /// The refusal of a step, as the peer reads it; `nil` when it passes.
    func refusal(_ step: () async throws -> Void) async throws -> SMTPReply? {
        do {
            try await step()
            return nil
        } catch let refusal as SMTPRefusal { return refusal.reply }
    }

    @Test("EX_OPE_5020, EX_3.1_5030 step 4: the DN is checked at EHLO after TLS; the refusal is traced with its id")
    func peers() async throws {
        #expect(try await refusal { try await session.hello(Self.facts(nil)) } == nil)
        #expect(try await refusal { try await session.hello(Self.facts(Self.peer)) } == nil)
        let reply = try #require(try await refusal { try await session.hello(Self.facts(Self.stranger)) })
        #expect(reply.code == 550)
        #expect(reply.lines.first?.hasPrefix("[EX_3.1_5030] Le certificat \"mx.inconnu.fr\"") == true)
        let event = try #require(alpha.traces.events.last)
        #expect(event.action == .connectPeer && event.outcome == .refused)
        #expect(event.author == .peer(try Certificate(der: Self.stranger.certificateDER).subject.rfc4514))
        #expect(event.means.address == "192.0.2.7:4025")
        #expect(event.changes.first?.after == "EX_3.1_5030")
        #expect(operation.metrics.snapshot.refused["EX_3.1_5030"] == 1)
    }

    @Test("EX_3.1_5030 steps 5 and 6: MAIL FROM is the certificate's domain or empty, by the list of the moment")
    func senders() async throws {
        let facts = try Self.facts(Self.peer)
        func mail(_ sender: String?) async throws -> SMTPReply? {
            try await refusal { _ = try await session.sender(Self.envelope(sender), facts) }
        }
        #expect(try await mail("dr@beta.mssante.fr") == nil)
        #expect(try await mail(nil) == nil)
        #expect(try await mail("dr@interop-mssante.apicrypt.org") == nil)
        #expect(try await mail("jeanne.martin@alpha.mssante.fr")?.code == 550)
        #expect(try await mail("dr@gmail.com")?.enhanced == "5.7.1")
        // The list changes while the session lasts.
        list.replace(by: NoWhitelist())
        #expect(try await mail("dr@beta.mssante.fr")?.code == 451)
        list.replace(by: Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)]))
        #expect(try await mail("dr@beta.mssante.fr")?.code == 550)
        #expect(try await mail(nil)?.code == 550)
    }

    @Test("EX_GBM_4420: the forty-first recipient is put off, for dgs.mssante.fr it is not (EX_3.1_5015)")
    func recipientCounts() async throws {
        let facts = try Self.facts(Self.peer)
        let forty = Array(repeating: "paul.durand@alpha.mssante.fr", count: 40)
        let next = SMTPRecipient(.address(alpha.address("jeanne.martin")))
        func rcpt(_ sender: String) async throws -> SMTPReply? {
            try await refusal { try await session.recipient(next, Self.envelope(sender, forty), facts) }
        }
        let reply = try #require(try await rcpt("dr@beta.mssante.fr"))
        #expect(reply.code == 452)
        #expect(reply.enhanced == "4.5.3")
        #expect(alpha.traces.events.last?.changes.first?.after == "EX_GBM_4420")
        #expect(try await rcpt("alerte@dgs.mssante.fr") == nil)
        let allowance = try await session.sender(Self.envelope("alerte@dgs.mssante.fr", size: 60_000_000), facts)
        #expect(allowance.recipients == 1001)
        #expect(
            try await refusal {
                _ = try await session.sender(Self.envelope("dr@beta.mssante.fr", size: 60_000_000), facts)
            }?
            .enhanced == "5.3.4")
    }

    @Test("Recipients: postmaster is always there, unknown ones are counted as a possible search for addresses")
    func recipients() async throws {
        let facts = try Self.facts(Self.peer)
        let envelope = Self.envelope("dr@beta.mssante.fr")
        #expect(try await refusal { try await session.recipient(SMTPRecipient(.postmaster), envelope, facts) } == nil)
        let events = operation.events.events()
        for number in 0..<50 {
            let unknown = SMTPRecipient(.address(alpha.address("inconnu\(number)")))
            let reply = try await refusal { try await session.recipient(unknown, envelope, facts) }
            #expect(reply?.enhanced == "5.1.1")
        }
        for await event in events {
            guard case .anomaly(let anomaly) = event else { continue }
            #expect(anomaly.kind == .unknownRecipients && anomaly.count == 50)
            break
        }
        #expect(alpha.traces.events.contains { $0.action == .detectIncident })
    }

    // MARK: The message

    func message(
        _ text: String, from sender: String? = "dr@beta.mssante.fr", to recipients: [String] = ["paul.durand"],
        end: Result<Void, SMTPBodyError> = .success(())
    ) async throws -> SMTPReceipt {
        let pipe = BodyPipe(limit: 64 << 20, memory: BodyMemory(limit: 64 << 20)) {}
        for piece in Array(text.utf8).chunked(4096) { _ = pipe.push(ByteBuffer(bytes: piece)) }
        pipe.finish(end)
        return try await session.message(
            SMTPIncomingMessage(
                session: Self.facts(Self.peer),
                envelope: Self.envelope(sender, recipients.map { "\($0)@alpha.mssante.fr" }),
                body: SMTPMessageBody(pipe: pipe)))
    }

    @Test(
        "EX_GDT_5030, EX_GDT_5040, EX_GDT_5050: a message is in the spool when it is acknowledged, stamped, and traced for each mailbox"
    )
    func accepted() async throws {
        let receipt = try await message(
            "From: <dr@beta.mssante.fr>\r\nSubject: =?utf-8?q?R=C3=A9sultats?=\r\n\r\nBonjour\r\n",
            to: ["paul.durand", "jeanne.martin"])
        #expect(await alpha.queue.waiting(DeliveryID(receipt.id)).count == 2)
        let jobs = await alpha.queue.lease(
            DeliveryLeaseRequest(
                limit: 1, perDestination: 1, now: alpha.clock.now() + .seconds(1), until: alpha.clock.now()))
        let text = String(decoding: try await jobs[0].message.content.prefix(1000), as: UTF8.self)
        #expect(
            text.hasPrefix(
                "Received: from mx.beta.mssante.fr ([192.0.2.7])\r\n\t(TLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)\r\n"
                    + "\tby mx.alpha.mssante.fr with ESMTPS\r\n\tid \(receipt.id); "))
        let traces = alpha.traces.events.filter { $0.action == .receiveMessage }
        #expect(Set(traces.compactMap(\.mailbox)) == [alpha.address("paul.durand"), alpha.address("jeanne.martin")])
        #expect(traces.allSatisfy { $0.message?.subject == "Résultats" && $0.message?.identifier == receipt.id })
        let subject = try Certificate(der: Self.peer.certificateDER).subject.rfc4514
        for trace in traces {
            // Who, by what means, from where, what was asked and what was answered.
            #expect(trace.author == .peer(subject) && trace.authentication == .mutualTLS)
            #expect(trace.means.channel == "smtp" && trace.means.address == "192.0.2.7:4025")
            #expect(trace.means.software.contains("mx.beta.mssante.fr"))
            #expect(trace.request?.text == "RCPT TO:<\(trace.mailbox?.text ?? "?")>")
            #expect(trace.reply?.text == "250 2.0.0 Accepted as \(receipt.id)")
            #expect(trace.message?.sender == Samples.address("dr@beta.mssante.fr"))
            #expect(trace.message?.recipients == [trace.mailbox].compactMap(\.self))
            #expect(try #require(trace.message?.size) > 50)
        }
        #expect(alpha.spool.draftOctets == 0)
    }

    @Test("A message that is too large, goes round in a circle or breaks off leaves nothing behind")
    func notAccepted() async throws {
        let large = String(repeating: String(repeating: "x", count: 998) + "\r\n", count: 10_600)
        #expect(try await refusal { _ = try await message("A: b\r\n\r\n" + large) }?.enhanced == "5.3.4")
        let circle = String(repeating: "Received: by a\r\n", count: 51)
        #expect(try await refusal { _ = try await message(circle + "\r\nx\r\n") }?.enhanced == "5.4.6")
        await #expect(throws: SMTPBodyError.disconnected) {
            _ = try await message("A: b\r\n\r\nx", end: .failure(.disconnected))
        }
        #expect(await alpha.queue.count == 0)
        #expect(alpha.spool.draftOctets == 0)
        #expect(alpha.traces.events.filter { $0.action == .refuseMessage }.count == 2)
    }

    @Test("EX_3.1_5015: a message of dgs.mssante.fr may be larger than others")
    func largeFromHealthAuthority() async throws {
        let large = String(repeating: String(repeating: "x", count: 998) + "\r\n", count: 10_600)
        let receipt = try await message("A: b\r\n\r\n" + large, from: "alerte@dgs.mssante.fr")
        #expect(await alpha.queue.waiting(DeliveryID(receipt.id)).count == 1)
    }
}

extension Array {
    fileprivate func chunked(_ size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
