import MSSCore
import MSSDNS
import Testing

@testable import MSSSMTP

@Suite("The delivery agent")
struct AgentTests {
    private let domain = try! Domain("d.test")  // a literal

    private func deliver(
        _ zone: Zone, _ servers: ScriptedServers, to recipients: [String] = ["b@d.test"],
        limits: DeliveryAgent.Limits = .init(), ownAddresses: Set<IPAddress> = []
    ) async -> DeliveryResult {
        let router = DNSMailRouter(zone.resolver, ownNames: [try! DNSName("mx.own.test")])  // a literal
        let agent = DeliveryAgent(router: router, sender: servers, limits: limits, ownAddresses: ownAddresses)
        let envelope = OutgoingEnvelope(sender: address("a@client.test"), recipients: recipients.map { address($0) })
        return await agent.deliver(SMTPOutgoingMessage(envelope, SMTPContent("x\r\n".utf8)), to: domain)
    }

    private func codes(_ result: DeliveryResult) -> [String] {
        result.outcomes.map { $0.failure.map { "\($0.kind.rawValue) \($0.status)" } ?? "ok" }
    }

    @Test("EX_3.2_5050: hosts are tried in order of preference, each address of each, until one takes the message")
    func preference() async {
        let zone = Zone(mx: [(20, "mx2.d.test"), (10, "mx1.d.test")])
            .host("mx1.d.test", "192.0.2.1", "2001:db8::1").host("mx2.d.test", "192.0.2.2")
        let servers = ScriptedServers(["192.0.2.2": .takes])
        let result = await deliver(zone, servers)
        #expect(servers.tried == ["2001:db8::1", "192.0.2.1", "192.0.2.2"])
        #expect(codes(result) == ["ok"])
        #expect(result.outcomes[0].host == "mx2.d.test")
        #expect(result.reached == true)
        #expect(servers.domains == [domain])
        #expect(servers.names.last == "mx2.d.test")
    }

    @Test("without MX the domain is its own host; with a null MX it takes no mail (RFC 7505)")
    func implicitAndNull() async {
        let implicit = ScriptedServers(["192.0.2.7": .takes])
        #expect(codes(await deliver(Zone(mx: []).host("d.test", "192.0.2.7"), implicit)) == ["ok"])
        let null = await deliver(Zone(mx: [(0, ".")]), ScriptedServers([:]))
        #expect(codes(null) == ["permanent 5.1.10"])
        #expect(null.reached == nil)
    }

    @Test("a domain that does not exist is a permanent failure, a resolver that fails is not")
    func resolving() async {
        #expect(codes(await deliver(Zone(), ScriptedServers([:]))) == ["permanent 5.1.2"])
        var zone = Zone()
        zone.resolver.fail(try! DNSName("d.test"), type: .mx, with: .serverFailure(responseCode: 2))  // a literal
        let result = await deliver(zone, ScriptedServers([:]))
        #expect(codes(result) == ["network 4.4.3"])
        #expect(result.reached == false)
        let noAddress = await deliver(Zone(mx: [(10, "mx1.d.test")]), ScriptedServers([:]))
        #expect(codes(noAddress) == ["permanent 5.4.4"])
    }

    @Test("mail never comes back to ourselves, by name or by address (RFC 5321 §5.1)")
    func loops() async {
        let named = Zone(mx: [(10, "mx.own.test"), (20, "mx2.d.test")]).host("mx2.d.test", "192.0.2.2")
        let servers = ScriptedServers(["192.0.2.2": .takes])
        #expect(codes(await deliver(named, servers)) == ["permanent 5.4.6"])
        let addressed = Zone(mx: [(10, "mx1.d.test"), (20, "mx2.d.test")]).host("mx1.d.test", "192.0.2.1")
            .host("mx2.d.test", "192.0.2.2")
        let result = await deliver(addressed, servers, ownAddresses: [IPAddress("192.0.2.1")!])
        #expect(codes(result) == ["permanent 5.4.6"])
        #expect(servers.tried.isEmpty)
        // A more preferred host that is out of order leads to a later attempt, not to a loop.
        let backup = Zone(mx: [(10, "mx1.d.test"), (20, "mx.own.test")]).host("mx1.d.test", "192.0.2.1")
        #expect(codes(await deliver(backup, ScriptedServers([:]))) == ["network 4.4.1"])
    }

