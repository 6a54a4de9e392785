public import MSSCore
public import MSSTLS
public import MSSXMLSignature

/// Verifies a whitelist after each download and at each local load (EX_2.2_5040, EX_2.2_5050, RE_2.2_5010).
///
/// In order: shape, path and signature under the strict profile; the signer's path again with its revocation, as for
/// any peer; issued by and attributed to the expected holder; then the content, read from the bytes that were digested
/// and from nothing else.
public struct WhitelistVerifier: Sendable {
    private let signature: SignatureVerifier
    private let certificates: any PeerVerifier
    private let rule: WhitelistSignerRule

    /// A verifier.
    ///
    /// - Parameters:
    ///   - signature: verifies the XML signature; its trust holds the authorities of the signing branch.
    ///   - certificates: validates the signer's certificate at the same authorities and checks its revocation.
    ///   - rule: who may sign.
    public init(signature: SignatureVerifier, certificates: any PeerVerifier, rule: WhitelistSignerRule = .ans) {
        self.signature = signature
        self.certificates = certificates
        self.rule = rule
    }

    /// How revocation is settled.
    enum RevocationCheck {
        /// With the network, where the policy asks for it: after a download.
        case full
        /// With what is in memory; an unsettled status is let through: at a local load, where the service must not
        /// wait for a responder.
        case inMemory
    }

    /// Verifies a downloaded list, wholly.
    public func verify(_ document: [UInt8], at time: Timestamp) async throws(WhitelistFailure) -> VerifiedWhitelist {
        try await verify(document, at: time, revocation: .full)
    }

    func verify(
        _ document: [UInt8], at time: Timestamp, revocation: RevocationCheck
    ) async throws(WhitelistFailure) -> VerifiedWhitelist {
        // Parsing and hashing take tens of milliseconds: off the cooperative pool, and the document's own digest, of which
        // no decision here depends, beside them.
        async let digest = offPool { Fingerprint(.sha256, of: document) }
        let signed = try await offPool { () throws(WhitelistFailure) -> Signed in
            try verifySignature(document, at: time)
        }
        let signer = try await signer(signed, at: time, revocation: revocation)
        let name = signer.certificate.subject
        if let fault = rule.firstFault(issuer: signer.certificate.issuer, subject: name) { throw .signerRule(fault) }
        // Only now: content of an unproven signer is not even parsed.
        let content = try await offPool { () throws(WhitelistFailure) -> WhitelistContent in
            do throws(WhitelistFormatError) { return try WhitelistContent(canonical: signed.bytes) } catch {
                throw .content(error)
            }
        }
        return VerifiedWhitelist(
            document: document, digest: await digest, content: content, signer: signer, signerName: name,
            verifiedAt: time)
    }

    private struct Signed: Sendable {
        let bytes: [UInt8]
        let signerDER: [UInt8]
        let chainDER: [[UInt8]]
    }

    private func verifySignature(_ document: [UInt8], at time: Timestamp) throws(WhitelistFailure) -> Signed {
        let verified: VerifiedDocument
        do throws(SignatureFailure) { verified = try signature.verify(document, at: time) } catch {
            throw .signature(error)
        }
        // The strict profile takes its key from a certificate only.
        guard let signerDER = verified.signerCertificateDER else { throw .signerCertificate(.noCertificate) }
        return Signed(bytes: verified.signedBytes, signerDER: signerDER, chainDER: verified.chainDER)
    }

    /// The signer's path and its revocation, judged as for any peer (EX_2.2_5050).
    private func signer(
        _ signed: Signed, at time: Timestamp, revocation: RevocationCheck
    ) async throws(WhitelistFailure) -> VerifiedPeer {
        switch certificates.verify(PresentedPeer(certificateDER: signed.signerDER, purpose: .signing), at: time) {
        case .accepted(let peer): return peer
        case .refused(.revocationUnknown) where revocation == .inMemory:
            // No list of revocations is loaded yet; the path itself was validated with the signature.
            do throws(CertificateError) {
                var chain: [Certificate] = []
                for der in signed.chainDER { chain.append(try Certificate(der: der)) }
                return VerifiedPeer(
                    certificate: try Certificate(der: signed.signerDER), chain: chain, revocation: .notChecked)
            } catch {
                throw .signerCertificate(.malformed(error))
            }
        case .refused(let failure): throw .signerCertificate(failure)
        case .pending(let peer, let check):
            guard revocation == .full else { return peer }
            return try await check(nil).mapError(WhitelistFailure.signerCertificate).get()
        }
    }
}
