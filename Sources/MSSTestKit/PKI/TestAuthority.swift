internal import FoundationEssentials
internal import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

/// One certification authority of a ``TestPKI``: its certificate, and whatever it signs.
public struct TestAuthority: Sendable {
    /// The name in its certificate.
    public let name: TestName
    /// The subject as RFC 4514 writes it.
    public var subject: String { name.rfc4514 }
    /// The authority's certificate, DER.
    public let certificateDER: [UInt8]
    /// The authority's certificate, PEM with a final newline.
    public let certificatePEM: String
    /// The authority's private key, unencrypted PKCS#8 PEM with a final newline.
    public let privateKeyPEM: String

    let key: _RSA.Signing.PrivateKey
    let certificate: X509.Certificate

    init(name: TestName, key: _RSA.Signing.PrivateKey, certificate: X509.Certificate) throws {
        self.name = name
        self.key = key
        self.certificate = certificate
        certificateDER = try certificate.derBytes
        certificatePEM = try certificate.serializeAsPEM().pemString + "\n"
        privateKeyPEM = key.pkcs8PEMRepresentation + "\n"
    }

    /// RFC 5280 §4.2.1.2 method 1: SHA-1 of the public key.
    var keyIdentifier: ArraySlice<UInt8> {
        SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier
    }

    /// `SIGNED{…}` (RFC 5280 §4.1): the bytes, the algorithm, the signature of the authority (sha256WithRSAEncryption).
    func sign(_ content: [UInt8]) throws -> [UInt8] { try Signed.encode(content, key: key) }
}

extension X509.Certificate {
    var derBytes: [UInt8] {
        get throws {
            var coder = DER.Serializer()
            try coder.serialize(self)
            return coder.serializedBytes
        }
    }
}

extension Timestamp {
    /// The time as Foundation counts it; fractions of a second are dropped.
    var date: Date { Date(timeIntervalSince1970: Double(seconds)) }
}
