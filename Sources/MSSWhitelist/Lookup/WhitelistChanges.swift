public import MSSCore

/// What changed from one list to the next.
public enum WhitelistChange: Sendable, Hashable {
    /// A domain entered the list.
    case domainAdded(Domain)
    /// A domain left the list.
    case domainRemoved(Domain)
    /// The certificates that may speak for a domain changed.
    case certificatesChanged(Domain, added: [DistinguishedName], removed: [DistinguishedName])
    /// A certificate name entered the list.
    case certificateAdded(DistinguishedName)
    /// A certificate name left the list: it may speak for no domain any more.
    case certificateRemoved(DistinguishedName)
    /// The description of a domain changed.
    case descriptionChanged(Domain)
    /// The contacts of a domain changed.
    case contactChanged(Domain)
}

extension WhitelistSnapshot {
    /// What changed since `previous`, domain by domain in alphabetical order, then certificate by certificate.
    public func changes(since previous: WhitelistSnapshot) -> [WhitelistChange] {
        var changes: [WhitelistChange] = []
        for domain in Set(domains).union(previous.domains).sorted() {
            let (old, new) = (previous.entries(for: domain), entries(for: domain))
            guard !old.isEmpty else {
                changes.append(.domainAdded(domain))
                continue
            }
            guard !new.isEmpty else {
                changes.append(.domainRemoved(domain))
                continue
            }
            let (oldNames, newNames) = (Set(old.map(\.certificateName)), Set(new.map(\.certificateName)))
            if oldNames != newNames {
                changes.append(
                    .certificatesChanged(
                        domain, added: newNames.subtracting(oldNames).inTextOrder,
                        removed: oldNames.subtracting(newNames).inTextOrder))
            }
            if Set(old.map(\.summary)) != Set(new.map(\.summary)) { changes.append(.descriptionChanged(domain)) }
            if Set(old.map(\.contacts)) != Set(new.map(\.contacts)) { changes.append(.contactChanged(domain)) }
        }
        let (oldNames, newNames) = (Set(previous.certificateNames), Set(certificateNames))
        changes += newNames.subtracting(oldNames).inTextOrder.map { .certificateAdded($0) }
        changes += oldNames.subtracting(newNames).inTextOrder.map { .certificateRemoved($0) }
        return changes
    }
}

extension WhitelistChange {
    /// Whether the change touches one of these domains or certificate names: an operator's own, or a peer's.
    public func concerns(domains: Set<Domain>, certificateNames: Set<DistinguishedName>) -> Bool {
        switch self {
        case .domainAdded(let domain), .domainRemoved(let domain), .descriptionChanged(let domain),
            .contactChanged(let domain):
            domains.contains(domain)
        case .certificatesChanged(let domain, let added, let removed):
            domains.contains(domain) || !certificateNames.isDisjoint(with: added + removed)
        case .certificateAdded(let name), .certificateRemoved(let name): certificateNames.contains(name)
        }
    }

    /// The French sentence for an administrator.
    public var explanation: String {
        switch self {
        case .domainAdded(let domain): "Le domaine « \(domain) » entre dans la liste blanche."
        case .domainRemoved(let domain): "Le domaine « \(domain) » sort de la liste blanche."
        case .certificatesChanged(let domain, let added, let removed):
            "Les certificats autorisés pour « \(domain) » changent : \(added.count) de plus, \(removed.count) de moins."
        case .certificateAdded(let name): "Le certificat « \(name) » entre dans la liste blanche."
        case .certificateRemoved(let name): "Le certificat « \(name) » sort de la liste blanche."
        case .descriptionChanged(let domain): "La description du domaine « \(domain) » change."
        case .contactChanged(let domain): "Les contacts du domaine « \(domain) » changent."
        }
    }
}

extension WhitelistEntry {
    fileprivate var contacts: [String] { [responsibleContact, supportContact] }
}

extension Set<DistinguishedName> {
    /// In the order of their texts, so that the same change always reads the same.
    fileprivate var inTextOrder: [DistinguishedName] {
        map { ($0.rfc4514, $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
