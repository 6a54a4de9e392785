public import MSSCore

/// Who may speak for which domain (EX_LBL_5010).
///
/// The answers are those of one list at one moment: ``WhitelistSnapshot`` is such a list, ``WhitelistService`` answers
/// from the last verified one. Domains compare without regard to case, certificate names by RFC 5280 §7.1. A domain
/// says nothing of the domains below it, and no suffix is special: `interop-mssante.apicrypt.org` is an entry.
public protocol Whitelist: Sendable {
    /// The entries of a domain, in the order of the list; empty when the domain is not in it.
    func entries(for domain: Domain) -> WhitelistEntries

    /// The entries of a certificate name, in the order of the list; empty when the name is not in it.
    func entries(for certificateName: DistinguishedName) -> WhitelistEntries

    /// Whether the holder of a certificate may speak for a domain, and which entry says so, or why not.
    func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision
}

extension Whitelist {
    /// Whether the list has the domain.
    public func contains(_ domain: Domain) -> Bool { !entries(for: domain).isEmpty }

    /// Whether the list has the certificate name, for any domain (EX_OPE_5020).
    public func contains(_ certificateName: DistinguishedName) -> Bool { !entries(for: certificateName).isEmpty }

    /// The names of the certificates that may speak for a domain, each once.
    public func certificateNames(for domain: Domain) -> [DistinguishedName] {
        var seen: Set<DistinguishedName> = []
        return entries(for: domain).map(\.certificateName).filter { seen.insert($0).inserted }
    }

    /// The domains that the holder of a certificate may speak for, each once.
    public func domains(for certificateName: DistinguishedName) -> [Domain] {
        var seen: Set<Domain> = []
        return entries(for: certificateName).map(\.domain).filter { seen.insert($0).inserted }
    }
}

/// The answer to "may this certificate speak for this domain".
public enum WhitelistDecision: Sendable, Hashable {
    /// Yes, by this entry.
    case allowed(WhitelistEntry)
    /// No.
    case refused(WhitelistRefusal)

    /// Whether the answer is yes.
    public var isAllowed: Bool { if case .allowed = self { true } else { false } }
}

/// Why a certificate may not speak for a domain.
public enum WhitelistRefusal: Error, Sendable, Hashable {
    /// No verified list is there to answer.
    case noList
    /// The certificate's name is in the list for no domain.
    case unknownCertificate(DistinguishedName)
    /// The domain is not in the list.
    case unknownDomain(Domain)
    /// Both are in the list, not together.
    case certificateOfOtherDomains(DistinguishedName, domain: Domain)
}

extension WhitelistRefusal: ExplainedFailure {
    /// The requirement that the refusal enforces.
    public var requirement: RequirementID? {
        switch self {
        case .noList: "EX_2.2_5035"
        case .unknownCertificate: "EX_OPE_5020"
        case .unknownDomain: "EX_3.2_5060"
        case .certificateOfOtherDomains: "EX_LBL_5010"
        }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .noList: "Aucune liste blanche vérifiée n'est disponible."
        case .unknownCertificate(let name):
            "Le certificat « \(name.commonName ?? name.rfc4514) » ne figure pas dans la liste blanche MSSanté."
        case .unknownDomain(let domain):
            "Le domaine « \(domain) » ne figure pas dans la liste blanche MSSanté."
        case .certificateOfOtherDomains(let name, let domain):
            "La liste blanche MSSanté n'autorise pas le certificat « \(name.commonName ?? name.rfc4514) » "
                + "pour le domaine « \(domain) »."
        }
    }

    /// English, for logs.
    public var description: String {
        switch self {
        case .noList: "no verified whitelist"
        case .unknownCertificate(let name): "certificate not in the whitelist: \(name)"
        case .unknownDomain(let domain): "domain not in the whitelist: \(domain)"
        case .certificateOfOtherDomains(let name, let domain): "certificate not whitelisted for \(domain): \(name)"
        }
    }
}
