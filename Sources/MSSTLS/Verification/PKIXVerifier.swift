import COpenSSLShim
public import MSSCore

/// Validates certificates after RFC 5280 §6 against local authorities only, then checks that they are not revoked.
///
/// EX_OPE_5020, EX_OPE_5030, EX_OPE_5040, EX_OPE_5050. It may be shared by all connections of a process and takes a new
/// trust store while they run.
public final class PKIXVerifier: PeerVerifier {
    /// Tells whether certificates are revoked.
    public let revocation: RevocationChecker
    private let store: Guarded<TrustStore>

    /// A verifier over a trust store; without a checker, revocation is not checked at all (tests, closed networks).
    public init(trustStore: TrustStore, revocation: RevocationChecker = .disabled) {
        store = Guarded(trustStore)
        self.revocation = revocation
    }

    /// The trust store in use; setting it takes effect for the next certificate, and the CRLs held are verified again
    /// with the new authorities.
    public var trustStore: TrustStore {
        get { store.withLock { $0 } }
        set {
            store.withLock { $0 = newValue }
            revocation.crls?.trustStore = newValue
        }
    }

    /// Judges a peer's certificate in memory; what would need the network is left to the verdict's check.
    public func verify(_ peer: PresentedPeer, at time: Timestamp) -> PeerVerdict {
        let verified: VerifiedPeer
        switch validatePath(peer, at: time) {
        case .success(let peer): verified = peer
        case .failure(let failure): return .refused(failure)
        }
        switch revocation.settle(verified.chain, stapleExpected: peer.purpose == .server, at: time) {
        case .settled(let evidence):
            var accepted = verified
            accepted.revocation = evidence
            return .accepted(accepted)
        case .refused(let failure): return .refused(failure)
        case .pending:
            return .pending(verified) { [revocation] staple in
                await revocation.check(verified.chain, staple: staple, at: time).map { evidence in
                    var accepted = verified
                    accepted.revocation = evidence
                    return accepted
                }
            }
        }
    }

    /// Judges a certificate wholly, going to the network where the policy asks for it: for signers of documents.
    public func verifyFully(
        _ peer: PresentedPeer, stapledOCSP: [UInt8]? = nil, at time: Timestamp
    ) async -> Result<VerifiedPeer, CertificateFailure> {
        switch verify(peer, at: time) {
        case .accepted(let verified): .success(verified)
        case .refused(let failure): .failure(failure)
        case .pending(_, let check): await check(stapledOCSP)
        }
    }

    /// The path alone, without revocation (RFC 5280 §6.1).
    public func validatePath(_ peer: PresentedPeer, at time: Timestamp) -> Result<VerifiedPeer, CertificateFailure> {
        guard !peer.certificateDER.isEmpty else { return .failure(.noCertificate) }
        let leaf: Certificate
        do { leaf = try Certificate(peer) } catch { return .failure(.malformed(error)) }
        switch trustStore.paths.validate(leaf, purpose: peer.purpose, hostname: peer.expectedHostname, at: time) {
        case .invalid(let fault, let reason, let certificate, let isAuthority):
            return .failure(
                Self.failure(fault, reason: reason, at: certificate, isAuthority: isAuthority, peer: peer))
        case .valid(let chain):
            if peer.purpose == .signing, !Self.maySign(leaf) { return .failure(.wrongUsage(.signing)) }
            // An authority's own certificate is not an end entity: it may not speak for one (EX_SSI_5100).
            if leaf.isCertificateAuthority { return .failure(.wrongUsage(peer.purpose)) }
            // ECDH and ECDSA under 256 bits are below what the Référentiel allows for exchanges (EX_OPE_5010).
            if let weak = chain.firstIndex(where: { Self.isWeak($0.publicKey) }) {
                return .failure(.weakKey(isAuthority: weak > 0))
            }
            return .success(VerifiedPeer(certificate: leaf, chain: chain, revocation: .notChecked))
        }
    }

    private static func failure(
        _ fault: mss_fault, reason: String, at certificate: Certificate, isAuthority: Bool, peer: PresentedPeer
    ) -> CertificateFailure {
        switch fault {
        case MSS_FAULT_EXPIRED: .expired(notAfter: certificate.notAfter, isAuthority: isAuthority)
        case MSS_FAULT_NOT_YET_VALID: .notYetValid(notBefore: certificate.notBefore, isAuthority: isAuthority)
        case MSS_FAULT_UNKNOWN_AUTHORITY: .unknownAuthority
        case MSS_FAULT_USAGE: .wrongUsage(peer.purpose)
        case MSS_FAULT_HOSTNAME: .hostnameMismatch(expected: peer.expectedHostname ?? "")
        case MSS_FAULT_WEAK_KEY: .weakKey(isAuthority: isAuthority)
        case MSS_FAULT_WEAK_SIGNATURE: .weakSignature
        default: .chainInvalid(reason: reason)
        }
    }

    /// A signer's key usage, where stated, allows signatures, and its extended usages, where stated, are for messages or
    /// documents: a TLS key must not sign for its holder.
    private static func maySign(_ certificate: Certificate) -> Bool {
        if let usage = certificate.keyUsage, usage.isDisjoint(with: [.digitalSignature, .contentCommitment]) {
            return false
        }
        guard let purposes = certificate.extendedKeyUsage else { return true }
        return !purposes.isDisjoint(with: documentPurposes)
    }

    /// emailProtection, any, and id-kp-documentSigning (RFC 9336).
    private static let documentPurposes: Set<ExtendedKeyUsage> = [.emailProtection, .any, .other("1.3.6.1.5.5.7.3.36")]

    private static func isWeak(_ key: PublicKeyDescription) -> Bool {
        switch key.kind {
        case .ellipticCurve: key.bits < 256  // 0 is a curve that this library does not know
        default: false
        }
    }
}
