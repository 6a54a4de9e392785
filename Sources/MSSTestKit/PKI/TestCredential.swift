public import MSSCore
internal import SwiftASN1
internal import X509

/// A certificate made by a ``TestPKI``, with its private key and chain, in every form that tests need.
public struct TestCredential: Sendable, Hashable {
    /// The certificate, DER.
    public let certificateDER: [UInt8]
    /// The certificate, PEM with a final newline.
    public let certificatePEM: String
    /// The private key, unencrypted PKCS#8 PEM with a final newline.
    public let privateKeyPEM: String
    /// The certificate followed by the intermediate, PEM: what a TLS server sends.
    public let chainPEM: String
    /// The certificates of `chainPEM`, DER, leaf first.
    public let chainDER: [[UInt8]]
    /// The subject as the whitelist writes it (RFC 4514).
    public let subject: String
    /// The subject, attribute by attribute.
    public let name: TestName
    /// The serial number, big-endian, without sign byte.
    public let serialNumber: [UInt8]
    /// First moment of validity.
    public let notBefore: Timestamp
    /// Last moment of validity.
    public let notAfter: Timestamp
    /// Whether the root (rather than the intermediate) issued it.
    public let issuedByRoot: Bool
}

extension TestCredential {
    /// The subject of the certificate in a PEM file (its first certificate), as the whitelist writes it, and its serial
    /// number.
    public static func inspect(pemFile path: String) throws -> (subject: String, serialNumber: [UInt8]) {
        let text = String(decoding: try TestFiles.read(path), as: UTF8.self)
        guard let first = try PEMDocument.parseMultiple(pemString: text).first else {
            throw TestFormatError("no certificate in \(path)")
        }
        let certificate = try X509.Certificate(pemDocument: first)
        return (try TestName(certificate.subject).rfc4514, Array(certificate.serialNumber.bytes.drop { $0 == 0 }))
    }
}

/// When a test certificate is valid, relative to the time of its ``TestPKI``.
public enum TestValidity: Sendable, Hashable {
    /// From an hour ago, for three years.
    case valid
    /// Ended yesterday, after three years.
    case expired
    /// Begins tomorrow.
    case notYetValid
    /// Begins and ends at these times.
    case window(from: Timestamp, to: Timestamp)

    func bounds(now: Timestamp) -> (notBefore: Timestamp, notAfter: Timestamp) {
        let day: Int64 = 86_400
        // Whole seconds: X.509 times have no fraction (RFC 5280 §4.1.2.5).
        func shifted(_ seconds: Int64) -> Timestamp { Timestamp(seconds: now.seconds + seconds) }
        switch self {
        case .valid: return (shifted(-3600), shifted(3 * 365 * day))
        case .expired: return (shifted(-3 * 365 * day), shifted(-day))
        case .notYetValid: return (shifted(day), shifted(3 * 365 * day))
        case .window(let from, let to): return (from, to)
        }
    }
}

/// Whether a test certificate is revoked from the start.
public enum TestStatus: Sendable, Hashable {
    /// Not revoked.
    case good
    /// Revoked, for this reason.
    case revoked(TestRevocationReason)
}

/// Reasons for revocation, with their codes (RFC 5280 §5.3.1).
public enum TestRevocationReason: UInt8, Sendable, Hashable, CaseIterable, Codable {
    case unspecified = 0
    case keyCompromise = 1
    case cACompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    case certificateHold = 6
    case removeFromCRL = 8
    case privilegeWithdrawn = 9
}

/// The key and signature algorithm of a test certificate.
public enum TestStrength: Sendable, Hashable {
    /// RSA 2048, from a small pool shared by the process: made once, so that issuing is fast.
    ///
    /// The subject decides which, so that the same subject has the same key each time, and two subjects may share one.
    case pooled
    /// RSA 2048, a key that no other certificate has.
    case fresh
    /// The key of an existing credential (a renewal, or a certificate with a stolen key).
    case reusing(TestCredential)
    /// RSA 1024, which no policy of the Référentiel allows.
    case weakKey
    /// RSA 2048, but the authority signs with SHA-1.
    case weakSignature
}
