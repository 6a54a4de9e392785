import COpenSSLShim

/// A question to an OCSP responder about one certificate (RFC 6960 §4.1).
struct OCSPRequest {
    /// RFC 9654 §2.1: at least 32 bytes.
    static let nonceBytes = 32

    let identifier: OCSPCertificateID
    let nonce: [UInt8]?
    let der: [UInt8]

    /// A question about a certificate of `issuer`.
    init(certificate: Certificate, issuer: Certificate, nonce: [UInt8]? = nil) {
        identifier = OCSPCertificateID(certificate: certificate, issuer: issuer, digest: .sha1)
        self.nonce = nonce
        // The serial number goes out as the certificate has it.
        let request = DER.sequence(identifier.der)
        let list = DER.sequence(request)
        var extensions: [UInt8] = []
        if let nonce {
            // RFC 9654 §2.1: the extension's value is the DER of an OCTET STRING, itself inside an OCTET STRING.
            let item = DER.sequence(DER.identifier(KnownOID.ocspNonce), DER.octets(DER.octets(nonce)))
            extensions = DER.value(DERTag.context(2), DER.sequence(item))
        }
        der = DER.sequence(DER.sequence(list, extensions))
    }

    /// Fresh random bytes.
    static func makeNonce() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: nonceBytes) { buffer, count in
            // A machine without randomness cannot do TLS either.
            guard mss_random(buffer.baseAddress, nonceBytes) == 1 else { fatalError("OpenSSL has no randomness") }
            count = nonceBytes
        }
    }
}

/// `CertID` (RFC 6960 §4.1.1): names a certificate by digests of its issuer's name and key, and its serial number.
struct OCSPCertificateID {
    let digest: Fingerprint.Algorithm
    let issuerNameHash: [UInt8]
    let issuerKeyHash: [UInt8]
    let serialNumber: [UInt8]

    init(certificate: Certificate, issuer: Certificate, digest: Fingerprint.Algorithm) {
        self.digest = digest
        issuerNameHash = Fingerprint(digest, of: certificate.issuerDER).bytes
        issuerKeyHash = Fingerprint(digest, of: issuer.fields.publicKeyBits).bytes
        serialNumber = certificate.serialNumber
    }

    /// Reads one; `nil` when it uses another digest (it is then not about what we asked).
    init?(_ reader: inout DERReader) throws(DERError) {
        var fields = try reader.enter()
        var algorithm = try fields.enter()
        let digest = try algorithm.readObjectIdentifier()
        let name = try fields.read(DERTag.octetString)
        let key = try fields.read(DERTag.octetString)
        serialNumber = CertificateFields.unsigned(try fields.readInteger())
        try fields.finish()
        issuerNameHash = fields.copy(name.content)
        issuerKeyHash = fields.copy(key.content)
        switch digest {
        case KnownOID.sha1: self.digest = .sha1
        case KnownOID.sha256: self.digest = .sha256
        default: return nil
        }
    }

    /// Whether it names this certificate of this issuer.
    func names(_ certificate: Certificate, issuer: Certificate) -> Bool {
        let wanted = OCSPCertificateID(certificate: certificate, issuer: issuer, digest: digest)
        return serialNumber == wanted.serialNumber && issuerNameHash == wanted.issuerNameHash
            && issuerKeyHash == wanted.issuerKeyHash
    }

    var der: [UInt8] {
        let identifier = digest == .sha1 ? KnownOID.sha1 : KnownOID.sha256
        return DER.sequence(
            DER.sequence(DER.identifier(identifier), DER.null), DER.octets(issuerNameHash), DER.octets(issuerKeyHash),
            DER.unsigned(serialNumber))
    }
}
