import Foundation
import MSSCore
import Testing

@testable import MSSWhitelist

@Suite("Lookups")
struct LookupTests {
    static let first = "CN=un.example.fr,OU=1750712184,O=Un,ST=Paris (75),C=FR"
    static let second = "CN=deux.example.fr,OU=1750712184,O=Deux,ST=Paris (75),C=FR"
    static let absent = "CN=absent.example.fr,OU=1750712184,O=Absent,ST=Paris (75),C=FR"

    static func list() throws -> WhitelistSnapshot {
        try Lists.snapshot([
            ("a.mssante.fr", first), ("b.mssante.fr", first), ("b.mssante.fr", second), ("b.mssante.fr", first),
            ("interop-mssante.apicrypt.org", second),
        ])
    }

    @Test("EX_LBL_5010: one certificate for several domains, several certificates for one domain")
    func manyToMany() throws {
        let list = try LookupTests.list()
        let (first, second) = (
            try DistinguishedName(rfc4514: LookupTests.first), try DistinguishedName(rfc4514: LookupTests.second)
        )
        #expect(list.domains(for: first).map(\.ascii) == ["a.mssante.fr", "b.mssante.fr"])
        #expect(try list.certificateNames(for: Domain("b.mssante.fr")) == [first, second])
        #expect(list.entries.count == 4)
        #expect(list.domainCount == 3 && list.certificateNameCount == 2)
    }

    @Test("domains compare without regard to case, certificate names by RFC 5280 §7.1, and DER as text")
    func comparison() throws {
        let list = try LookupTests.list()
        let spelled = try DistinguishedName(
            rfc4514: "cn=UN.example.fr, ou=1750712184, o=\"un\", st=Paris  (75), c=fr")
        #expect(list.decide(spelled, for: try Domain("A.MSSante.fr")).isAllowed)
        let certificate = try DistinguishedName(der: DistinguishedName(rfc4514: LookupTests.first).der)
        #expect(list.decide(certificate, for: try Domain("a.mssante.fr")).isAllowed)
    }

    @Test("a decision names the entry that allows, or the reason and its requirement")
    func explanations() throws {
        let list = try LookupTests.list()
        let first = try DistinguishedName(rfc4514: LookupTests.first)
        let second = try DistinguishedName(rfc4514: LookupTests.second)
        let absent = try DistinguishedName(rfc4514: LookupTests.absent)
        let (a, other) = (try Domain("a.mssante.fr"), try Domain("autre.mssante.fr"))
        guard case .allowed(let entry) = list.decide(first, for: a) else { Issue.record("refused"); return }
        #expect(entry.domain == a && entry.certificateName == first)
        let cases: [(WhitelistDecision, WhitelistRefusal, RequirementID)] = [
            (list.decide(absent, for: a), .unknownCertificate(absent), "EX_OPE_5020"),
            (list.decide(first, for: other), .unknownDomain(other), "EX_3.2_5060"),
            (list.decide(second, for: a), .certificateOfOtherDomains(second, domain: a), "EX_LBL_5010"),
        ]
        for (decision, refusal, requirement) in cases {
            #expect(decision == .refused(refusal))
            #expect(refusal.requirement == requirement)
            #expect(refusal.explanation.hasSuffix("."))
        }
    }

    @Test("a domain says nothing of the domains below or above it; apicrypt's is an ordinary entry")
    func noSuffix() throws {
        let list = try LookupTests.list()
        let second = try DistinguishedName(rfc4514: LookupTests.second)
        #expect(try !list.contains(Domain("x.a.mssante.fr")))
        #expect(try !list.contains(Domain("mssante.fr")))
        #expect(try list.decide(second, for: Domain("interop-mssante.apicrypt.org")).isAllowed)
        #expect(try !list.decide(second, for: Domain("x.interop-mssante.apicrypt.org")).isAllowed)
        #expect(try !list.contains(Domain("apicrypt.org")))
    }

    @Test("what changed from one list to the next is told domain by domain, certificate by certificate")
    func changes() throws {
        let (first, second) = (
            try DistinguishedName(rfc4514: LookupTests.first), try DistinguishedName(rfc4514: LookupTests.second)
        )
        let (a, b, c) = (try Domain("a.fr"), try Domain("b.fr"), try Domain("c.fr"))
        let old = WhitelistSnapshot(
            generated: Lists.generated,
            entries: [
                WhitelistEntry(domain: a, certificateName: first), WhitelistEntry(domain: b, certificateName: first),
                WhitelistEntry(domain: c, certificateName: first, summary: "x", supportContact: "1"),
            ])
        let new = WhitelistSnapshot(
            generated: Lists.generated,
            entries: [
                WhitelistEntry(domain: b, certificateName: second),
                WhitelistEntry(domain: c, certificateName: second, summary: "y", supportContact: "2"),
                WhitelistEntry(domain: try Domain("d.fr"), certificateName: second),
            ])
        #expect(
            try new.changes(since: old) == [
                .domainRemoved(a), .certificatesChanged(b, added: [second], removed: [first]),
                .certificatesChanged(c, added: [second], removed: [first]), .descriptionChanged(c), .contactChanged(c),
                .domainAdded(Domain("d.fr")), .certificateAdded(second), .certificateRemoved(first),
            ])
        #expect(new.changes(since: new).isEmpty)
        // Another order of the same entries is no change.
        let shuffled = WhitelistSnapshot(generated: Lists.generated, entries: new.entries.reversed())
        #expect(shuffled.changes(since: new).isEmpty)
        let mine: Set<DistinguishedName> = [first]
        let concerning = new.changes(since: old).filter { $0.concerns(domains: [], certificateNames: mine) }
        #expect(concerning.count == 3 && concerning.last == .certificateRemoved(first))
        for change in new.changes(since: old) { #expect(change.explanation.hasSuffix(".")) }
    }

    @Test("readers of the list in force meet whole lists while it is replaced, and replaced lists are freed")
    func concurrentReplacement() async throws {
        let cell = SnapshotCell()
        #expect(cell.snapshot == nil)
        // List n has n domains, all of them numbered below n: a reader sees at once whether it holds a whole one.
        let lists = try (1...64).map { count in
            try Lists.snapshot((0..<count).map { ("d\($0).fr", LookupTests.first) })
        }
        cell.replace(by: lists[0])
        let domains = try (0..<64).map { try Domain("d\($0).fr") }
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var faults = 0
                    for _ in 0..<20_000 {
                        guard let list = cell.snapshot else { faults += 1; continue }
                        if !list.contains(domains[list.domainCount - 1]) { faults += 1 }
                    }
                    return faults
                }
            }
            group.addTask {
                for round in 0..<2000 { cell.replace(by: lists[round % lists.count]) }
                return 0
            }
            for await faults in group { #expect(faults == 0) }
        }
        cell.replace(by: lists[0])
        #expect(cell.retiredCount == 0)
    }

    @Test("a replaced list lives as long as a reader holds it, and no longer")
    func lifetime() throws {
        let cell = SnapshotCell()
        weak var storage: WhitelistStorage?
        var held: WhitelistSnapshot?
        do {
            let list = try LookupTests.list()
            storage = list.storage
            cell.replace(by: list)
            held = cell.snapshot
        }
        cell.replace(by: try Lists.snapshot([("z.fr", LookupTests.first)]))
        #expect(storage != nil && held?.domainCount == 3)
        held = nil
        #expect(storage == nil)
    }
}
