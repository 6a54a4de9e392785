public import MSSCore

/// Why a certificate is refused.
public enum CertificateFailure: ExplainedFailure, Hashable {
    /// The peer presented none.
    case noCertificate
    /// Its bytes are not a certificate.
    case malformed(CertificateError)
    /// A certificate of the path is past its validity: the leaf, or an authority.
    case expired(notAfter: Timestamp, isAuthority: Bool)
    /// A certificate of the path is not valid yet.
    case notYetValid(notBefore: Timestamp, isAuthority: Bool)
    /// No authority of the local trust store issued it, or one of the same name but another key did.
    case unknownAuthority
    /// Its key usages do not allow this purpose.
    case wrongUsage(PeerPurpose)
    /// It does not carry the expected host name.
    case hostnameMismatch(expected: String)
    /// A key of the path is too small.
    case weakKey(isAuthority: Bool)
    /// A signature of the path uses a digest that is no longer safe (MD5, SHA-1).
    case weakSignature
    /// The path breaks another rule of RFC 5280 §6; the text is OpenSSL's, for logs.
    case chainInvalid(reason: String)
    /// A certificate of the path is revoked.
    case revoked(Revocation)
    /// Whether it is revoked could not be told, and the policy refuses then.
    case revocationUnknown(RevocationUnknownReason)

    /// When and why a certificate was revoked, and who says so.
    public struct Revocation: Sendable, Hashable {
        /// Since when.
        public var date: Timestamp
        /// Why; `nil` when the authority does not say.
        public var reason: RevocationReason?
        /// Whether an authority of the path, not the leaf, is revoked.
        public var isAuthority: Bool
        /// What told it.
        public var source: Source

        /// What tells of revocations.
        public enum Source: String, Sendable, Hashable { case crl, ocsp }

        /// A revocation from its parts.
        public init(date: Timestamp, reason: RevocationReason?, isAuthority: Bool, source: Source) {
            self.date = date
            self.reason = reason
            self.isAuthority = isAuthority
            self.source = source
        }
    }

    /// The requirement that the refusal enforces.
    public var requirement: RequirementID? {
        switch self {
        case .noCertificate: "EX_SSI_5100"
        case .unknownAuthority: "EX_OPE_5040"
        case .revoked, .revocationUnknown: "EX_OPE_5050"
        default: "EX_OPE_5020"
        }
    }

    /// One French sentence for users and administrators.
    public var explanation: String {
        switch self {
        case .noCertificate:
            "Le correspondant n'a présenté aucun certificat."
        case .malformed:
            "Le certificat présenté par le correspondant est illisible."
        case .expired(let time, let isAuthority):
            isAuthority
                ? "Le certificat de l'autorité qui a émis celui du correspondant a expiré le \(Self.day(time))."
                : "Le certificat du correspondant a expiré le \(Self.day(time))."
        case .notYetValid(let time, let isAuthority):
            isAuthority
                ? "Le certificat de l'autorité qui a émis celui du correspondant n'est valable qu'à partir du \(Self.day(time))."
                : "Le certificat du correspondant n'est valable qu'à partir du \(Self.day(time))."
        case .unknownAuthority:
            "Le certificat du correspondant n'a pas été émis par une autorité de certification reconnue dans l'espace de confiance MSSanté."
        case .wrongUsage(.server):
            "Le certificat du correspondant n'autorise pas l'authentification d'un serveur."
        case .wrongUsage(.client):
            "Le certificat du correspondant n'autorise pas l'authentification d'un client."
        case .wrongUsage(.signing):
            "Le certificat du signataire n'autorise pas la signature."
        case .hostnameMismatch:
            "Le certificat du correspondant n'est pas établi pour le nom du serveur contacté."
        case .weakKey(let isAuthority):
            isAuthority
                ? "La clé de l'autorité qui a émis le certificat du correspondant est trop courte."
                : "La clé du certificat du correspondant est trop courte."
        case .weakSignature:
            "Le certificat du correspondant est signé avec un algorithme qui n'est plus sûr."
        case .chainInvalid:
            "La chaîne de certification du correspondant n'est pas valide."
        case .revoked(let revocation):
            revocation.isAuthority
                ? "Le certificat de l'autorité qui a émis celui du correspondant a été révoqué le \(Self.day(revocation.date))."
                : "Le certificat du correspondant a été révoqué le \(Self.day(revocation.date))."
        case .revocationUnknown:
            "Il n'a pas été possible de vérifier que le certificat du correspondant n'est pas révoqué."
        }
    }

    /// For logs.
    public var description: String {
        switch self {
        case .noCertificate: "no certificate"
        case .malformed(let error): error.description
        case .expired(_, let isAuthority): isAuthority ? "authority certificate expired" : "certificate expired"
        case .notYetValid(_, let isAuthority):
            isAuthority ? "authority certificate not yet valid" : "certificate not yet valid"
        case .unknownAuthority: "not issued by an authority of the trust store"
        case .wrongUsage(let purpose): "key usages do not allow purpose \(purpose)"
        case .hostnameMismatch(let expected): "certificate does not name \(expected)"
        case .weakKey(let isAuthority): isAuthority ? "authority key too small" : "key too small"
        case .weakSignature: "weak signature algorithm"
        case .chainInvalid(let reason): "path invalid: \(reason)"
        case .revoked(let revocation):
            "revoked (\(revocation.source.rawValue), \(revocation.reason.map(String.init(describing:)) ?? "no reason"))"
        case .revocationUnknown(let reason): "revocation unknown: \(reason)"
        }
    }

    /// `05/03/2026`, UTC.
    static func day(_ time: Timestamp) -> String { time.frenchDay }
}

/// Why a certificate was revoked (RFC 5280 §5.3.1).
public enum RevocationReason: UInt8, Sendable, Hashable, CaseIterable {
    case unspecified = 0
    case keyCompromise = 1
    case certificateAuthorityCompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    case certificateHold = 6
    case removeFromCRL = 8
    case privilegeWithdrawn = 9
    case attributeAuthorityCompromise = 10
}
