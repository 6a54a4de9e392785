import MSSDNS
import MSSTestKit
import Testing

/// The server as resolvers of other hands see it: dig, unbound, libunbound behind MSSDNS.
@Suite("The sandbox's DNS server", .timeLimit(.minutes(5)))
struct DNSServerTests {
    static let zone: DNSZone = {
        var zone = DNSZone("essai.fr", serial: 7, negativeTimeToLive: 60)
        zone.addMail("ch.essai.fr", address: "10.9.9.1")
        zone.records += [
            .init("ch.essai.fr", .mx(preference: 20, exchange: "mx2.ch.essai.fr")),
            .init("mx.ch.essai.fr", .aaaa("2001:db8::1")), .init("mx2.ch.essai.fr", .a("10.9.9.2")),
            .init("_imap._tcp.ch.essai.fr", .srv(priority: 10, weight: 100, port: 143, target: "imap.ch.essai.fr")),
            .init("ch.essai.fr", .txt(["v=spf1 -all", "deux \"mots\" \\"]), timeToLive: 300),
            .init("nul.essai.fr", .mx(preference: 0, exchange: "")),
            .init("1.9.9.10.in-addr.arpa.essai.fr", .ptr("mx.ch.essai.fr")),
        ]
        // More than a datagram carries.
        zone.records += (0..<100).map { .init("gros.essai.fr", .txt(["numéro \($0)"])) }
        return zone
    }()

    private func dig(_ server: TestDNSServer, _ arguments: String...) async throws -> String {
        let result = try await ExternalTool.run(
            "dig", ["@\(server.address)", "-p", "\(server.port)", "+tries=1", "+time=5"] + arguments)
        return result.everything
    }

    @Test("dig reads every type, over UDP and over TCP, with and without EDNS")
    func types() async throws {
        let server = try await TestDNSServer.start([Self.zone])
        for options in [["+notcp"], ["+tcp"], ["+noedns"]] {
            func short(_ name: String, _ type: String) async throws -> [String] {
                try await dig(server, "+short", options[0], name, type).split(separator: "\n").map { String($0) }
                    .sorted()
            }
            #expect(try await short("ch.essai.fr", "MX") == ["10 mx.ch.essai.fr.", "20 mx2.ch.essai.fr."])
            #expect(try await short("MX.ch.ESSAI.fr", "A") == ["10.9.9.1"])
            #expect(try await short("mx.ch.essai.fr", "AAAA") == ["2001:db8::1"])
            #expect(try await short("_imap._tcp.ch.essai.fr", "SRV") == ["10 100 143 imap.ch.essai.fr."])
            #expect(try await short("ch.essai.fr", "TXT") == [#""v=spf1 -all" "deux \"mots\" \\""#])
            #expect(try await short("nul.essai.fr", "MX") == ["0 ."])
            #expect(try await short("1.9.9.10.in-addr.arpa.essai.fr", "PTR") == ["mx.ch.essai.fr."])
            #expect(try await short("essai.fr", "NS") == ["ns.essai.fr."])
        }
        try await server.stop()
    }

    @Test("What does not exist is denied with the SOA record; what is not ours is refused")
    func denials() async throws {
        let server = try await TestDNSServer.start([Self.zone])
        let soa = "essai.fr.\t\t60\tIN\tSOA\tns.essai.fr. hostmaster.essai.fr. 7 3600 600 86400 60"
        let absent = try await dig(server, "absent.essai.fr", "A")
        #expect(absent.contains("status: NXDOMAIN") && absent.contains("qr aa rd") && absent.contains(soa), "\(absent)")
        // A name that has other records, and one that only has names below it (RFC 8020 §2).
        for name in ["mx.ch.essai.fr", "_tcp.ch.essai.fr"] {
            let empty = try await dig(server, name, "MX")
            #expect(empty.contains("status: NOERROR") && empty.contains("ANSWER: 0") && empty.contains(soa), "\(empty)")
        }
        #expect(try await dig(server, "exemple.fr", "A").contains("status: REFUSED"))
        #expect(try await dig(server, "essai.fr", "AXFR").contains("Transfer failed"))
        #expect(try await dig(server, "+edns=1", "+noednsneg", "essai.fr", "SOA").contains("status: BADVERS"))
        #expect(try await dig(server, "+opcode=status", "essai.fr", "SOA").contains("status: NOTIMP"))
        try await server.stop()
    }

    @Test("An answer too large for a datagram is marked, and dig takes it over TCP")
    func truncation() async throws {
        let server = try await TestDNSServer.start([Self.zone])
        let cut = try await dig(server, "+ignore", "gros.essai.fr", "TXT")
        #expect(cut.contains("qr aa tc rd") && cut.contains("ANSWER: 0"), "\(cut)")
        let whole = try await dig(server, "gros.essai.fr", "TXT")
        #expect(whole.contains("ANSWER: 100") && whole.contains("retrying in TCP mode"), "\(whole)")
        try await server.stop()
    }

