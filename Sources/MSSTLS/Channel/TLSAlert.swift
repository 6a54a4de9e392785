/// An alert of the TLS protocol (RFC 8446 §6, RFC 5246 §7.2).
public struct TLSAlert: Sendable, Hashable, CustomStringConvertible {
    /// The alert's number.
    public let code: UInt8

    /// An alert by its number.
    public init(code: UInt8) { self.code = code }

    /// No acceptable parameters: suites, groups, signature algorithms.
    public static let handshakeFailure = TLSAlert(code: 40)
    /// The certificate could not be read or its signatures verified.
    public static let badCertificate = TLSAlert(code: 42)
    /// The certificate is of a kind that cannot serve here.
    public static let unsupportedCertificate = TLSAlert(code: 43)
    /// The certificate was revoked by its signer.
    public static let certificateRevoked = TLSAlert(code: 44)
    /// The certificate has expired or is not yet valid.
    public static let certificateExpired = TLSAlert(code: 45)
    /// Something else made the certificate unacceptable.
    public static let certificateUnknown = TLSAlert(code: 46)
    /// No chain to a known authority.
    public static let unknownCA = TLSAlert(code: 48)
    /// The certificate is valid but its holder has no right here.
    public static let accessDenied = TLSAlert(code: 49)
    /// The version is recognised but refused.
    public static let protocolVersion = TLSAlert(code: 70)
    /// The parameters offered are too weak.
    public static let insufficientSecurity = TLSAlert(code: 71)
    /// A certificate was required and not sent (TLS 1.3).
    public static let certificateRequired = TLSAlert(code: 116)

    /// Whether the alert is about the certificate that the receiver had sent.
    public var concernsCertificate: Bool { (41...46).contains(code) || [48, 49, 113, 114, 116].contains(code) }

    /// The name in the RFC and the number, for example `unknown_ca(48)`.
    public var description: String { "\(Self.names[code] ?? "unknown")(\(code))" }

    private static let names: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
        22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
        42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
        46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied",
        50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
        71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
        100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
        111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
        114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
        120: "no_application_protocol",
    ]
}
