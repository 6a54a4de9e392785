/// One name of a subject alternative name extension (RFC 5280 §4.2.1.6).
public enum AlternativeName: Sendable, Hashable {
    /// A host name, as written in the certificate; a wildcard label stays as `*`.
    case dns(String)
    /// A mail address.
    case email(String)
    /// A URI.
    case uri(String)
    /// An IP address, 4 or 16 bytes.
    case ipAddress([UInt8])
    /// A directory name, the DER of the Name.
    case directoryName([UInt8])
    /// A form that MSSanté does not use: its tag number and content.
    case other(tag: UInt8, content: [UInt8])
}

/// Where a CRL is found (RFC 5280 §4.2.1.13): one element of `cRLDistributionPoints` or `freshestCRL`.
public struct CRLDistributionPoint: Sendable, Hashable {
    /// Its addresses, any of which gives the same CRL.
    public let uris: [String]
    /// Whether the CRL covers some reasons for revocation only.
    public let hasReasons: Bool
    /// Whether another authority than the certificate's issuer signs the CRL (indirect CRL).
    public let isIndirect: Bool

    /// The `http` and `https` addresses.
    public var webAddresses: [String] {
        uris.filter { $0.lowercased().hasPrefix("http://") || $0.lowercased().hasPrefix("https://") }
    }
}

/// What identifies the key that signed a certificate or CRL (RFC 5280 §4.2.1.1).
public struct AuthorityKeyIdentifier: Sendable, Hashable {
    /// The signer's subject key identifier.
    public let keyIdentifier: [UInt8]?
    /// The serial number of the signer's certificate.
    public let serialNumber: [UInt8]?
}
