public import MSSCore

/// How old an OCSP answer may be, and how the clocks may differ.
public struct OCSPRules: Sendable, Hashable {
    /// The clocks of responder and verifier may differ by this much.
    public var clockSkew: Duration
    /// An answer without `nextUpdate` is believed for this long after its `thisUpdate` (RFC 6960 §4.2.2.1: such an
    /// answer says that newer information is always available).
    public var maximumAgeWithoutNextUpdate: Duration
    /// Whether the response must repeat the nonce that was sent. Responders that answer from a cache never do.
    public var requiresNonce: Bool

    /// Rules; by default five minutes of skew, one hour of age, nonce optional.
    public init(
        clockSkew: Duration = .seconds(300), maximumAgeWithoutNextUpdate: Duration = .seconds(3600),
        requiresNonce: Bool = false
    ) {
        self.clockSkew = clockSkew
        self.maximumAgeWithoutNextUpdate = maximumAgeWithoutNextUpdate
        self.requiresNonce = requiresNonce
    }
}

extension OCSPResponse {
    /// Verifies that the response is about `certificate`, signed for its `issuer` and current (RFC 6960 §3.2).
    ///
    /// - Parameters:
    ///   - issuer: the validated issuer of the certificate.
    ///   - nonce: what was sent with the request, if anything; a stapled response is verified without.
    public func verify(
        certificate: Certificate, issuer: Certificate, nonce sent: [UInt8]? = nil, at time: Timestamp,
        rules: OCSPRules = OCSPRules()
    ) throws(OCSPError) -> Answer {
        // 1. The certificate in the response is the one asked about.
        let matching = answers.filter { $0.identifier?.names(certificate, issuer: issuer) ?? false }
        guard let answer = matching.max(by: { $0.thisUpdate < $1.thisUpdate }) else { throw .certificateNotCovered }
        // 2. to 4. The signature is valid, by the issuer or by whom it authorised.
        try verifySignature(issuer: issuer, at: time)
        // RFC 9654 §2.1: a nonce that comes back must be ours.
        if let sent, let nonce, nonce != sent { throw .nonceMismatch }
        if sent != nil, nonce == nil, rules.requiresNonce { throw .nonceMismatch }
        // 5. and 6. The answer is current.
        guard answer.thisUpdate <= time + rules.clockSkew, producedAt <= time + rules.clockSkew else {
            throw .notYetValid
        }
        let end = answer.nextUpdate ?? answer.thisUpdate + rules.maximumAgeWithoutNextUpdate
        guard end + rules.clockSkew >= time, end >= answer.thisUpdate else { throw .stale }
        return Answer(
            status: answer.status, producedAt: producedAt, thisUpdate: answer.thisUpdate, nextUpdate: answer.nextUpdate)
    }

    private func verifySignature(issuer: Certificate, at time: Timestamp) throws(OCSPError) {
        if identifies(issuer) {
            guard verifies(issuer) else { throw .badSignature }
            return
        }
        var isAuthorised = false
        for der in certificates {
            guard let candidate = try? Certificate(der: der), identifies(candidate),
                Self.isResponder(candidate, authorisedBy: issuer, at: time)
            else { continue }
            isAuthorised = true
            if verifies(candidate) { return }
        }
        throw isAuthorised ? .badSignature : .untrustedSigner
    }

    private func identifies(_ signer: Certificate) -> Bool {
        switch responder {
        case .name(let name): name == signer.subjectDER
        case .keyHash(let hash): hash == Digest.sha1(signer.fields.publicKeyBits)
        }
    }

    private func verifies(_ signer: Certificate) -> Bool {
        signer.verifies(signature, over: der[signedPart], algorithm: signatureAlgorithm)
    }

    /// RFC 6960 §4.2.2.2: the responder's certificate is issued by the very authority that issued the certificate asked
    /// about, and says `id-kp-OCSPSigning`; `anyExtendedKeyUsage` does not do. Its own revocation is not asked for: such
    /// certificates carry `id-pkix-ocsp-nocheck` and live for a short time.
    private static func isResponder(
        _ candidate: Certificate, authorisedBy issuer: Certificate, at time: Timestamp
    ) -> Bool {
        candidate.issuer == issuer.subject
            && candidate.extendedKeyUsage?.contains(.ocspSigning) ?? false
            && candidate.keyUsage.map { !$0.isDisjoint(with: [.digitalSignature, .contentCommitment]) } ?? true
            && candidate.notBefore <= time && time <= candidate.notAfter
            && candidate.isSigned(by: issuer)
    }
}

extension Certificate {
    /// Whether `issuer`'s key signed this certificate.
    func isSigned(by issuer: Certificate) -> Bool {
        issuer.verifies(fields.signature, over: der[fields.signedPart], algorithm: fields.signatureAlgorithm)
    }
}
