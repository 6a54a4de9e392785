import Dispatch
import Foundation
import MSSDNS
import Testing

@Suite("libunbound against a real unbound", .serialized)
struct UnboundResolverTests {
    private static func withServer(
        _ validation: UnboundConfiguration.Validation = .off, anchored: Bool = false,
        _ body: (UnboundResolver, UnboundServer) async throws -> Void
    ) async throws {
        let server = try UnboundServer()
        defer { server.stop() }
        var configuration = UnboundConfiguration()
        configuration.upstream = .forwarders([server.address])
        configuration.validation = validation
        if anchored { configuration.trustAnchors = [server.trustAnchor] }
        try await body(try UnboundResolver(configuration), server)
    }

    @Test("MX, addresses, SRV and PTR come back as published")
    func records() async throws {
        try await Self.withServer { resolver, _ in
            let outcome6 = try await resolver.mailRoute(of: .name("ch.essai.fr"))
            #expect(
                outcome6
                    == .hosts([
                        .init(name: .name("mx1.ch.essai.fr"), preference: 10, isImplicit: false),
                        .init(name: .name("mx2.ch.essai.fr"), preference: 20, isImplicit: false),
                    ]))
            let outcome7 = try await resolver.addresses(of: .name("mx1.ch.essai.fr"))
            #expect(
                outcome7.map(\.description)
                    == ["2001:db8::1", "10.9.9.1"])
            let outcome8 = try await resolver.addresses(of: .name("mx1.ch.essai.fr"), families: [.ipv4])
            #expect(
                outcome8.map(\.description)
                    == ["10.9.9.1"])
            let services = try await resolver.services("_imap._tcp", of: .name("ch.essai.fr"))
            #expect(Set(services.map(\.priority)) == [10, 20])
            #expect(Set(services.map(\.target.text)) == ["imap-psc.ch.essai.fr", "imap-cert.ch.essai.fr"])
            let address = try #require(IPAddress("10.9.9.1"))
            let outcome1 = try await resolver.names(of: address)
            #expect(outcome1.map(\.text) == ["mx1.ch.essai.fr"])
        }
    }

    @Test("Null MX, no MX, an alias and a name that does not exist lead to their routes")
    func routes() async throws {
        try await Self.withServer { resolver, _ in
            let outcome2 = try await resolver.mailRoute(of: .name("nomail.ch.essai.fr"))
            #expect(outcome2 == .acceptsNoMail)
            let outcome9 = try await resolver.mailRoute(of: .name("plain.ch.essai.fr"))
            #expect(
                outcome9
                    == .hosts([.init(name: .name("plain.ch.essai.fr"), preference: 0, isImplicit: true)]))
            let outcome3 = try await resolver.mailRoute(of: .name("absent.ch.essai.fr"))
            #expect(outcome3 == .noSuchDomain)
            guard case .hosts(let hosts) = try await resolver.mailRoute(of: .name("alias.ch.essai.fr")) else {
                Issue.record("no host through the alias")
                return
            }
            #expect(hosts.map(\.name.text) == ["mx1.ch.essai.fr", "mx2.ch.essai.fr"])
        }
    }

    @Test("An unreadable MX does not make the domain its own host")
    func unreadable() async throws {
        try await Self.withServer { resolver, _ in
            await #expect(throws: DNSFailure.self) { try await resolver.mailRoute(of: .name("odd.ch.essai.fr")) }
        }
    }

    @Test("EX_LPS_0300: the check asks the DNS and finds what differs")
    func serviceCheck() async throws {
        try await Self.withServer { resolver, _ in
            var records = LPSServiceRecords(
                submissionPSC: .name("smtp-psc.ch.essai.fr"), submissionCertificate: .name("smtp-cert.ch.essai.fr"),
                imapPSC: .name("imap-psc.ch.essai.fr"), imapCertificate: .name("imap-cert.ch.essai.fr"))
            #expect(await records.check(domain: .name("ch.essai.fr"), with: resolver).isEmpty)
            records.imapPSC.port = 1143
            let findings = await records.check(domain: .name("ch.essai.fr"), with: resolver)
            #expect(findings.count == 1)
        }
    }

    @Test("A zone of aliases in a circle, or whose server refuses, is a failure of the servers")
    func serverFailure() async throws {
        try await Self.withServer { resolver, _ in
            for name in ["loop1.ch.essai.fr", "refused.essai.fr"] {
                let failure = await #expect(throws: DNSFailure.self) { try await resolver.mailRoute(of: .name(name)) }
                guard case .serverFailure = failure else {
                    Issue.record("\(name): \(String(describing: failure))")
                    continue
                }
                #expect(failure?.isTransient == true)
            }
        }
    }

    @Test("DNSSEC required: signed answers are secure, forged ones bogus, unsigned ones refused")
    func required() async throws {
        try await Self.withServer(.required, anchored: true) { resolver, _ in
            let response = try await resolver.query(.name("mx.signed.essai.fr"), type: .a)
            #expect(response.security == .secure)
            let forged = await #expect(throws: DNSFailure.self) {
                try await resolver.query(.name("forged.signed.essai.fr"), type: .a)
            }
            guard case .bogus = forged else {
                Issue.record("\(String(describing: forged))")
                return
            }
            await #expect(throws: DNSFailure.notSigned) { try await resolver.query(.name("ch.essai.fr"), type: .mx) }
        }
    }

    @Test("DNSSEC validating accepts the unsigned; permissive uses the bogus as insecure; off sees nothing")
    func otherModes() async throws {
        try await Self.withServer(.validating, anchored: true) { resolver, _ in
            let outcome4 = try await resolver.query(.name("ch.essai.fr"), type: .mx)
            #expect(outcome4.security == .insecure)
            await #expect(throws: DNSFailure.self) {
                try await resolver.query(.name("forged.signed.essai.fr"), type: .a)
            }
        }
        try await Self.withServer(.permissive, anchored: true) { resolver, _ in
            let response = try await resolver.query(.name("forged.signed.essai.fr"), type: .a)
            #expect(response.records == [.address(IPAddress("10.9.9.66")!)])
            #expect(response.security == .insecure)
        }
        try await Self.withServer(.off) { resolver, _ in
            let outcome5 = try await resolver.query(.name("forged.signed.essai.fr"), type: .a)
            #expect(outcome5.security == .insecure)
        }
    }

    @Test("A silent server ends in a time-out, and a cancelled task at once")
    func silence() async throws {
        let (descriptor, port) = try UnboundServer.boundSocket()
        defer { close(descriptor) }
        var configuration = UnboundConfiguration()
        configuration.upstream = .forwarders(["127.0.0.1@\(port)"])
        configuration.timeout = .milliseconds(300)
        let impatient = try UnboundResolver(configuration)
        await #expect(throws: DNSFailure.timedOut) { try await impatient.query(.name("ch.essai.fr"), type: .mx) }

        let (listener, listened) = try UnboundServer.boundSocket()
        defer { close(listener) }
        configuration.upstream = .forwarders(["127.0.0.1@\(listened)"])
        configuration.timeout = .seconds(3600)
        let patient = try UnboundResolver(configuration)
        let task = Task { try await patient.query(.name("ch.essai.fr"), type: .mx) }
        // The question is on the wire before the task is cancelled.
        let received = await withCheckedContinuation { continuation in
            // It waits for a question that the cooperative pool must ask: not on one of its threads.
            DispatchQueue.global().async {
                var octet: UInt8 = 0
                continuation.resume(returning: recv(listener, &octet, 1, 0))
            }
        }
        #expect(received == 1)
        task.cancel()
        await #expect(throws: DNSFailure.cancelled) { try await task.value }
    }

    @Test("A resolver released while questions are under way answers them all")
    func released() async throws {
        let (descriptor, port) = try UnboundServer.boundSocket()
        defer { close(descriptor) }
        var configuration = UnboundConfiguration()
        configuration.upstream = .forwarders(["127.0.0.1@\(port)"])
        configuration.timeout = .milliseconds(200)
        configuration.maximumPending = 50
        let resolver = try UnboundResolver(configuration)
        let failures = await withTaskGroup(of: DNSFailure?.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do throws(DNSFailure) {
                        _ = try await resolver.query(.name("h\(index).essai.fr"), type: .a)
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: [DNSFailure?]()) { $0.append($1) }
        }
        #expect(failures.count == 200)
        #expect(failures.allSatisfy { $0 != nil })
        #expect(failures.contains(DNSFailure.timedOut))
        #expect(failures.contains(DNSFailure.unavailable("50 questions under way")))
    }

    @Test("The cache answers while the server is gone, until the TTL")
    func cache() async throws {
        let server = try UnboundServer()
        defer { server.stop() }
        var configuration = UnboundConfiguration()
        configuration.upstream = .forwarders([server.address])
        configuration.timeout = .milliseconds(300)
        let resolver = try UnboundResolver(configuration)
        let first = try await resolver.query(.name("mx1.ch.essai.fr"), type: .a)
        let brief = try await resolver.query(.name("brief.ch.essai.fr"), type: .a)
        server.stop()
        let second = try await resolver.query(.name("mx1.ch.essai.fr"), type: .a)
        #expect(second.records == first.records)
        #expect(first.timeToLive <= 300 && first.timeToLive > 1)
        #expect(brief.records == [.address(IPAddress("10.9.9.4")!)] && brief.timeToLive <= 1)
        // Its second over, the brief one is asked for again, in vain; the other still stands.
        while (try? await resolver.query(.name("brief.ch.essai.fr"), type: .a)) != nil { await Task.yield() }
        let third = try await resolver.query(.name("mx1.ch.essai.fr"), type: .a)
        #expect(third.records == first.records)
    }

    @Test("A forwarder that is no address is refused at the start")
    func badConfiguration() {
        var configuration = UnboundConfiguration()
        configuration.upstream = .forwarders(["not an address"])
        #expect(throws: DNSFailure.self) { try UnboundResolver(configuration) }
    }
}
