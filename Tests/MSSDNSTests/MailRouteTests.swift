import MSSDNS
import Testing

@Suite("The route of a domain's mail")
struct MailRouteTests {
    private let domain = DNSName.name("ch.test")

    private func route(_ records: [(UInt16, String)], exists: Bool = true, own: Set<DNSName> = []) -> MailRoute {
        var generator = SystemRandomNumberGenerator()
        let response = DNSResponse(
            nameExists: exists,
            records: records.map { .mailExchanger(MXRecord(preference: $0.0, exchange: .name($0.1))) })
        return MailRoute(domain: domain, response: response, ownNames: own, using: &generator)
    }

    private func hosts(_ route: MailRoute) -> [String]? {
        if case .hosts(let hosts) = route { hosts.map(\.name.text) } else { nil }
    }

    @Test("RFC 5321 §5.1: hosts are tried by preference")
    func preference() {
        #expect(hosts(route([(20, "b.test"), (10, "a.test"), (30, "c.test")])) == ["a.test", "b.test", "c.test"])
    }

    @Test("RFC 5321 §5.1: hosts of one preference come in random order")
    func shuffled() {
        let orders = Set((0..<200).map { _ in hosts(route([(10, "a.test"), (10, "b.test")])) })
        #expect(orders == [["a.test", "b.test"], ["b.test", "a.test"]])
    }

    @Test("RFC 5321 §5.1: without MX the domain is its own host")
    func implicit() {
        guard case .hosts(let hosts) = route([]) else {
            Issue.record("no host")
            return
        }
        #expect(hosts.map(\.name) == [domain])
        #expect(hosts.map(\.isImplicit) == [true])
    }

    @Test("RFC 7505: the null MX accepts no mail; beside others it is left out")
    func nullMX() {
        #expect(route([(0, ".")]) == .acceptsNoMail)
        #expect(hosts(route([(0, "."), (10, "a.test")])) == ["a.test"])
    }

    @Test("A domain that does not exist has no route")
    func noDomain() { #expect(route([], exists: false) == .noSuchDomain) }

    @Test("RFC 5321 §5.1: this host and those less preferred are dropped")
    func loops() {
        let own: Set<DNSName> = [.name("me.test")]
        #expect(
            hosts(route([(10, "a.test"), (20, "me.test"), (20, "b.test"), (30, "c.test")], own: own)) == ["a.test"])
        #expect(route([(10, "me.test"), (20, "b.test")], own: own) == .loop)
        #expect(route([], own: [domain]) == .loop)
    }

    @Test("A host listed twice is tried once, and a hostile zone does not make a thousand attempts")
    func bounded() {
        #expect(hosts(route([(10, "a.test"), (20, "a.test")])) == ["a.test"])
        #expect(hosts(route((0..<1000).map { (UInt16($0), "h\($0).test") }))?.count == 10)
    }
}

extension DNSName {
    /// A name known to be right.
    static func name(_ text: String) -> DNSName {
        do { return try DNSName(text) } catch { preconditionFailure("\(text): \(error)") }
    }
}
