import MSSCore
import MSSDNS
import MSSMessage
import MSSTLS
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSSMTP

@Suite("From our queue to our server", .serialized)
struct OwnDeliveryTests {
    /// Domains whose MX are these hosts, and where those listen.
    private static func router(_ domains: [String: [(UInt16, String)]], _ hosts: [String: String]) -> DNSMailRouter {
        var resolver = StaticDNSResolver()
        for (domain, exchangers) in domains {
            for (preference, host) in exchangers {
                resolver.add(
                    .mailExchanger(MXRecord(preference: preference, exchange: try! DNSName(host))),  // a literal
                    at: try! DNSName(domain))
            }
        }
        // a literal
        for (host, address) in hosts { resolver.add(.address(IPAddress(address)!), at: try! DNSName(host)) }
        return DNSMailRouter(resolver, ownNames: [try! DNSName("mx.own.test")])
    }

    /// A domain as EX_3.2_5060 has it: the DN of its server must be the one listed.
    private static let listed: SMTPClientConfiguration.PeerCheck = { peer in
        let isListed = peer.facts.peer?.certificate.der == LiveIdentity.server.credential.certificateDER
        return isListed && peer.destination.domain != (try? Domain("retire.test"))
            ? nil : SMTPPeerRefusal(requirement: "EX_3.2_5060", explanation: "Hors liste blanche.", detail: "DN")
    }

    @Test(
        "§6.7.2.1: queue, runner, agent, pool and server: one message for two domains, a refusal told to its sender, a domain that is not listed waits"
    )
    func queue() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let router = Self.router(
            [
                "hopital.test": [(10, "mx.hopital.test")], "clinique.test": [(10, "mx.hopital.test")],
                "retire.test": [(10, "mx.hopital.test")],
            ], ["mx.hopital.test": "127.0.0.1"])
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own(checkPeer: Self.listed) }
        let agent = DeliveryAgent(router: router, sender: pool, port: server.port)
        let queue = InMemoryDeliveryQueue()
        let notices = FrenchDeliveryNotices(
            author: Mailbox(name: "Service de messagerie", address: "postmaster@clinique.test"),
            host: "mx.clinique.test", zoneMinutes: { _ in 60 })
        let clock = TestClock()
        let runner = DeliveryRunner(queue: queue, agent: agent, notices: notices, clock: clock, chance: { 0.5 })
        var message = SMTPOutgoingMessage.full(
            "b@hopital.test", "unknown@hopital.test", "c@clinique.test", "d@retire.test")
        message.envelope.recipients[0].notify = nil
        _ = try await queue.enqueue(NewDelivery(message), at: clock.now())
        await runner.runUntilIdle()

        let arrived = backend.messages
        let first = try #require(arrived.first { $0.envelope.recipients.map(\.path.wire) == ["<b@hopital.test>"] })
        #expect(first.text == SMTPOutgoingMessage.fullText)
        #expect(arrived.contains { $0.envelope.recipients.map(\.path.wire) == ["<c@clinique.test>"] })
        let notice = try #require(arrived.first { $0.envelope.sender == .null })
        #expect(notice.envelope.recipients.map(\.path.wire) == ["<a@clinique.test>"])
        #expect(notice.text.contains("multipart/report") && notice.text.contains("Status: 5.1.1"))
        #expect(notice.text.contains("unknown@hopital.test"))
        #expect(arrived.count == 3)
        // Only the one whose domain is not listed is left, for another attempt.
        #expect(await queue.count == 1)
        #expect(await queue.nextDue() == clock.now() + .seconds(60))
        #expect(!arrived.contains { $0.envelope.recipients.contains { $0.path.wire == "<d@retire.test>" } })
        await pool.close()
        await server.shutDown()
    }

    @Test("EX_3.2_5050: two preferred hosts that are down, then ours")
    func nextHost() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        // 127.0.0.2 and 127.0.0.3 are this machine's, and nobody listens there.
        let router = Self.router(
            ["hopital.test": [(10, "mx1.hopital.test"), (20, "mx2.hopital.test"), (30, "mx.hopital.test")]],
            ["mx1.hopital.test": "127.0.0.2", "mx2.hopital.test": "127.0.0.3", "mx.hopital.test": "127.0.0.1"])
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own(checkPeer: Self.listed) }
        let agent = DeliveryAgent(router: router, sender: pool, port: server.port)
        let result = await agent.deliver(.full("b@hopital.test"), to: try Domain("hopital.test"))
        #expect(result.outcomes.map { $0.failure?.status } == [nil] && result.reached == true, "\(result)")
        #expect(result.outcomes[0].host == "mx.hopital.test")
        #expect(backend.messages.count == 1)
        await pool.close()
        await server.shutDown()
    }

    @Test("EX_GBM_4420: fifty recipients go in transactions of forty at most, by the server's word, within one session")
    func manyRecipients() async throws {
        let backend = CollectingBackend()
        let server = try await SMTPServer.live(backend)
        let router = Self.router(["hopital.test": [(10, "mx.hopital.test")]], ["mx.hopital.test": "127.0.0.1"])
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own() }
        let agent = DeliveryAgent(router: router, sender: pool, port: server.port)
        let recipients = (0..<50).map { address("r\($0)@hopital.test") }
        let message = SMTPOutgoingMessage(
            OutgoingEnvelope(sender: address("a@clinique.test"), recipients: recipients), SMTPContent("x\r\n".utf8))
        let result = await agent.deliver(message, to: try Domain("hopital.test"))
        #expect(result.outcomes.allSatisfy { $0.failure == nil }, "\(result)")
        #expect(backend.messages.map(\.envelope.recipients.count) == [40, 10])
        #expect(Set(backend.messages.map(\.facts.id)).count == 1)
        await pool.close()
        await server.shutDown()
    }

    @Test("A greylisting server takes the message at the second attempt; the queue waits in between")
    func greylisting() async throws {
        let attempts = Guarded(0)
        let backend = CollectingBackend(judge: { question, _ in
            guard question == "recipient" else { return }
            let number = attempts.withLock { count in
                count += 1
                return count
            }
            if number == 1 { throw SMTPRefusal(code: 450, enhanced: "4.7.1", text: "Greylisted") }
        })
        let server = try await SMTPServer.live(backend)
        let router = Self.router(["hopital.test": [(10, "mx.hopital.test")]], ["mx.hopital.test": "127.0.0.1"])
        // of literals and the test PKI
        let pool = SMTPClientPool(limits: .init(idle: .seconds(300))) { _ in try! .own() }
        let queue = InMemoryDeliveryQueue()
        let clock = TestClock()
        func run() async {
            await DeliveryRunner(
                queue: queue, agent: DeliveryAgent(router: router, sender: pool, port: server.port),
                notices: PlainNotices(), clock: clock, chance: { 0.5 }
            ).runUntilIdle()
        }
        _ = try await queue.enqueue(NewDelivery(.full("b@hopital.test")), at: clock.now())
        await run()
        #expect(backend.messages.isEmpty)
        clock.advance(.seconds(60))
        await run()
        #expect(backend.messages.count == 1)
        #expect(await queue.count == 0)
        await pool.close()
        await server.shutDown()
    }
}
