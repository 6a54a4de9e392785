public import MSSCore

/// An X.509 version 3 certificate (RFC 5280 §4), read once and never changed.
///
/// Two readers must agree before one exists: the strict DER reader of this library, which gives the fields below, and
/// OpenSSL, which validates paths. Reading proves nothing about who signed it: ``PKIXVerifier`` does.
public struct Certificate: Sendable, Hashable {
    /// Larger certificates are refused; IGC-Santé's are about 2 KB.
    public static let maximumBytes = 64 * 1024

    let fields: CertificateFields

    /// Reads a certificate from exactly these bytes.
    public init(der: [UInt8]) throws(CertificateError) {
        fields = try CertificateFields(der: der)
    }

    /// Reads the certificate that a peer presented; OpenSSL's reading is taken over where the handshake has made one.
    public init(_ peer: PresentedPeer) throws(CertificateError) {
        fields = try CertificateFields(der: peer.certificateDER, openSSL: peer.openSSL)
    }

    /// The certificate's bytes.
    public var der: [UInt8] { fields.der }
    /// The serial number, big-endian, without sign byte: at least one byte.
    public var serialNumber: [UInt8] { fields.serialNumber }
    /// The issuer's name.
    public var issuer: DistinguishedName { fields.issuer }
    /// The subject's name: what the whitelist ties to domains (EX_OPE_5020).
    public var subject: DistinguishedName { fields.subject }
    /// The issuer's name, the DER of the Name as signed.
    public var issuerDER: [UInt8] { fields.issuerDER }
    /// The subject's name, the DER of the Name as signed.
    public var subjectDER: [UInt8] { fields.subjectDER }
    /// First moment of validity.
    public var notBefore: Timestamp { fields.notBefore }
    /// Last moment of validity.
    public var notAfter: Timestamp { fields.notAfter }
    /// Kind and size of the public key.
    public var publicKey: PublicKeyDescription { fields.publicKey }
    /// The SubjectPublicKeyInfo, DER.
    public var subjectPublicKeyInfo: [UInt8] { fields.subjectPublicKeyInfo }
    /// The names of the subject alternative name extension, in order.
    public var subjectAlternativeNames: [AlternativeName] { fields.extensions.subjectAlternativeNames }
    /// The key usages; `nil` when the extension is absent.
    public var keyUsage: KeyUsage? { fields.extensions.keyUsage }
    /// The extended key usages; `nil` when the extension is absent.
    public var extendedKeyUsage: Set<ExtendedKeyUsage>? { fields.extensions.extendedKeyUsage }
    /// Whether it may certify others (basic constraints).
    public var isCertificateAuthority: Bool { fields.extensions.isCertificateAuthority }
    /// Addresses of the OCSP responders (authority information access), in order.
    public var ocspResponders: [String] { fields.extensions.ocspResponders }
    /// Where complete CRLs are found.
    public var crlDistributionPoints: [CRLDistributionPoint] { fields.extensions.crlDistributionPoints }
    /// Where delta CRLs are found.
    public var freshestCRL: [CRLDistributionPoint] { fields.extensions.freshestCRL }
    /// The identifier of its own key.
    public var subjectKeyIdentifier: [UInt8]? { fields.extensions.subjectKeyIdentifier }
    /// What identifies the issuer's key.
    public var authorityKeyIdentifier: AuthorityKeyIdentifier? { fields.extensions.authorityKeyIdentifier }
    /// Whether its holder's answers need no revocation check (`id-pkix-ocsp-nocheck`, RFC 6960 §4.2.2.2.1).
    public var isExemptFromRevocation: Bool { fields.extensions.isExemptFromRevocation }
    /// Whether issuer and subject are the same name: a root, or a rollover of one.
    public var isSelfIssued: Bool { issuerDER == subjectDER || issuer == subject }

    /// SHA-1 of the bytes, as RE_OPE_5040 shows it (`sha1sum` of the DER form).
    public var sha1Fingerprint: Fingerprint { Fingerprint(.sha1, of: der) }
    /// SHA-256 of the bytes.
    public var sha256Fingerprint: Fingerprint { fields.sha256Fingerprint }

    /// Equal when their bytes are.
    public static func == (left: Certificate, right: Certificate) -> Bool {
        left.fields === right.fields || left.fields.der == right.fields.der
    }

    /// Hashes the SHA-256 fingerprint.
    public func hash(into hasher: inout Hasher) { hasher.combine(fields.sha256Fingerprint) }
}

extension Certificate: CustomStringConvertible {
    /// Serial number and fingerprint: enough to find it, nothing personal.
    public var description: String {
        "certificate \(hexadecimal(serialNumber)) sha256:\(sha256Fingerprint.hexadecimal.prefix(16))…"
    }
}