    @Test("unbound that reads the zone as a file answers as the server does")
    func unbound() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-zone")
        let port = try LoopbackPort.free()
        try TestFiles.write(Self.zone.text, to: "\(directory)/zone")
        try TestFiles.write(
            """
            server:
              interface: 127.0.0.1
              port: \(port)
              do-daemonize: no
              use-syslog: no
              username: ""
              chroot: ""
              directory: "\(directory)"
              pidfile: ""
              module-config: "iterator"
            remote-control:
              control-enable: no
            auth-zone:
              name: "essai.fr"
              zonefile: "\(directory)/zone"
              for-downstream: yes
              for-upstream: no
              fallback-enabled: no

            """, to: "\(directory)/unbound.conf")
        let unbound = try BackgroundTool("unbound", ["-d", "-c", "\(directory)/unbound.conf"])
        defer { unbound.stop() }
        try await unbound.wait(for: "start of service")
        let server = try await TestDNSServer.start([Self.zone])
        let names = Set(Self.zone.records.map(\.name)).union(["absent.essai.fr", "_tcp.ch.essai.fr", "essai.fr"])
        for name in names.sorted() {
            for type in ["A", "AAAA", "MX", "SRV", "TXT", "PTR", "SOA"] {
                func ask(_ port: Int) async throws -> [String] {
                    try await ExternalTool.run(
                        "dig", ["@127.0.0.1", "-p", "\(port)", "+tcp", "+noall", "+answer", "+authority", name, type]
                    ).text.split(separator: "\n").map { $0.split { $0 == "\t" || $0 == " " }.joined(separator: " ") }
                        .sorted()
                }
                let (ours, theirs) = (try await ask(server.port), try await ask(port))
                // unbound adds its NS records to positive answers, which RFC 2181 leaves open.
                #expect(ours == theirs.filter { !$0.contains(" IN NS ") || ours.contains($0) }, "\(name) \(type)")
            }
        }
        try await server.stop()
    }

    @Test("A zone read from its own text is the same; lines that are no records are refused")
    func text() throws {
        #expect(try DNSZone(text: Self.zone.text) == Self.zone)
        #expect(try DNSZone(text: DNSZone("").text) == DNSZone(""))
        for line in [
            "a.fr. 1 IN A", "a.fr 1 IN A 1.2.3.4", "a.fr. x IN A 1.2.3.4", "a.fr. 1 IN MX 70000 b.",
            "a.fr. 1 IN TXT \"x",
            "a.fr. 1 IN CAA 0 issue x", "a.fr. 1 CH A 1.2.3.4",
        ] {
            #expect(throws: TestFormatError.self, "\(line)") { try DNSZone(text: "$ORIGIN fr.\n\(line)\n") }
        }
        for record in [
            DNSZone.Record("a.fr", .a("1.2.3")), .init("a..fr", .a("1.2.3.4")), .init("a.com", .a("1.2.3.4")),
            .init("\(String(repeating: "a", count: 64)).fr", .a("1.2.3.4")), .init("a.fr", .txt([])),
        ] {
            #expect(throws: TestFormatError.self) { try DNSResponder([DNSZone("fr", records: [record])]) }
        }
    }

    @Test("MSSDNS resolves through the server, and meets each fault as a failure that it names")
    func faults() async throws {
        let server = try await TestDNSServer.start([Self.zone])
        var configuration = UnboundConfiguration()
        configuration.upstream = .forwarders([server.forwarder])
        configuration.timeout = .seconds(60)
        let domain = try DNSName("ch.essai.fr")
        let route = try await UnboundResolver(configuration).mailRoute(of: domain)
        guard case .hosts(let hosts) = route else {
            Issue.record("\(route)")
            return
        }
        #expect(hosts.map(\.name.text) == ["mx.ch.essai.fr", "mx2.ch.essai.fr"])
        #expect(try await UnboundResolver(configuration).mailRoute(of: DNSName("nul.essai.fr")) == .acceptsNoMail)

        for fault in [DNSFault.truncated, .slow] {
            server.fault = fault
            server.delay = .milliseconds(50)
            #expect(try await UnboundResolver(configuration).mailRoute(of: domain) == route, "\(fault)")
        }
        server.fault = .nothing
        #expect(try await UnboundResolver(configuration).mailRoute(of: domain) == .noSuchDomain)
        configuration.timeout = .seconds(2)
        for fault in [DNSFault.silence, .failure, .refusal, .garbage, .otherIdentifier] {
            server.fault = fault
            let failure = await #expect(throws: DNSFailure.self, "\(fault)") {
                try await UnboundResolver(configuration).mailRoute(of: domain)
            }
            #expect(failure?.isTransient == true, "\(fault): \(String(describing: failure))")
        }
        server.fault = nil
        #expect(try await UnboundResolver(configuration).mailRoute(of: domain) == route)

        // Another zone, while it runs.
        try server.publish([DNSZone("", records: [.init("autre.fr", .mx(preference: 1, exchange: "mx.autre.fr"))])])
        #expect(try await UnboundResolver(configuration).mailRoute(of: domain) == .noSuchDomain)
        try await server.stop()
    }
}
