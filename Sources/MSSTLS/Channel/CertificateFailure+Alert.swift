import COpenSSLShim

extension CertificateFailure {
    /// The alert that tells the peer why its certificate is refused (RFC 8446 §6.2).
    var verdict: mss_tls_verdict {
        switch self {
        // "has expired or is not currently valid": the alert covers both ends.
        case .expired, .notYetValid: MSS_TLS_REFUSE_EXPIRED
        case .revoked: MSS_TLS_REFUSE_REVOKED
        case .unknownAuthority: MSS_TLS_REFUSE_UNKNOWN_AUTHORITY
        case .wrongUsage: MSS_TLS_REFUSE_USAGE
        case .noCertificate, .malformed, .hostnameMismatch, .weakKey, .weakSignature, .chainInvalid: MSS_TLS_REFUSE_BAD
        case .revocationUnknown: MSS_TLS_REFUSE_UNKNOWN
        }
    }
}
