import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("Path validation")
struct PKIXVerifierTests {
    private let pki = TestPKI.shared
    private let verifier: PKIXVerifier

    init() throws { verifier = PKIXVerifier(trustStore: try Paths.store()) }

    private func verdict(_ credential: TestCredential, _ purpose: PeerPurpose = .client, hostname: String? = nil)
        -> PeerVerdict
    {
        verifier.verify(Paths.peer(credential, purpose, hostname: hostname), at: pki.now)
    }

    @Test("EX_OPE_5020, EX_OPE_5030: a certificate of the intermediate is accepted, with its path up to the root")
    func accepted() throws {
        let credential = try pki.issue(.server(commonName: "mx.hopital.example"))
        for purpose in [PeerPurpose.server, .client] {
            let peer = try #require(verdict(credential, purpose).accepted)
            #expect(
                peer.chain.map(\.der) == [
                    credential.certificateDER, pki.intermediate.certificateDER, pki.root.certificateDER,
                ])
            #expect(peer.revocation == .notChecked)
        }
    }

    @Test("EX_OPE_5020: expired and not yet valid certificates are told apart")
    func dates() throws {
        let expired = try pki.issue(.server(commonName: "mx.example"), validity: .expired)
        #expect(verdict(expired).failure == .expired(notAfter: expired.notAfter, isAuthority: false))
        let early = try pki.issue(.server(commonName: "mx.example"), validity: .notYetValid)
        #expect(verdict(early).failure == .notYetValid(notBefore: early.notBefore, isAuthority: false))
        #expect(verdict(expired).failure?.explanation.contains("a expiré le ") == true)
    }

    @Test("EX_OPE_5040: other authorities, also of the same name with another key, are unknown")
    func foreign() throws {
        for other in [TestPKI.foreign, TestPKI.lookalike] {
            let credential = try other.issue(.server(commonName: "mx.example"))
            #expect(verdict(credential).failure == .unknownAuthority)
        }
        #expect(CertificateFailure.unknownAuthority.requirement == "EX_OPE_5040")
    }

    @Test("EX_OPE_5040: an intermediate that is not installed cannot complete a path")
    func onlyLocalIntermediates() throws {
        let rootOnly = PKIXVerifier(
            trustStore: try TrustStore(authorities: [Certificate(der: pki.root.certificateDER)]))
        let credential = try pki.issue(.server(commonName: "mx.example"))
        #expect(rootOnly.verify(Paths.peer(credential), at: pki.now).failure == .unknownAuthority)
    }

    @Test("EX_OPE_5020: key usages that do not allow the purpose")
    func usages() throws {
        let wrong = try pki.issue(TestCertificateProfile.server(commonName: "mx.example").withWrongUsage())
        #expect(verdict(wrong, .client).failure == .wrongUsage(.client))
        #expect(verdict(wrong, .server).failure == .wrongUsage(.server))
        let client = try pki.issue(.applicationClient(commonName: "LOGICIEL"))
        #expect(verdict(client, .client).accepted != nil)
        #expect(verdict(client, .server).failure == .wrongUsage(.server))
        #expect(verdict(client, .signing).failure == .wrongUsage(.signing))
        #expect(verdict(try pki.issue(.whitelistSigner), .signing).accepted != nil)
    }

    @Test("an authority's certificate is not one of a peer")
    func authorityAsPeer() {
        let peer = PresentedPeer(certificateDER: pki.intermediate.certificateDER, purpose: .client)
        #expect(verifier.verify(peer, at: pki.now).failure == .wrongUsage(.client))
    }

    @Test("keys under 2048 bits and SHA-1 signatures are refused")
    func weakness() throws {
        let key = try pki.issue(.server(commonName: "mx.example"), strength: .weakKey)
        #expect(verdict(key).failure == .weakKey(isAuthority: false))
        let signature = try pki.issue(.server(commonName: "mx.example"), strength: .weakSignature)
        #expect(verdict(signature).failure == .weakSignature)
    }

    @Test("the host name counts when one is expected, from the alternative name only, whole labels only")
    func hostnames() throws {
        let credential = try pki.issue(
            .server(commonName: "cn.example", dnsNames: ["mx.example", "*.hopital.example"]))
        #expect(verdict(credential, .server, hostname: "mx.example").accepted != nil)
        #expect(verdict(credential, .server, hostname: "MX.example").accepted != nil)
        #expect(verdict(credential, .server, hostname: "a.hopital.example").accepted != nil)
        for name in ["cn.example", "a.b.hopital.example", "hopital.example", "127.0.0.1", "mx.example.evil"] {
            #expect(
                verdict(credential, .server, hostname: name).failure == .hostnameMismatch(expected: name), "\(name)")
        }
    }

    @Test("EX_SSI_5100: no certificate, garbage, a bit flipped anywhere")
    func garbage() throws {
        #expect(
            verifier.verify(PresentedPeer(certificateDER: [], purpose: .client), at: pki.now).failure == .noCertificate)
        let peer = PresentedPeer(certificateDER: Array("garbage".utf8), purpose: .client)
        #expect(verifier.verify(peer, at: pki.now).failure == .malformed(.malformed(.envelope)))
        let good = try pki.issue(.server(commonName: "mx.example")).certificateDER
        for index in stride(from: 0, to: good.count, by: 7) {
            var bytes = good
            bytes[index] ^= 0x10
            let verdict = verifier.verify(PresentedPeer(certificateDER: bytes, purpose: .client), at: pki.now)
            #expect(verdict.failure != nil, "bit flipped in byte \(index)")
        }
    }

    @Test("openssl verify agrees on every kind of certificate")
    func agreesWithOpenSSL() async throws {
        let profile = TestCertificateProfile.server(commonName: "mx.example")
        let credentials = [
            try pki.issue(profile), try pki.issue(profile, validity: .expired),
            try pki.issue(profile, validity: .notYetValid), try pki.issue(profile.withWrongUsage()),
            try TestPKI.foreign.issue(profile), try TestPKI.lookalike.issue(profile),
            try pki.issue(profile, strength: .weakKey), try pki.issue(profile, strength: .weakSignature),
        ]
        try await withTemporaryDirectory { directory in
            try pki.write(to: directory)
            for (index, credential) in credentials.enumerated() {
                try credential.write(to: directory, name: "leaf\(index)")
                let result = try await openssl(
                    "verify", "-CAfile", "\(directory)/root.pem", "-untrusted", "\(directory)/intermediate.pem",
                    "-purpose", "sslclient", "-auth_level", "2", "-attime", String(pki.now.seconds),
                    "\(directory)/leaf\(index).pem")
                #expect(result.succeeded == (verdict(credential).accepted != nil), "\(index): \(result.everything)")
            }
        }
    }

    @Test("a new trust store is in force for the next certificate")
    func reload() throws {
        let mine = PKIXVerifier(trustStore: try Paths.store())
        let credential = try TestPKI.foreign.issue(.server(commonName: "mx.example"))
        #expect(mine.verify(Paths.peer(credential), at: pki.now).failure == .unknownAuthority)
        mine.trustStore = try Paths.store(.foreign)
        #expect(mine.verify(Paths.peer(credential), at: pki.now).accepted != nil)
    }

    @Test("a verifier serves many threads at once")
    func concurrency() async throws {
        let credential = try pki.issue(.server(commonName: "mx.example"))
        let accepted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask { [verifier, pki] in
                    verifier.verify(Paths.peer(credential), at: pki.now).accepted != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(accepted == 200)
    }
}
