/// What non-revocation means for an entry point (EX_OPE_5050).
public struct RevocationPolicy: Sendable, Hashable {
    /// Which sources are asked, in which order.
    public enum Order: String, Sendable, Hashable, CaseIterable {
        /// Nothing is checked.
        case none
        /// The CRLs held.
        case crlOnly
        /// OCSP: a stapled response, one still valid, or the responder.
        case ocspOnly
        /// The CRLs held; OCSP when they do not tell.
        case crlThenOCSP
        /// OCSP; the CRLs held when it does not tell.
        case ocspThenCRL
        /// The response that the server stapled to the handshake; without one as ``crlThenOCSP``.
        case preferStaple

        /// Whether a revocation found in the CRLs held counts at once: a revoked certificate stays revoked whatever an
        /// OCSP answer says.
        var usesCRL: Bool { self != .none && self != .ocspOnly }
        /// Whether OCSP may be asked.
        var usesOCSP: Bool { self != .none && self != .crlOnly }
    }

    /// Which certificates of the path are checked.
    public enum Scope: String, Sendable, Hashable {
        /// The peer's own certificate.
        case leaf
        /// All of the path but the root, which nothing can revoke.
        case path
    }

    /// What happens when no source tells.
    public enum UnknownChoice: String, Sendable, Hashable {
        /// The certificate is refused.
        case refuse
        /// It is accepted, and an alert says so.
        case softFail
    }

    /// Which sources are asked.
    public var order: Order
    /// Which certificates are checked.
    public var scope: Scope
    /// What happens when no source tells.
    public var onUnknown: UnknownChoice

    /// A policy; by default the CRLs then OCSP, for the whole path, refusing what is not known.
    public init(order: Order = .crlThenOCSP, scope: Scope = .path, onUnknown: UnknownChoice = .refuse) {
        self.order = order
        self.scope = scope
        self.onUnknown = onUnknown
    }
}

/// Something that the operator's supervision should know about revocation (EX_SSI_5120).
public enum RevocationAlert: Sendable, Hashable {
    /// A certificate was let through without knowing whether it is revoked.
    case softFailed(Fingerprint, RevocationUnknownReason)
    /// A CRL could not be fetched.
    case crlNotFetched(url: String, reason: String)
    /// A CRL was fetched and refused.
    case crlRefused(url: String, CRLError)

    /// One French sentence for the administrator.
    public var explanation: String {
        switch self {
        case .softFailed(let certificate, _):
            "Un certificat a été accepté sans que sa non-révocation ait pu être vérifiée (\(certificate.hexadecimal))."
        case .crlNotFetched(let url, _): "La liste de révocation « \(url) » n'a pas pu être téléchargée."
        case .crlRefused(let url, _): "La liste de révocation téléchargée de « \(url) » a été refusée."
        }
    }
}
