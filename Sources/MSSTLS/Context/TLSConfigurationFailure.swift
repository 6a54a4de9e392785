public import MSSCore

/// Why no ``TLSContext`` could be made from a configuration.
public struct TLSConfigurationFailure: ExplainedFailure, Hashable {
    /// The causes.
    public enum Kind: Sendable, Hashable {
        /// A server without certificate, or an identity with an empty chain.
        case noIdentity
        /// The private key is not that of the first certificate.
        case keyMismatch
        /// OpenSSL refuses the certificate at this position of the chain: unreadable, or a key or signature too weak.
        case certificateRefused(position: Int)
        /// OpenSSL refuses the policy's versions, suites, groups or signature algorithms.
        case policyRefused
    }

    /// The cause.
    public let kind: Kind
    /// OpenSSL's reasons.
    public let detail: String

    /// The requirement on keys and suites when they are the cause.
    public var requirement: RequirementID? {
        switch kind {
        case .policyRefused: "EX_OPE_5010"
        case .noIdentity, .keyMismatch, .certificateRefused: nil
        }
    }

    /// The cause, with OpenSSL's reasons.
    public var description: String { detail.isEmpty ? "\(kind)" : "\(kind): \(detail)" }

    /// One French sentence for an administrator.
    public var explanation: String {
        switch kind {
        case .noIdentity: "Aucun certificat n'est configuré pour ce point d'entrée."
        case .keyMismatch: "La clé privée configurée ne correspond pas au certificat."
        case .certificateRefused(let position):
            "Le certificat n° \(position + 1) de la chaîne configurée est illisible ou trop faible."
        case .policyRefused: "La politique TLS configurée est refusée par OpenSSL."
        }
    }
}
