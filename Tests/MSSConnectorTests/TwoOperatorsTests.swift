import MSSCore
import MSSDNS
import MSSHTTP
import MSSMessage
import MSSSMTP
import MSSTLS
import MSSTestKit
import MSSTraces
import MSSWhitelist
import Testing

@testable import MSSConnector

/// Two operators of one trust space, in one process, over real sockets: mutual TLS with revocation, a whitelist signed and
/// served by the sandbox, a DNS server of their own.
final class TrustSpace: Sendable {
    let alpha: TestOperator
    let beta: TestOperator
    /// In the whitelist, with a revoked certificate.
    let gamma: TestOperator
    /// In the whitelist for `clinique.mssante.fr`, at 127.0.0.5, where a test may put another's server.
    let clinic: TestCredential
    let zones: TestDNSServer
    let list: WhitelistServer
    let transport: AsyncHTTPTransport
    let whitelist: WhitelistService
    let resolver: UnboundResolver
    let verifier: PKIXVerifier
    let port: Int

    init() async throws {
        alpha = try await TestOperator("alpha")
        beta = try await TestOperator("beta")
        gamma = try await TestOperator("gamma", status: .revoked(.keyCompromise))
        clinic = try TestPKI.shared.issue(.server(commonName: "mx.clinique.mssante.fr"), subject: .clinic)
        port = try LoopbackPort.free(at: (2...5).map { "127.0.0.\($0)" })
        var zone = DNSZone("")
        zone.addMail("alpha.mssante.fr", address: "127.0.0.2")
        zone.addMail("beta.mssante.fr", address: "127.0.0.3")
        zone.addMail("delta.mssante.fr", address: "127.0.0.3")
        zone.addMail("clinique.mssante.fr", address: "127.0.0.5")
        zones = try await TestDNSServer.start([zone])
        let pki = TestPKI.shared
        let now = SystemWallClock().now()
        var entries = TestWhitelist(generated: Timestamp(seconds: now.seconds - 3600), domains: [])
        entries.authorize(alpha.credential, for: "alpha.mssante.fr")
        entries.authorize(beta.credential, for: "beta.mssante.fr")
        entries.authorize(gamma.credential, for: "gamma.mssante.fr")
        entries.authorize(clinic, for: "clinique.mssante.fr")
        // A domain whose MX leads to a server of another: beta's certificate is not delta's.
        entries.authorize(alpha.credential, for: "delta.mssante.fr")
        list = try await WhitelistServer.start(entries)
        transport = try AsyncHTTPTransport(
            HTTPTransportConfiguration(trustRoots: .pem(Array(pki.trustStorePEM.utf8))))
        let crls = CRLStore(trustStore: TestOperator.trustStore)
        _ = try crls.install(pki.fullCRL(of: .root), at: now)
        _ = try crls.install(pki.fullCRL(of: .intermediate), at: now)
        verifier = PKIXVerifier(
            trustStore: TestOperator.trustStore,
            revocation: RevocationChecker(policy: RevocationPolicy(order: .crlOnly), crls: crls))
        let folder = try TestFiles.temporaryDirectory("mss-list")
        whitelist = WhitelistService(
            source: HTTPWhitelistSource(url: list.url, transport: transport),
            store: FileWhitelistStore(directory: folder),
            verifier: try WhitelistVerifier(trustStore: TestOperator.trustStore, certificates: verifier))
        _ = try await whitelist.refresh().get()
        var dns = UnboundConfiguration()
        dns.upstream = .forwarders([zones.forwarder])
        resolver = try UnboundResolver(dns)
    }

    func make(
        _ one: TestOperator, at address: String, scanner: (any MalwareScanner)? = nil
    ) throws -> Operator {
        try one.makeOperator(
            whitelist: whitelist, resolver: resolver, verifier: verifier, listen: address, port: port,
            deliveryPort: port, scanner: scanner)
    }

    func close() async throws {
        try await zones.stop()
        try await transport.shutDown()
        try await list.stop()
    }

    /// Runs a body with both operators working.
    static func run(
        scanner: (any MalwareScanner)? = nil,
        _ body: (TrustSpace, _ alpha: Operator, _ beta: Operator) async throws -> Void
    ) async throws {
        let space = try await TrustSpace()
        do {
            let alpha = try space.make(space.alpha, at: "127.0.0.2", scanner: scanner)
            let beta = try space.make(space.beta, at: "127.0.0.3")
            try await alpha.running { try await beta.running { try await body(space, alpha, beta) } }
        } catch {
            try await space.close()
            throw error
        }
        try await space.close()
    }
}

