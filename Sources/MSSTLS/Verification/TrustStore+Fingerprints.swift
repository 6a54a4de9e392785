/// How the installed authorities compare with the published fingerprints (RE_OPE_5040).
public struct FingerprintReport: Sendable, Hashable {
    /// One authority, installed or expected.
    public enum Item: Sendable, Hashable {
        /// Installed and expected.
        case equal(Certificate)
        /// Installed, but its fingerprint is not in the expected list: forged, outdated or forgotten.
        case unknown(Certificate)
        /// Expected, but not installed.
        case missing(Fingerprint)
    }

    /// Installed authorities in the order of the store, then the missing ones in the order of the list.
    public let items: [Item]

    /// Whether the store is exactly what is expected.
    public var isIdentical: Bool {
        items.allSatisfy { if case .equal = $0 { true } else { false } }
    }

    /// One French sentence for the administrator.
    public var explanation: String {
        let unknown = items.filter { if case .unknown = $0 { true } else { false } }.count
        let missing = items.filter { if case .missing = $0 { true } else { false } }.count
        guard unknown + missing > 0 else {
            return "Les certificats d'autorité installés sont identiques à ceux de la source de confiance."
        }
        return
            "Les certificats d'autorité installés diffèrent de la source de confiance : inconnus \(unknown), manquants \(missing)."
    }
}

extension TrustStore {
    /// RE_OPE_5040: compares the installed authorities with the fingerprints that IGC-Santé publishes. SHA-256 is
    /// preferred; SHA-1 fingerprints, which the Référentiel also shows, are compared as such.
    public func compareFingerprints(with expected: [Fingerprint]) -> FingerprintReport {
        let wanted = Set(expected)
        var met: Set<Fingerprint> = []
        var items: [FingerprintReport.Item] = authorities.map { authority in
            let matches = [authority.sha256Fingerprint, authority.sha1Fingerprint].filter(wanted.contains)
            met.formUnion(matches)
            return matches.isEmpty ? .unknown(authority) : .equal(authority)
        }
        var told: Set<Fingerprint> = []
        for fingerprint in expected where !met.contains(fingerprint) && told.insert(fingerprint).inserted {
            items.append(.missing(fingerprint))
        }
        return FingerprintReport(items: items)
    }
}
