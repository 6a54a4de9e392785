/// Why bytes are not a certificate that MSSTLS reads.
public enum CertificateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// More bytes than ``Certificate/maximumBytes``.
    case tooLarge
    /// Not the DER of a certificate; the part names the field where reading stopped.
    case malformed(Part)
    /// A version other than 3 (RFC 5280 §4.1.2.1): without extensions nothing says what the key may be used for.
    case unsupportedVersion
    /// The same extension twice (RFC 5280 §4.2).
    case duplicateExtension
    /// OpenSSL, which validates it, refuses what the reader accepted.
    case refusedByOpenSSL
    /// Text without a complete `CERTIFICATE` block, or whose Base64 is wrong.
    case malformedPEM

    /// The part of a certificate where reading stopped.
    public enum Part: String, Sendable, Hashable {
        case envelope, serialNumber, signatureAlgorithm, issuer, validity, subject, publicKey, extensions
        case subjectAlternativeName, keyUsage, extendedKeyUsage, basicConstraints, keyIdentifier
        case distributionPoints, authorityInformationAccess
    }

    /// For logs: holds no byte of the certificate.
    public var description: String {
        switch self {
        case .tooLarge: "certificate too large"
        case .malformed(let part): "malformed certificate: \(part.rawValue)"
        case .unsupportedVersion: "certificate version is not 3"
        case .duplicateExtension: "certificate with a duplicate extension"
        case .refusedByOpenSSL: "certificate refused by OpenSSL"
        case .malformedPEM: "malformed PEM"
        }
    }
}