    @Test("a refusal for good decides; a refusal for now leads to the next host, for those concerned only")
    func refusals() async {
        let zone = Zone(mx: [(10, "mx1.d.test"), (20, "mx2.d.test")]).host("mx1.d.test", "192.0.2.1")
            .host("mx2.d.test", "192.0.2.2")
        let servers = ScriptedServers([
            "192.0.2.1": .answers(["b@d.test": 250, "c@d.test": 550, "e@d.test": 450]), "192.0.2.2": .takes,
        ])
        let result = await deliver(zone, servers, to: ["b@d.test", "c@d.test", "e@d.test"])
        #expect(codes(result) == ["ok", "permanent 5.1.0", "ok"])
        #expect(servers.batches == [["b@d.test", "c@d.test", "e@d.test"], ["e@d.test"]])
        #expect(result.outcomes.map(\.host) == ["mx1.d.test", "mx1.d.test", "mx2.d.test"])
    }

    @Test("when the answer to a whole message was lost, no other host is tried at once (RFC 1047)")
    func lostAnswer() async {
        let zone = Zone(mx: [(10, "mx1.d.test"), (20, "mx2.d.test")]).host("mx1.d.test", "192.0.2.1")
            .host("mx2.d.test", "192.0.2.2")
        let servers = ScriptedServers(["192.0.2.1": .losesAnswer, "192.0.2.2": .takes])
        let result = await deliver(zone, servers)
        #expect(servers.tried == ["192.0.2.1"])
        #expect(result.outcomes[0].failure?.mayHaveBeenDelivered == true)
        #expect(result.outcomes[0].failure?.isPermanent == false)
    }

    @Test("§6.7.2.1: a host whose certificate is refused gets nothing, and the next host is tried")
    func refusedPeer() async {
        let zone = Zone(mx: [(10, "mx1.d.test"), (20, "mx2.d.test")]).host("mx1.d.test", "192.0.2.1")
            .host("mx2.d.test", "192.0.2.2")
        let refusal = SMTPPeerRefusal(explanation: "Non.", detail: "DN")
        let failure = SMTPClientFailure(.policy, .peerCheck, .peerRefused(refusal))
        let both = ScriptedServers(["192.0.2.1": .refusesSession(failure), "192.0.2.2": .refusesSession(failure)])
        let result = await deliver(zone, both)
        #expect(codes(result) == ["policy 4.7.1"])
        #expect(both.tried.count == 2)
        #expect(result.reached == false)
        let second = ScriptedServers(["192.0.2.1": .refusesSession(failure), "192.0.2.2": .takes])
        #expect(codes(await deliver(zone, second)) == ["ok"])
    }

