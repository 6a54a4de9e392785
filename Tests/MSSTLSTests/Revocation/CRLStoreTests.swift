import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("CRLs held")
struct CRLStoreTests {
    /// Numbers and revocations count here: a hierarchy of one's own.
    private let pki: TestPKI
    private let store: CRLStore
    private let issuer: Certificate

    init() throws {
        pki = try TestPKI()
        store = CRLStore(trustStore: try Paths.store(pki))
        issuer = try Certificate(der: pki.intermediate.certificateDER)
    }

    private func status(_ credential: TestCredential, later: Duration = .zero) throws -> CRLStatus {
        store.status(of: try Certificate(der: credential.certificateDER), issuer: issuer, at: pki.now + later)
    }

    private func install(_ der: [UInt8]) throws -> CRLStore.Installation { try store.install(der, at: pki.now) }

    private func isGood(_ status: CRLStatus) -> Bool { if case .good = status { true } else { false } }

    private func isRevoked(_ status: CRLStatus) -> Bool { if case .revoked = status { true } else { false } }

    @Test("EX_OPE_5050: a complete CRL tells revoked from good, with date and reason")
    func complete() throws {
        let good = try pki.issue(.server(commonName: "good.example"))
        let bad = try pki.issue(.server(commonName: "bad.example"), status: .revoked(.keyCompromise))
        #expect(try status(good) == .unknown(.noCRL))
        #expect(try install(pki.fullCRL()) == .installed)
        #expect(isGood(try status(good)))
        #expect(
            try status(bad) == .revoked(date: Timestamp(seconds: pki.now.seconds - 60), reason: .keyCompromise))
    }

    @Test("openssl reads the same number, dates and serials")
    func agreesWithOpenSSL() async throws {
        for _ in 0..<5 { _ = try pki.issue(.server(commonName: "mx.example"), status: .revoked(.superseded)) }
        let der = try pki.fullCRL()
        let list = try CertificateRevocationList(der: der)
        let shown = try await openssl("crl", "-inform", "DER", "-noout", "-text", "-crlnumber", input: der)
        #expect(shown.succeeded)
        #expect(shown.text.components(of: "Serial Number:") == list.entryCount)
        #expect(list.entryCount == 5)
        for line in shown.text.split(separator: "\n") where line.contains("Serial Number:") {
            let digits = line.split(separator: ":").last.map { $0.filter { !$0.isWhitespace }.lowercased() } ?? ""
            let serial = stride(from: 0, to: digits.count, by: 2).map { offset in
                UInt8(digits.dropFirst(offset).prefix(2), radix: 16)!
            }
            #expect(list.entry(of: serial) != nil, "\(digits)")
        }
        #expect(list.entry(of: [1, 2, 3]) == nil)
    }

    @Test("RFC 5280 §5.2.4: a delta adds revocations and ends holds, on the base it names")
    func delta() throws {
        let held = try pki.issue(.server(commonName: "held.example"), status: .revoked(.certificateHold))
        let later = try pki.issue(.server(commonName: "later.example"))
        let untouched = try pki.issue(.server(commonName: "good.example"))
        _ = try install(pki.fullCRL())
        #expect(isRevoked(try status(held)))
        pki.release(held)
        pki.revoke(later)
        #expect(isGood(try status(later)))
        #expect(try install(pki.deltaCRL()) == .installed)
        #expect(isGood(try status(held)))
        #expect(isRevoked(try status(later)))
        guard case .good(.crl(let number, let delta, _, _)) = try status(untouched) else {
            Issue.record("not good")
            return
        }
        #expect(number.map { base in delta.map { base < $0 } } == true)
    }

    @Test("a stale delta still revokes, but no longer ends a hold")
    func staleDelta() throws {
        let held = try pki.issue(.server(commonName: "held.example"), status: .revoked(.certificateHold))
        let later = try pki.issue(.server(commonName: "later.example"))
        _ = try install(pki.fullCRL())
        pki.release(held)
        pki.revoke(later)
        _ = try install(pki.deltaCRL(of: .intermediate, TestCRLOptions(lifetime: .seconds(3600))))
        #expect(isRevoked(try status(held, later: .seconds(7200))))
        #expect(isRevoked(try status(later, later: .seconds(7200))))
    }

    @Test("a delta without its base, or on a newer base than the one held, is refused")
    func deltaWithWrongBase() throws {
        let delta = try pki.deltaCRL(of: .intermediate, TestCRLOptions(number: 9, baseNumber: 7))
        #expect(throws: CRLError.baseMismatch(needed: CRLNumber(7), held: nil)) { try install(delta) }
        _ = try install(pki.fullCRL(of: .intermediate, TestCRLOptions(number: 5)))
        #expect(throws: CRLError.baseMismatch(needed: CRLNumber(7), held: CRLNumber(5))) { try install(delta) }
        _ = try install(pki.fullCRL(of: .intermediate, TestCRLOptions(number: 7)))
        #expect(try install(delta) == .installed)
    }

    @Test("numbers never go back: an older list is a replay and changes nothing")
    func rollback() throws {
        let old = try pki.fullCRL(of: .intermediate, TestCRLOptions(number: 10))
        let bad = try pki.issue(.server(commonName: "bad.example"), status: .revoked(.keyCompromise))
        _ = try install(pki.fullCRL(of: .intermediate, TestCRLOptions(number: 11)))
        #expect(throws: CRLError.rollback(held: CRLNumber(11), offered: CRLNumber(10))) { try install(old) }
        #expect(isRevoked(try status(bad)))
    }

    @Test("the same list again changes nothing")
    func unchanged() throws {
        let list = try pki.fullCRL()
        #expect(try install(list) == .installed)
        #expect(try install(list) == .unchanged)
        #expect(try install(Array(TestPKI.crlPEM(list).utf8)) == .unchanged)
    }

    @Test("a list signed by another key, corrupted, of another authority, from the future")
    func forged() throws {
        let good = try pki.issue(.server(commonName: "mx.example"))
        #expect(throws: CRLError.badSignature) {
            try install(pki.fullCRL(of: .intermediate, TestCRLOptions(signature: .corrupt)))
        }
        #expect(throws: CRLError.badSignature) {
            try install(pki.fullCRL(of: .intermediate, TestCRLOptions(signature: .otherKey)))
        }
        #expect(throws: CRLError.unknownIssuer) { try install(TestPKI.foreign.fullCRL()) }
        #expect(throws: CRLError.notYetValid) {
            try install(
                pki.fullCRL(of: .intermediate, TestCRLOptions(thisUpdate: pki.now + .seconds(86_400))))
        }
        #expect(try status(good) == .unknown(.noCRL))
    }

    @Test("RFC 5280 §5.2: an unknown critical extension, no nextUpdate: the list is not used")
    func unusable() throws {
        #expect(throws: CRLError.unknownCriticalExtension) {
            try install(pki.fullCRL(of: .intermediate, TestCRLOptions(unknownCriticalExtension: true)))
        }
        #expect(throws: CRLError.malformed) {
            try install(pki.fullCRL(of: .intermediate, TestCRLOptions(lifetime: nil)))
        }
    }

    @Test("RFC 5280 §6.3.3: a list for authorities only, or of another distribution point, says nothing of a leaf")
    func scopes() throws {
        let good = try pki.issue(.server(commonName: "mx.example"))
        _ = try install(pki.fullCRL(of: .intermediate, TestCRLOptions(onlyAuthorities: true)))
        _ = try install(
            pki.fullCRL(of: .intermediate, TestCRLOptions(distributionPoint: "http://elsewhere.example/other.crl")))
        #expect(try status(good) == .unknown(.noCRL))
        let own = try #require(try Certificate(der: good.certificateDER).crlDistributionPoints.first?.uris.first)
        _ = try install(pki.fullCRL(of: .intermediate, TestCRLOptions(distributionPoint: own)))
        #expect(isGood(try status(good)))
    }

    @Test("a stale list proves no good standing, but what it revoked stays revoked")
    func stale() throws {
        let good = try pki.issue(.server(commonName: "good.example"))
        let bad = try pki.issue(.server(commonName: "bad.example"), status: .revoked(.keyCompromise))
        let der = try pki.staleCRL()
        _ = try install(der)
        #expect(try status(good) == .unknown(.staleCRL(nextUpdate: CertificateRevocationList(der: der).nextUpdate)))
        #expect(isRevoked(try status(bad)))
    }

    @Test("lists are kept on disk and verified again at the next start; a damaged file is left aside")
    func disk() async throws {
        let bad = try pki.issue(.server(commonName: "bad.example"))
        try await withTemporaryDirectory { directory in
            let first = CRLStore(trustStore: try Paths.store(pki), directory: directory)
            _ = try first.install(pki.fullCRL(), at: pki.now)
            pki.revoke(bad)
            _ = try first.install(pki.deltaCRL(), at: pki.now)
            _ = try first.install(pki.fullCRL(of: .root), at: pki.now)
            try TestFiles.write("damaged", to: "\(directory)/crl-complete-00.der")

            let second = CRLStore(trustStore: try Paths.store(pki), directory: directory)
            let report = second.loadFromDisk(at: pki.now)
            #expect(report.loaded.count == 3)
            #expect(report.refused.map(\.file) == ["crl-complete-00.der"])
            let certificate = try Certificate(der: bad.certificateDER)
            #expect(isRevoked(second.status(of: certificate, issuer: issuer, at: pki.now)))

            let stranger = CRLStore(trustStore: try Paths.store(.lookalike), directory: directory)
            #expect(stranger.loadFromDisk(at: pki.now).loaded.isEmpty)
        }
    }

    @Test("a list cut at any place is refused")
    func truncated() throws {
        _ = try pki.issue(.server(commonName: "bad.example"), status: .revoked(.keyCompromise))
        let der = try pki.fullCRL()
        for count in 0..<der.count {
            #expect(throws: CRLError.self) { try CertificateRevocationList(der: Array(der[..<count])) }
        }
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
