/// The object identifiers that MSSTLS knows, as DER content bytes: one place for all.
enum KnownOID {
    // RFC 5280 §4.2.1 and §5.2, §5.3: extensions, 2.5.29.*
    static let subjectKeyIdentifier: [UInt8] = [0x55, 0x1D, 0x0E]
    static let keyUsage: [UInt8] = [0x55, 0x1D, 0x0F]
    static let subjectAlternativeName: [UInt8] = [0x55, 0x1D, 0x11]
    static let basicConstraints: [UInt8] = [0x55, 0x1D, 0x13]
    static let crlNumber: [UInt8] = [0x55, 0x1D, 0x14]
    static let reasonCode: [UInt8] = [0x55, 0x1D, 0x15]
    static let invalidityDate: [UInt8] = [0x55, 0x1D, 0x18]
    static let deltaCRLIndicator: [UInt8] = [0x55, 0x1D, 0x1B]
    static let issuingDistributionPoint: [UInt8] = [0x55, 0x1D, 0x1C]
    static let certificateIssuer: [UInt8] = [0x55, 0x1D, 0x1D]
    static let crlDistributionPoints: [UInt8] = [0x55, 0x1D, 0x1F]
    static let authorityKeyIdentifier: [UInt8] = [0x55, 0x1D, 0x23]
    static let extendedKeyUsage: [UInt8] = [0x55, 0x1D, 0x25]
    static let freshestCRL: [UInt8] = [0x55, 0x1D, 0x2E]
    // RFC 5280 §4.2.2.1: 1.3.6.1.5.5.7.1.1 and its method id-ad-ocsp, 1.3.6.1.5.5.7.48.1
    static let authorityInformationAccess: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01]
    static let ocspAccessMethod: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01]
    // RFC 6960 §4.2.1 and §4.4.1, §4.2.2.2.1: basic response, nonce, no-check
    static let ocspBasicResponse: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01]
    static let ocspNonce: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02]
    static let ocspNoCheck: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05]
    // RFC 5280 §4.2.1.12: id-kp, 1.3.6.1.5.5.7.3.*; anyExtendedKeyUsage 2.5.29.37.0
    static let keyPurposePrefix: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03]
    static let anyExtendedKeyUsage: [UInt8] = [0x55, 0x1D, 0x25, 0x00]
    // RFC 3279, RFC 5480, RFC 8410: public key algorithms
    static let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    static let rsassaPSS: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A]
    static let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    static let ed448: [UInt8] = [0x2B, 0x65, 0x71]
    static let secp256r1: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    static let secp384r1: [UInt8] = [0x2B, 0x81, 0x04, 0x00, 0x22]
    static let secp521r1: [UInt8] = [0x2B, 0x81, 0x04, 0x00, 0x23]
    static let brainpoolP256r1: [UInt8] = [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07]
    static let brainpoolP384r1: [UInt8] = [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B]
    static let brainpoolP512r1: [UInt8] = [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D]
    // Digests that name an issuer in an OCSP CertID: SHA-1 1.3.14.3.2.26, SHA-256 2.16.840.1.101.3.4.2.1
    static let sha1: [UInt8] = [0x2B, 0x0E, 0x03, 0x02, 0x1A]
    static let sha256: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]

    /// Dotted decimal form of DER content bytes; components beyond 2^63 are refused with `nil`.
    static func dotted(_ content: [UInt8]) -> String? {
        var components: [Int] = []
        var value = 0
        for byte in content {
            guard value <= Int.max >> 7 else { return nil }
            value = value << 7 | Int(byte & 0x7F)
            guard byte < 0x80 else { continue }
            if components.isEmpty {
                let first = min(value / 40, 2)
                components = [first, value - 40 * first]
            } else {
                components.append(value)
            }
            value = 0
        }
        guard let last = content.last, last < 0x80 else { return nil }
        return components.map(String.init).joined(separator: ".")
    }
}