    @Test("hosts that refuse for good and hosts that are down together: a later attempt may succeed")
    func mixedObstacles() async {
        let zone = Zone(mx: [(10, "mx1.d.test"), (20, "mx2.d.test")]).host("mx1.d.test", "192.0.2.1")
            .host("mx2.d.test", "192.0.2.2")
        let banned = SMTPClientFailure(.greeting, SMTPReply(code: 554, text: "no"))
        #expect(
            codes(await deliver(zone, ScriptedServers(["192.0.2.2": .refusesSession(banned)]))) == ["network 4.4.1"])
        let all = ScriptedServers(["192.0.2.1": .refusesSession(banned), "192.0.2.2": .refusesSession(banned)])
        #expect(codes(await deliver(zone, all)) == ["permanent 5.0.0"])
    }

    @Test("recipients beyond what a server takes at once are sent after the others, in the same attempt")
    func batches() async {
        let zone = Zone(mx: [(10, "mx1.d.test")]).host("mx1.d.test", "192.0.2.1")
        let recipients = (0..<25).map { "r\($0)@d.test" }
        let own = ScriptedServers(["192.0.2.1": .takes])
        let byLimit = await deliver(zone, own, to: recipients, limits: .init(recipients: 10))
        #expect(own.batches.map(\.count) == [10, 10, 5])
        #expect(byLimit.outcomes.allSatisfy { $0.failure == nil })
        #expect(byLimit.outcomes.map(\.recipient.address.text) == recipients)
        let theirs = ScriptedServers(["192.0.2.1": .takesAtMost(10)])
        let byServer = await deliver(zone, theirs, to: recipients)
        #expect(theirs.batches.map(\.count) == [25, 15, 5])
        #expect(byServer.outcomes.allSatisfy { $0.failure == nil })
        // One that takes none is not asked for ever.
        let none = ScriptedServers(["192.0.2.1": .takesAtMost(0)])
        #expect(await deliver(zone, none, to: recipients).outcomes.allSatisfy { $0.failure != nil })
        #expect(none.batches.count == 1)
    }

    @Test("an attempt is bounded: so many addresses, so many sessions")
    func bounds() async {
        var zone = Zone(mx: (1...9).map { (UInt16($0), "mx\($0).d.test") })
        for index in 1...9 { zone = zone.host("mx\(index).d.test", "192.0.2.\(index)", "198.51.100.\(index)") }
        let dead = ScriptedServers([:])
        #expect(codes(await deliver(zone, dead)) == ["network 4.4.1"])
        #expect(dead.tried.count == 6)
        let busy = ScriptedServers(
            Dictionary(uniqueKeysWithValues: (1...9).map { ("192.0.2.\($0)", .answers(["b@d.test": 450])) }))
        #expect(codes(await deliver(zone, busy)) == ["transient 4.2.0"])
        #expect(busy.batches.count == 2)
    }

    @Test(
        "recipients that our side kept back for a server's RCPTMAX are named to it, though it refused those before them"
    )
    func keptBack() async {
        let zone = Zone(mx: [(10, "mx1.d.test")]).host("mx1.d.test", "192.0.2.1")
        let servers = ScriptedServers(["192.0.2.1": .asksOne(["r1@d.test": 452, "r3@d.test": 550])])
        let result = await deliver(zone, servers, to: ["r1@d.test", "r2@d.test", "r3@d.test"])
        #expect(codes(result) == ["transient 4.3.0", "ok", "permanent 5.1.0"], "\(codes(result))")
        #expect(
            servers.batches == [["r1@d.test", "r2@d.test", "r3@d.test"], ["r2@d.test", "r3@d.test"], ["r3@d.test"]])
    }

    @Test("an attempt that is broken off after a host was missed does not count as one")
    func cancelledLater() async {
        let zone = Zone(mx: [(10, "mx1.d.test")]).host("mx1.d.test", "192.0.2.1", "192.0.2.2", "192.0.2.3")
        let servers = ScriptedServers([
            "192.0.2.2": .refusesSession(SMTPClientFailure(.network, .connecting, .cancelled))
        ])
        let result = await deliver(zone, servers)
        #expect(result.wasInterrupted && result.reached == nil)
        #expect(servers.tried == ["192.0.2.1", "192.0.2.2"])
    }

    @Test("a cancelled attempt says so, and tries nothing more")
    func cancelled() async {
        let zone = Zone(mx: [(10, "mx1.d.test")]).host("mx1.d.test", "192.0.2.1", "192.0.2.2")
        let servers = ScriptedServers([
            "192.0.2.1": .refusesSession(SMTPClientFailure(.network, .connecting, .cancelled))
        ])
        let result = await deliver(zone, servers)
        #expect(result.wasInterrupted)
        #expect(result.reached == nil)
        #expect(servers.tried == ["192.0.2.1"])
    }
}

