import COpenSSLShim

/// A signature algorithm of RFC 7518 §3 that a token may name: asymmetric ones only. `none` and the HMACs have no name
/// here, so that no setting can allow them (RFC 8725 §3.1).
public enum JWSAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what Pro Santé Connect signs with.
    case rs256 = "RS256"
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    case rs384 = "RS384"
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    case rs512 = "RS512"
    /// RSASSA-PSS with SHA-256.
    case ps256 = "PS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"

    var code: mss_jws_algorithm {
        switch self {
        case .rs256: MSS_JWS_RS256
        case .rs384: MSS_JWS_RS384
        case .rs512: MSS_JWS_RS512
        case .ps256: MSS_JWS_PS256
        case .es256: MSS_JWS_ES256
        }
    }
}
