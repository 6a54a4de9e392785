/// Why a CRL is not used.
public enum CRLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// More bytes or entries than ``CertificateRevocationList`` allows.
    case tooLarge
    /// Not the DER of a version 2 CRL, or without `nextUpdate`.
    case malformed
    /// A critical extension that this library does not know: the CRL must not be used (RFC 5280 §5.2, §5.3).
    case unknownCriticalExtension
    /// An indirect CRL, or one for some reasons or for attribute certificates only: IGC-Santé publishes none.
    case unsupportedScope
    /// No authority of the trust store has the issuer's name and may sign CRLs.
    case unknownIssuer
    /// The signature does not verify, or its algorithm is too weak.
    case badSignature
    /// `thisUpdate` is in the future.
    case notYetValid
    /// Older than the one held: a replay, or a mirror that lags.
    case rollback(held: CRLNumber?, offered: CRLNumber?)
    /// A delta whose base is newer than the complete CRL held, or of which no complete CRL is held (RFC 5280 §5.2.4).
    case baseMismatch(needed: CRLNumber, held: CRLNumber?)
    /// It could not be kept on disk; the text is the system's reason.
    case notStored(String)

    /// For logs.
    public var description: String {
        switch self {
        case .tooLarge: "CRL too large"
        case .malformed: "malformed CRL"
        case .unknownCriticalExtension: "CRL with an unknown critical extension"
        case .unsupportedScope: "CRL with an unsupported scope"
        case .unknownIssuer: "CRL of an unknown issuer"
        case .badSignature: "CRL signature refused"
        case .notYetValid: "CRL from the future"
        case .rollback(let held, let offered):
            "CRL older than the one held (\(offered?.description ?? "none") < \(held?.description ?? "none"))"
        case .baseMismatch(let needed, let held):
            "delta CRL needs base \(needed), held is \(held?.description ?? "none")"
        case .notStored(let reason): "CRL not stored: \(reason)"
        }
    }
}