/// A zone written in the test.
struct Zone {
    var resolver = StaticDNSResolver()

    init() {}

    init(mx: [(UInt16, String)]) {
        let name = try! DNSName("d.test")  // a literal
        for (preference, host) in mx {
            // a literal
            resolver.add(.mailExchanger(MXRecord(preference: preference, exchange: try! DNSName(host))), at: name)
        }
    }

    func host(_ name: String, _ addresses: String...) -> Zone {
        var zone = self
        // a literal
        for address in addresses { zone.resolver.add(.address(IPAddress(address)!), at: try! DNSName(name)) }
        return zone
    }
}

/// Servers by their addresses; one that is not listed does not answer.
final class ScriptedServers: MessageSender {
    enum Behaviour: Sendable {
        case takes
        case takesAtMost(Int)
        case answers([String: Int])
        /// As `answers`, to the first of a transaction; our side keeps the others back (RCPTMAX).
        case asksOne([String: Int])
        case losesAnswer
        case refusesSession(SMTPClientFailure)
    }

    private struct Log {
        var tried: [String] = []
        var batches: [[String]] = []
        var domains: Set<Domain> = []
        var names: [String] = []
    }

    private let servers: [String: Behaviour]
    private let log = Guarded(Log())
    var tried: [String] { log.withLock { $0.tried } }
    var batches: [[String]] { log.withLock { $0.batches } }
    var domains: Set<Domain> { log.withLock { $0.domains } }
    var names: [String] { log.withLock { $0.names } }

    init(_ servers: [String: Behaviour]) { self.servers = servers }

    func send(
        _ message: SMTPOutgoingMessage, to destination: SMTPDestination
    ) async throws(SMTPClientFailure) -> SMTPTransactionResult {
        guard case .address(let server, port: 25) = destination.endpoint else {
            throw SMTPClientFailure(.permanent, .connecting, .noAddress)
        }
        let recipients = message.envelope.recipients.map(\.address)
        log.withLock {
            $0.tried.append(server.description)
            if let domain = destination.domain { $0.domains.insert(domain) }
            $0.names.append(destination.serverName ?? "")
        }
        let behaviour = servers[server.description]
        if case .refusesSession(let failure)? = behaviour { throw failure }
        guard let behaviour else { throw SMTPClientFailure(.network, .connecting, .timedOut) }
        log.withLock { $0.batches.append(recipients.map(\.text)) }
        let outcomes = recipients.enumerated().map { index, recipient in
            SMTPRecipientOutcome(recipient, Self.result(behaviour, recipient, index))
        }
        return SMTPTransactionResult(outcomes: outcomes)
    }

    private static func result(
        _ behaviour: Behaviour, _ recipient: MailAddress, _ index: Int
    ) -> Result<SMTPReply, SMTPClientFailure> {
        func answer(_ code: Int) -> Result<SMTPReply, SMTPClientFailure> {
            let reply = SMTPReply(code: SMTPReplyCode(number: code)!, text: "x")
            return code < 300 ? .success(reply) : .failure(SMTPClientFailure(.recipient, reply))
        }
        return switch behaviour {
        case .takes, .refusesSession: answer(250)
        case .takesAtMost(let most): answer(index < most ? 250 : 452)
        case .answers(let codes): answer(codes[recipient.text] ?? 250)
        case .asksOne(let codes):
            index == 0
                ? answer(codes[recipient.text] ?? 250)
                : .failure(SMTPClientFailure(.transient, .recipient, .tooManyRecipients))
        case .losesAnswer:
            .failure(SMTPClientFailure(.network, .endOfContent, .closed, mayHaveBeenDelivered: true))
        }
    }
}