@Suite("Two operators over sockets", .serialized, .timeLimit(.minutes(10)))
struct TwoOperatorsTests {
    @Test(
        "EX_3.1_5020, EX_3.2_5010, EX_3.2_5020, EX_SSI_5100: messages go both ways over mutual TLS, into the mailboxes, traced on both sides"
    )
    func bothWays() async throws {
        try await TrustSpace.run { space, alpha, beta in
            let there = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["paul.durand@beta.mssante.fr"],
                notify: [.success])
            #expect(there.outcomes[0].outcome == .acceptedElsewhere)
            let arrived = await space.beta.drop.messages(in: space.beta.id("paul.durand"), atLeast: 1)[0].text
            #expect(arrived.hasPrefix("Return-Path: <jeanne.martin@alpha.mssante.fr>\r\n"))
            #expect(arrived.contains("by mx.beta.mssante.fr with ESMTPS"))
            #expect(arrived.contains("\r\n\t(TLSv1."))
            let id = try #require(there.id)
            #expect(arrived.contains("by mx.alpha.mssante.fr with local\r\n\tid \(id);"))
            // EX_GBM_4450: the receipt that was asked for comes back the other way, from nobody.
            let receipt = await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin"), atLeast: 1)[0].text
            #expect(receipt.hasPrefix("Return-Path: <>\r\n"))
            #expect(receipt.contains("Action: delivered"))

            let received = try #require(space.beta.traces.events.first { $0.action == .receiveMessage })
            #expect(received.author == .peer(try space.alpha.certificateName.rfc4514))
            #expect(received.authentication == .mutualTLS)
            #expect(received.mailbox == space.beta.address("paul.durand"))
            #expect(received.message?.subject == "Bilan")
            #expect(space.alpha.traces.events.contains { $0.action == .sendMessage && $0.means.channel == "smtp" })
            #expect(beta.metrics.snapshot.received == 1)
            #expect(alpha.metrics.snapshot.submitted == 1)
        }
    }

    @Test("EX_GBM_4460: an unknown recipient is refused with 5.1.1 in French, and its sender gets a French notice")
    func unknownRecipient() async throws {
        try await TrustSpace.run { space, alpha, beta in
            _ = await space.beta.submit(
                beta, from: "paul.durand", as: space.beta.colleague,
                to: ["personne@alpha.mssante.fr", "jeanne.martin@alpha.mssante.fr"])
            let notice = await space.beta.drop.messages(in: space.beta.id("paul.durand"), atLeast: 1)[0].text
            #expect(notice.contains("Status: 5.1.1"))
            #expect(notice.contains("Final-Recipient: rfc822; personne@alpha.mssante.fr"))
            #expect(
                notice.contains("Aucune bo=C3=AEte") || notice.contains("Aucune boîte aux lettres n'a cette adresse")
                    || notice.contains("Aucune boite aux lettres n'a cette adresse"))
            // The other recipient of the same message got it.
            #expect(await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin"), atLeast: 1).count == 1)
            let refusal = try #require(space.alpha.traces.events.first { $0.action == .refuseMessage })
            #expect(refusal.outcome == .refused)
            #expect(refusal.reply?.text.hasPrefix("550 5.1.1 [EX_GBM_4460] Aucune boite aux lettres") == true)
            #expect(refusal.changes.first?.after == "EX_GBM_4460")
        }
    }

    @Test("EX_3.2_5060: nothing leaves for a domain outside the whitelist, and the sender is told at once")
    func outsideTheList() async throws {
        try await TrustSpace.run { space, alpha, _ in
            let result = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["dr@gmail.com"])
            #expect(result.refusal == .noRecipient)
            #expect(result.outcomes[0].outcome == .refused(.notTrusted(.unknownDomain(Samples.domain("gmail.com")))))
            #expect(await space.alpha.queue.count == 0)
        }
    }

    @Test("EX_3.1_5030 step 3: a peer whose certificate is revoked is refused in the handshake, and reported")
    func revoked() async throws {
        try await TrustSpace.run { space, alpha, _ in
            let events = alpha.events.events()
            let gamma = try space.make(space.gamma, at: "127.0.0.4")
            let subject = try space.gamma.certificateName.rfc4514
            try await gamma.running {
                _ = await space.gamma.submit(
                    gamma, from: "jeanne.martin", as: space.gamma.doctor, to: ["jeanne.martin@alpha.mssante.fr"])
                for await event in events {
                    guard case .peerRefused(let incident) = event else { continue }
                    #expect(incident.subject == subject)
                    #expect(incident.requirement != nil)
                    break
                }
            }
            #expect(await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin")).isEmpty)
            #expect(alpha.metrics.snapshot.received == 0)
        }
    }

    @Test(
        "EX_3.1_5020: a peer without certificate is refused in the handshake, reported with its address, counted by reason"
    )
    func noCertificate() async throws {
        try await TrustSpace.run { space, alpha, _ in
            let events = alpha.events.events()
            let answer = try await ExternalTool.run(
                "openssl", ["s_client", "-starttls", "smtp", "-tls1_2", "-connect", "127.0.0.2:\(space.port)"])
            #expect(!answer.succeeded)
            for await event in events {
                guard case .peerRefused(let incident) = event else { continue }
                #expect(incident.subject == nil && incident.address?.hasPrefix("127.0.0.1:") == true)
                #expect(incident.requirement != nil && incident.explanation.contains("aucun certificat"))
                break
            }
            #expect(alpha.metrics.snapshot.failedHandshakes == ["certificat-absent": 1])
        }
    }

    @Test("EX_3.2_5050 step 6: a server whose certificate is not the recipient domain's gets no envelope")
    func wrongServer() async throws {
        try await TrustSpace.run { space, alpha, beta in
            let subject = try space.beta.certificateName.rfc4514
            let events = alpha.events.events()
            _ = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["dr@delta.mssante.fr"])
            for await event in events {
                guard case .peerRefused(let incident) = event else { continue }
                #expect(incident.requirement == "EX_3.2_5050")
                #expect(incident.subject == subject)
                break
            }
            #expect(beta.metrics.snapshot.received == 0)
            #expect(!space.beta.traces.events.contains { $0.action == .refuseMessage })
        }
    }

    @Test("EX_SSI_5090: EICAR is refused before the 250, going out and coming in, and each sender is told")
    func eicar() async throws {
        let clamd = try await ClamdPeer.start()
        defer { clamd.stop() }
        let scanner = ClamAVScanner(.unix(path: "\(clamd.directory)/clamd.sock"))
        try await TrustSpace.run(scanner: scanner) { space, alpha, beta in
            func message(_ from: String, _ to: String) throws -> [UInt8] {
                var writer = try MessageWriter(
                    OutgoingMessage(
                        from: Mailbox(address: from), to: [Mailbox(address: to)], subject: "Facture",
                        content: .mixed(
                            .text("Ci-joint"),
                            attachments: [.attachment("f.com", ContentSource(Array(ClamdPeer.eicar.utf8)))])))
                return try writer.bytes()
            }
            let out = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["paul.durand@beta.mssante.fr"],
                message: try message("jeanne.martin@alpha.mssante.fr", "paul.durand@beta.mssante.fr"))
            guard case .malware? = out.refusal else {
                Issue.record("\(String(describing: out.refusal))")
                return
            }
            // beta has no scanner: alpha's refusal comes back to its sender.
            _ = await space.beta.submit(
                beta, from: "paul.durand", as: space.beta.colleague, to: ["jeanne.martin@alpha.mssante.fr"],
                message: try message("paul.durand@beta.mssante.fr", "jeanne.martin@alpha.mssante.fr"))
            let notice = await space.beta.drop.messages(in: space.beta.id("paul.durand"), atLeast: 1)[0].text
            #expect(notice.contains("Status: 5.7.0"))
            #expect(notice.contains("EX_SSI_5090"))
            #expect(await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin")).isEmpty)
            #expect(alpha.metrics.snapshot.infected == 2)
        }
    }

    @Test("A message of 10 Mo passes between operators")
    func large() async throws {
        try await TrustSpace.run { space, alpha, beta in
            let line = String(repeating: "é", count: 60) + "\r\n"
            let body = String(repeating: line, count: 9_900_000 / line.utf8.count)
            let result = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["paul.durand@beta.mssante.fr"],
                message: TestOperator.message(
                    from: "jeanne.martin@alpha.mssante.fr", to: ["paul.durand@beta.mssante.fr"], body: body))
            #expect(result.id != nil)
            let kept = await space.beta.drop.messages(in: space.beta.id("paul.durand"), atLeast: 1)[0]
            #expect(kept.text.hasSuffix(body))
        }
    }
}
