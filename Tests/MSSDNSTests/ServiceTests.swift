import MSSCore
import MSSDNS
import Testing

@Suite("SRV records")
struct ServiceOrderTests {
    private func record(_ priority: UInt16, _ weight: UInt16, _ host: String) -> SRVRecord {
        SRVRecord(priority: priority, weight: weight, port: 143, target: .name(host))
    }

    @Test("RFC 2782: lower priorities first, whatever the weights")
    func priorities() {
        var generator = SystemRandomNumberGenerator()
        let records = [record(20, 65535, "b"), record(10, 0, "a"), record(30, 1, "c")]
        #expect(records.inTryingOrder(using: &generator).map(\.target.text) == ["a", "b", "c"])
    }

    @Test("RFC 2782: within a priority the first choice follows the weights")
    func weights() {
        var generator = SeededGenerator(state: 42)
        let records = [record(10, 60, "a"), record(10, 30, "b"), record(10, 10, "c"), record(10, 0, "d")]
        var first: [String: Int] = [:]
        for _ in 0..<10_000 {
            let order = records.inTryingOrder(using: &generator)
            #expect(order.count == 4)
            first[order[0].target.text, default: 0] += 1
        }
        // 60, 30 and 10 %, within five standard deviations of 10,000 draws; weight 0 is drawn only by a 0.
        #expect((5755...6245).contains(first["a"] ?? 0))
        #expect((2770...3230).contains(first["b"] ?? 0))
        #expect((850...1150).contains(first["c"] ?? 0))
        #expect((1...200).contains(first["d"] ?? 0))
    }

    @Test("RFC 6186 §3.4: a service whose target is the root is not available")
    func notAvailable() {
        var generator = SystemRandomNumberGenerator()
        let records = [SRVRecord(priority: 0, weight: 0, port: 0, target: .root)]
        #expect(records.inTryingOrder(using: &generator).isEmpty)
    }
}

/// A small deterministic generator (SplitMix64), so that draws repeat.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("EX_LPS_0300: the four SRV records of a domain")
struct LPSServiceRecordsTests {
    private let records = LPSServiceRecords(
        submissionPSC: .name("smtp-psc.op.fr"), submissionCertificate: .name("smtp-cert.op.fr"),
        imapPSC: .name("imap-psc.op.fr"), imapCertificate: .name("imap-cert.op.fr"))

    private var published: [LPSServiceRecords.Service: [SRVRecord]] {
        [.submission: records.records(.submission), .imap: records.records(.imap)]
    }

    @Test("EX_LPS_0300: the zone snippet holds the four records of the Référentiel")
    func snippet() throws {
        #expect(
            try records.zoneSnippet(for: .name("ch.mssante.fr")) == """
                _submission._tcp.ch.mssante.fr. 3600 IN SRV 10 100 587 smtp-psc.op.fr.
                _submission._tcp.ch.mssante.fr. 3600 IN SRV 20 100 587 smtp-cert.op.fr.
                _imap._tcp.ch.mssante.fr. 3600 IN SRV 10 100 143 imap-psc.op.fr.
                _imap._tcp.ch.mssante.fr. 3600 IN SRV 20 100 143 imap-cert.op.fr.

                """)
    }

    @Test("EX_LPS_0300: what is published as it should be has no finding, another common weight included")
    func conforming() {
        #expect(records.differences(published: published).isEmpty)
        let heavier = published.mapValues {
            $0.map { SRVRecord(priority: $0.priority, weight: 7, port: $0.port, target: $0.target) }
        }
        #expect(records.differences(published: heavier).isEmpty)
    }

    @Test("EX_LPS_0300: missing, foreign, superfluous records and unequal weights are each found")
    func findings() {
        var changed = published
        changed[.imap]?.removeLast()
        #expect(records.differences(published: changed) == [.missing(.imap, .structureCertificate)])

        changed = published
        let foreign = SRVRecord(priority: 10, weight: 100, port: 587, target: .name("evil.test"))
        changed[.submission]?[0] = foreign
        #expect(
            records.differences(published: changed)
                == [.otherTarget(.submission, .proSanteConnect, published: foreign)])

        changed = published
        let extra = SRVRecord(priority: 30, weight: 100, port: 143, target: .name("x.test"))
        changed[.imap]?.append(extra)
        #expect(records.differences(published: changed) == [.unexpected(.imap, extra)])

        changed = published
        changed[.imap]?[1].weight = 50
        #expect(records.differences(published: changed) == [.unequalWeights([50, 100])])

        for finding in records.differences(published: [:]) {
            #expect(finding.requirement == "EX_LPS_0300")
            #expect(finding.explanation.hasSuffix("."))
        }
        #expect(records.differences(published: [:]).count == 4)
    }

    @Test("EX_LPS_0300: a service that cannot be resolved is said so, not reported as missing")
    func unresolved() async {
        var resolver = StaticDNSResolver()
        for record in records.records(.imap) { resolver.add(.service(record), at: .name("_imap._tcp.ch.test")) }
        resolver.fail(.name("_submission._tcp.ch.test"), type: .srv, with: .timedOut)
        let findings = await records.check(domain: .name("ch.test"), with: resolver)
        #expect(findings == [.notResolved(.submission, .timedOut)])
    }
}
