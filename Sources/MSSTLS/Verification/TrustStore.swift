public import MSSCore

/// The certification authorities that are trusted, and nothing else: roots, and the intermediates below them
/// (EX_OPE_5030, EX_OPE_5040).
///
/// An immutable value, cheap to copy; a reload makes a new one.
public struct TrustStore: Sendable {
    /// More authorities than any operator needs.
    public static let maximumAuthorities = 512

    /// The self-signed authorities: trust begins here.
    public let roots: [Certificate]
    /// The other authorities: they complete paths and are trusted only through a root.
    public let intermediates: [Certificate]

    let paths: PathValidator

    /// All authorities, roots first.
    public var authorities: [Certificate] { roots + intermediates }

    /// A store of these authorities; a self-signed one is a root, duplicates count once.
    public init(authorities: [Certificate]) throws(TrustStoreError) {
        var seen: Set<Certificate> = []
        var roots: [Certificate] = []
        var intermediates: [Certificate] = []
        for certificate in authorities where seen.insert(certificate).inserted {
            guard certificate.isCertificateAuthority else { throw .notAnAuthority(certificate.sha256Fingerprint) }
            if certificate.isSelfSigned { roots.append(certificate) } else { intermediates.append(certificate) }
        }
        guard !roots.isEmpty else { throw .noRoot }
        guard seen.count <= Self.maximumAuthorities else { throw .tooMany }
        self.roots = roots
        self.intermediates = intermediates
        paths = PathValidator(roots: roots, intermediates: intermediates)
    }

    /// The authorities whose subject is this name, compared as RFC 5280 §7.1 wants.
    func authorities(named name: DistinguishedName) -> [Certificate] { authorities.filter { $0.subject == name } }

    /// Whether an authority of this store leads to one of its roots at `time`.
    func isTrusted(_ authority: Certificate, at time: Timestamp) -> Bool {
        if case .valid = paths.validate(authority, purpose: .signing, hostname: nil, at: time) { true } else { false }
    }
}

extension Certificate {
    /// Whether issuer and subject, and the identifiers of their keys where given, are the same. The signature itself is
    /// OpenSSL's business when a path is built.
    var isSelfSigned: Bool {
        guard isSelfIssued else { return false }
        guard let own = subjectKeyIdentifier, let issuer = authorityKeyIdentifier?.keyIdentifier else { return true }
        return own == issuer
    }
}

/// Why a trust store cannot be made.
public enum TrustStoreError: ExplainedFailure, Hashable {
    /// A file or directory cannot be read; the text is the system's reason.
    case unreadable(path: String, reason: String)
    /// A file holds something else than certificates.
    case malformed(path: String, CertificateError)
    /// A certificate that may not certify others: it would never be used, so it is a mistake.
    case notAnAuthority(Fingerprint)
    /// No self-signed authority: no path could ever be valid.
    case noRoot
    /// More than ``TrustStore/maximumAuthorities``.
    case tooMany

    /// EX_OPE_5040: the authorities are deployed in the connector's trust store.
    public var requirement: RequirementID? { "EX_OPE_5040" }

    /// One French sentence for the administrator.
    public var explanation: String {
        switch self {
        case .unreadable(let path, _): "Le magasin de confiance « \(path) » ne peut pas être lu."
        case .malformed(let path, _):
            "Le fichier « \(path) » du magasin de confiance ne contient pas de certificat lisible."
        case .notAnAuthority(let print):
            "Le magasin de confiance contient un certificat qui n'est pas celui d'une autorité (\(print.hexadecimal))."
        case .noRoot: "Le magasin de confiance ne contient aucune autorité racine."
        case .tooMany: "Le magasin de confiance contient trop de certificats."
        }
    }

    /// For logs.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "trust store \(path): \(reason)"
        case .malformed(let path, let error): "trust store \(path): \(error)"
        case .notAnAuthority(let print): "trust store: not an authority: \(print)"
        case .noRoot: "trust store without a root"
        case .tooMany: "trust store with too many certificates"
        }
    }
}
