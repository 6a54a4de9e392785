/// An elliptic-curve group for the ephemeral key exchange.
///
/// X25519 is not here: tools report it as 253 bits, below the "≥ 256 bits" of EX_OPE_5010 (decision 0031).
public enum TLSGroup: String, Sendable, Hashable, CaseIterable {
    /// NIST P-256, 256 bits.
    case secp256r1 = "P-256"
    /// NIST P-384, 384 bits.
    case secp384r1 = "P-384"
    /// NIST P-521, 521 bits.
    case secp521r1 = "P-521"
}

/// A signature algorithm of the handshake (RFC 8446 §4.2.3). None uses SHA-1 or MD5.
public enum TLSSignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// RSA-PSS with SHA-256 and an ordinary RSA key.
    case rsaPSSSHA256 = "rsa_pss_rsae_sha256"
    /// RSA-PSS with SHA-384 and an ordinary RSA key.
    case rsaPSSSHA384 = "rsa_pss_rsae_sha384"
    /// RSA-PSS with SHA-512 and an ordinary RSA key.
    case rsaPSSSHA512 = "rsa_pss_rsae_sha512"
    /// RSA PKCS #1 v1.5 with SHA-256; in TLS 1.3 for certificates only.
    case rsaSHA256 = "RSA+SHA256"
    /// RSA PKCS #1 v1.5 with SHA-384; in TLS 1.3 for certificates only.
    case rsaSHA384 = "RSA+SHA384"
    /// RSA PKCS #1 v1.5 with SHA-512; in TLS 1.3 for certificates only.
    case rsaSHA512 = "RSA+SHA512"
}
