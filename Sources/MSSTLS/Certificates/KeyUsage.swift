/// What a key may do (RFC 5280 §4.2.1.3); bit numbers are those of the standard.
public struct KeyUsage: OptionSet, Sendable, Hashable {
    /// Bit 0 of the standard is bit 0 here.
    public let rawValue: UInt16
    /// Wraps flags.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Verifies signatures other than on certificates and CRLs: TLS authentication, messages.
    public static let digitalSignature = KeyUsage(rawValue: 1 << 0)
    /// Verifies signatures that commit their author (`nonRepudiation`, also named `contentCommitment`).
    public static let contentCommitment = KeyUsage(rawValue: 1 << 1)
    /// Encrypts keys (RSA key exchange).
    public static let keyEncipherment = KeyUsage(rawValue: 1 << 2)
    /// Encrypts data directly.
    public static let dataEncipherment = KeyUsage(rawValue: 1 << 3)
    /// Agrees on keys (Diffie-Hellman).
    public static let keyAgreement = KeyUsage(rawValue: 1 << 4)
    /// Verifies signatures on certificates.
    public static let certificateSign = KeyUsage(rawValue: 1 << 5)
    /// Verifies signatures on CRLs.
    public static let crlSign = KeyUsage(rawValue: 1 << 6)
    /// With ``keyAgreement``: only to encipher.
    public static let encipherOnly = KeyUsage(rawValue: 1 << 7)
    /// With ``keyAgreement``: only to decipher.
    public static let decipherOnly = KeyUsage(rawValue: 1 << 8)
}

/// A purpose for which a key was certified (RFC 5280 §4.2.1.12).
public enum ExtendedKeyUsage: Sendable, Hashable {
    case serverAuthentication
    case clientAuthentication
    case codeSigning
    case emailProtection
    case timeStamping
    case ocspSigning
    /// `anyExtendedKeyUsage`.
    case any
    /// Another purpose, its object identifier in dotted decimal.
    case other(String)

    init?(objectIdentifier content: [UInt8]) {
        if content == KnownOID.anyExtendedKeyUsage {
            self = .any
            return
        }
        if content.count == KnownOID.keyPurposePrefix.count + 1, content.starts(with: KnownOID.keyPurposePrefix) {
            switch content.last {
            case 1:
                self = .serverAuthentication
                return
            case 2:
                self = .clientAuthentication
                return
            case 3:
                self = .codeSigning
                return
            case 4:
                self = .emailProtection
                return
            case 8:
                self = .timeStamping
                return
            case 9:
                self = .ocspSigning
                return
            default: break
            }
        }
        guard let dotted = KnownOID.dotted(content) else { return nil }
        self = .other(dotted)
    }
}
