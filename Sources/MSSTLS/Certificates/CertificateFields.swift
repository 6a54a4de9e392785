import MSSCore

/// The fields of a certificate, shared by all copies of a ``Certificate``.
final class CertificateFields: Sendable {
    let der: [UInt8]
    let serialNumber: [UInt8]
    let issuer: DistinguishedName
    let issuerDER: [UInt8]
    let subject: DistinguishedName
    let subjectDER: [UInt8]
    let notBefore: Timestamp
    let notAfter: Timestamp
    let publicKey: PublicKeyDescription
    let subjectPublicKeyInfo: [UInt8]
    /// The key's bits alone, without tag, length and unused bits: what OCSP digests (RFC 6960 §4.1.1).
    let publicKeyBits: [UInt8]
    let extensions: CertificateExtensions
    let sha256Fingerprint: Fingerprint
    let openSSL: OpenSSLCertificate
    /// Where `tbsCertificate` stands in the bytes.
    let signedPart: Range<Int>
    let signatureAlgorithm: [UInt8]
    let signature: [UInt8]

    /// Reads a certificate.
    ///
    /// - Parameter openSSL: OpenSSL's reading of these very bytes, when there is one already.
    init(der: [UInt8], openSSL: OpenSSLCertificate? = nil) throws(CertificateError) {
        guard der.count <= Certificate.maximumBytes else { throw .tooLarge }
        var part = CertificateError.Part.envelope
        let reader = DERReader(der)
        do {
            var outer = reader
            var certificate = try outer.enter()
            try outer.finish()
            let signed = try certificate.read(DERTag.sequence)
            let outerAlgorithm = try certificate.read(DERTag.sequence)
            signature = try certificate.readBitStringBytes()
            signedPart = signed.whole
            signatureAlgorithm = reader.copy(outerAlgorithm.whole)
            var tbs = certificate.inside(signed)
            try certificate.finish()

            guard var version = try tbs.readOptional(DERTag.context(0)).map(tbs.inside) else {
                throw CertificateError.unsupportedVersion
            }
            guard try version.readSmallInteger() == 2 else { throw CertificateError.unsupportedVersion }
            try version.finish()

            part = .serialNumber
            serialNumber = Self.unsigned(try tbs.readInteger())
            // RFC 5280 §4.1.2.2 allows 20 bytes; a little more is met in the field and harmless.
            guard serialNumber.count <= 32 else { throw DERError.invalidValue }
            part = .signatureAlgorithm
            let innerAlgorithm = try tbs.read(DERTag.sequence)
            // RFC 5280 §4.1.1.2: both algorithm fields are the same.
            guard der[innerAlgorithm.whole] == der[outerAlgorithm.whole] else { throw DERError.invalidValue }
            part = .issuer
            issuerDER = reader.copy(try tbs.read(DERTag.sequence).whole)
            issuer = try DistinguishedName(der: issuerDER)
            part = .validity
            var validity = try tbs.enter()
            notBefore = try validity.readTime()
            notAfter = try validity.readTime()
            try validity.finish()
            part = .subject
            subjectDER = reader.copy(try tbs.read(DERTag.sequence).whole)
            subject = try DistinguishedName(der: subjectDER)
            part = .publicKey
            let start = tbs.position
            var description = tbs
            publicKey = try PublicKeyDescription(subjectPublicKeyInfo: &description)
            var info = try tbs.enter()
            subjectPublicKeyInfo = reader.copy(start..<tbs.position)
            _ = try info.readAny()
            publicKeyBits = try info.readBitStringBytes()
            part = .envelope
            _ = try tbs.readOptional(DERTag.contextPrimitive(1))  // issuerUniqueID, obsolete
            _ = try tbs.readOptional(DERTag.contextPrimitive(2))  // subjectUniqueID, obsolete
            part = .extensions
            if let list = try tbs.readOptional(DERTag.context(3)) {
                var wrapper = tbs.inside(list)
                var sequence = try wrapper.enter()
                try wrapper.finish()
                extensions = try CertificateExtensions(&sequence, part: &part)
            } else {
                extensions = CertificateExtensions()
            }
            part = .envelope
            try tbs.finish()
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .malformed(part)
        }
        guard let openSSL = openSSL ?? OpenSSLCertificate(der: der) else { throw .refusedByOpenSSL }
        self.openSSL = openSSL
        self.der = der
        sha256Fingerprint = Fingerprint(.sha256, of: der)
    }

    /// A serial number without the sign byte that DER adds before a high bit. (A negative one, which some old
    /// authorities made, keeps its bytes: it is compared, never computed with.)
    static func unsigned(_ integer: [UInt8]) -> [UInt8] {
        integer.count > 1 && integer[0] == 0 ? Array(integer.dropFirst()) : integer
    }
}
