import MSSCore
import MSSTestKit
import MSSXMLSignature
import Testing

@Suite("The signer's certificate (EX_2.2_5050)")
struct SignerCertificateTests {
    private func reason(_ credential: TestCredential, _ trust: SignatureTrust? = nil, at time: Timestamp = Fixtures.now)
        throws -> SignatureFailure.Reason?
    {
        let verifier = SignatureVerifier(profile: .whitelist, trust: try trust ?? Fixtures.trust())
        let failure = refusal(try Fixtures.signed(by: credential), verifier, at: time)
        #expect(failure?.requirement == "EX_2.2_5050")
        #expect(failure?.explanation.hasSuffix(".") == true)
        return failure?.reason
    }

    @Test("EX_2.2_5050: expired and not yet valid are told apart, and depend on the time given")
    func dates() throws {
        #expect(try reason(Fixtures.signer(validity: .expired)) == .signerExpired)
        #expect(try reason(Fixtures.signer(validity: .notYetValid)) == .signerNotYetValid)
        let good = try Fixtures.signer()
        #expect(try reason(good, at: good.notAfter + .seconds(1)) == .signerExpired)
        #expect(try reason(good, at: good.notBefore - .seconds(1)) == .signerNotYetValid)
    }

    @Test("EX_2.2_5050: a foreign CA, or one that only bears the right names, is not trusted")
    func untrusted() throws {
        for pki in [TestPKI.foreign, .lookalike] {
            guard case .signerUntrusted = try reason(Fixtures.signer(pki)) else {
                Issue.record("trusted")
                continue
            }
            // The attacker's CA certificates in KeyInfo change nothing.
            let signer = try Fixtures.signer(pki)
            let key = try Fixtures.key(
                signer, certificates: [signer.certificateDER, pki.intermediate.certificateDER, pki.root.certificateDER])
            let failure = refusal(
                try SignatureSigner(key: key).sign(Fixtures.list.utf8), try Fixtures.verifier())
            guard case .signerUntrusted = failure?.reason else {
                Issue.record("\(String(describing: failure))")
                continue
            }
        }
    }

    @Test("An intermediate found in KeyInfo serves when it chains to a trusted root")
    func intermediateInKeyInfo() throws {
        let signer = try Fixtures.signer()
        let trust = try SignatureTrust(roots: [Fixtures.pki.root.certificateDER])
        let verifier = SignatureVerifier(trust: trust)
        guard case .signerUntrusted = refusal(try Fixtures.signed(by: signer), verifier)?.reason else {
            Issue.record("trusted")
            return
        }
        let key = try Fixtures.key(
            signer, certificates: [signer.certificateDER, Fixtures.pki.intermediate.certificateDER])
        let verified = try verifier.verify(SignatureSigner(key: key).sign(Fixtures.list.utf8), at: Fixtures.now)
        #expect(verified.chainDER.count == 3)
        #expect(verified.signerCertificateDER == signer.certificateDER)
    }

    @Test("Two possible signers in KeyInfo are refused")
    func twoSigners() throws {
        let signer = try Fixtures.signer()
        let key = try Fixtures.key(signer, certificates: [signer.certificateDER, Fixtures.signer().certificateDER])
        let failure = refusal(try SignatureSigner(key: key).sign(Fixtures.list.utf8), try Fixtures.verifier())
        #expect(failure?.reason == .shape("several signer certificates"))
    }

    @Test(
        "EX_2.2_5050: a revoked signer is refused by a supplied list, full or delta; no list refuses only when required"
    )
    func revocation() throws {
        let pki = try TestPKI()
        func trust(_ lists: [[UInt8]], _ rule: SignatureTrust.Revocation = .listed) throws -> SignatureTrust {
            try Fixtures.trust(pki, lists: lists, revocation: rule)
        }
        let good = try Fixtures.signer(pki)
        let revoked = try Fixtures.signer(pki, status: .revoked(.keyCompromise))
        let full = try pki.fullCRL()
        let root = try pki.fullCRL(of: .root)
        #expect(try reason(revoked, trust([full]), at: pki.now) == .signerRevoked)
        #expect(try reason(revoked, trust([full, root], .required), at: pki.now) == .signerRevoked)
        let document = try Fixtures.signed(by: good)
        _ = try SignatureVerifier(trust: trust([full])).verify(document, at: pki.now)
        _ = try SignatureVerifier(trust: trust([full, root], .required)).verify(document, at: pki.now)
        #expect(try reason(good, trust([], .required), at: pki.now) == .revocationUnknown)
        #expect(try reason(good, trust([full], .required), at: pki.now) == .revocationUnknown)
        let stale = try pki.staleCRL()
        #expect(try reason(good, trust([stale, root], .required), at: pki.now) == .revocationUnknown)
        _ = try SignatureVerifier(trust: trust([stale])).verify(document, at: pki.now)
        let base = try pki.fullCRL()
        pki.revoke(good)
        #expect(try reason(good, trust([base, pki.deltaCRL()]), at: pki.now) == .signerRevoked)
    }

    @Test("EX_2.2_5050: a CA's certificate, a short key and a chain signed with SHA-1 cannot sign")
    func unsuitable() throws {
        let pki = Fixtures.pki
        var pem = Array(pki.intermediate.privateKeyPEM.utf8)
        let authority = try SigningKey(zeroing: &pem, certificatesDER: [pki.intermediate.certificateDER])
        let failure = refusal(try SignatureSigner(key: authority).sign(Fixtures.list.utf8), try Fixtures.verifier())
        #expect(failure?.reason == .signerUsage)
        guard case .signerUntrusted = try reason(Fixtures.signer(strength: .weakSignature)) else {
            Issue.record("SHA-1 accepted")
            return
        }
        let weak = try Fixtures.signer(strength: .weakKey)
        #expect(throws: SigningKey.Failure.unsuitable) { _ = try Fixtures.key(weak) }
    }

    @Test("A private key is overwritten once taken over; a wrong one is refused")
    func keys() throws {
        let credential = try Fixtures.signer()
        var pem = Array(credential.privateKeyPEM.utf8)
        _ = try SigningKey(zeroing: &pem, certificatesDER: [credential.certificateDER])
        #expect(!pem.isEmpty && pem.allSatisfy { $0 == 0 })
        var junk = Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8)
        #expect(throws: SigningKey.Failure.unreadable) {
            _ = try SigningKey(zeroing: &junk, certificatesDER: [credential.certificateDER])
        }
        #expect(junk.allSatisfy { $0 == 0 })
        #expect(throws: SigningKey.Failure.certificateMismatch) {
            _ = try Fixtures.key(credential, certificates: [Fixtures.signer(strength: .fresh).certificateDER])
        }
        #expect(throws: SigningKey.Failure.certificateMismatch) { _ = try Fixtures.key(credential, certificates: []) }
        #expect(throws: SignatureFailure.self) { _ = try SignatureTrust(roots: [[1, 2, 3]]) }
    }
}
