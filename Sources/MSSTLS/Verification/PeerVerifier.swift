public import MSSCore

/// Decides whether a peer's certificate is accepted. Called inside the handshake: it works in memory and never blocks.
public protocol PeerVerifier: Sendable {
    /// Judges the certificate that a peer presented.
    ///
    /// - Parameters:
    ///   - peer: the certificate and what it is presented for.
    ///   - time: the time at which it must be valid.
    func verify(_ peer: PresentedPeer, at time: Timestamp) -> PeerVerdict
}

/// What a certificate is presented for.
public enum PeerPurpose: Sendable, Hashable {
    /// The peer is the server of a TLS connection.
    case server
    /// The peer is the client of a TLS connection.
    case client
    /// The holder signed a document (the whitelist, a message).
    case signing
}

/// A certificate as a peer presented it.
///
/// Whatever other certificates the peer sent have no place here: paths are built from the local trust store alone
/// (EX_OPE_5040).
public struct PresentedPeer: Sendable {
    /// The peer's own certificate; empty when it sent none.
    public var certificateDER: [UInt8] {
        // Never another reading than that of these bytes.
        didSet { openSSL = nil }
    }
    /// What it is presented for.
    public var purpose: PeerPurpose
    /// The host name or IP address that the certificate must carry; `nil` when the identity is checked otherwise
    /// (SMTP between operators: the DN against the whitelist).
    public var expectedHostname: String?

    /// A presented certificate.
    public init(certificateDER: [UInt8], purpose: PeerPurpose, expectedHostname: String? = nil) {
        self.certificateDER = certificateDER
        self.purpose = purpose
        self.expectedHostname = expectedHostname
    }

    /// OpenSSL's reading of `certificateDER`, where a handshake has made one: the connection holds it in any case, and
    /// a second one would cost each idle connection several kilobytes.
    private(set) var openSSL: OpenSSLCertificate?

    /// A certificate presented in a handshake.
    init(certificateDER: [UInt8], openSSL: OpenSSLCertificate?, purpose: PeerPurpose, expectedHostname: String?) {
        self.init(certificateDER: certificateDER, purpose: purpose, expectedHostname: expectedHostname)
        self.openSSL = openSSL
    }
}

extension PresentedPeer: Hashable {
    /// Equal when the same bytes are presented for the same.
    public static func == (left: PresentedPeer, right: PresentedPeer) -> Bool {
        left.certificateDER == right.certificateDER && left.purpose == right.purpose
            && left.expectedHostname == right.expectedHostname
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(certificateDER)
        hasher.combine(purpose)
        hasher.combine(expectedHostname)
    }
}

/// The judgement of a ``PeerVerifier``.
public enum PeerVerdict: Sendable {
    /// Accepted: the path is valid and what the policy asks of revocation is settled.
    case accepted(VerifiedPeer)
    /// Refused, for good.
    case refused(CertificateFailure)
    /// The path is valid, revocation is not settled in memory: nothing may be exchanged with the peer before `check`
    /// accepted it. `check` may use the network; it takes the OCSP response stapled to the handshake, if any.
    case pending(
        VerifiedPeer, check: @Sendable (_ stapledOCSP: [UInt8]?) async -> Result<VerifiedPeer, CertificateFailure>)
}

/// A certificate whose path was validated.
public struct VerifiedPeer: Sendable, Hashable {
    /// The peer's certificate.
    public var certificate: Certificate
    /// The validated path: the leaf first, the root last.
    public var chain: [Certificate]
    /// How non-revocation was established.
    public var revocation: RevocationEvidence

    /// A validated certificate.
    public init(certificate: Certificate, chain: [Certificate], revocation: RevocationEvidence) {
        self.certificate = certificate
        self.chain = chain
        self.revocation = revocation
    }
}
