public import MSSCore

/// What the CRLs held say about a certificate.
public enum CRLStatus: Sendable, Hashable {
    /// Not revoked, by a current CRL that covers it.
    case good(RevocationEvidence.Source)
    /// Revoked.
    case revoked(date: Timestamp, reason: RevocationReason?)
    /// No current CRL covers it.
    case unknown(RevocationUnknownReason)
}

extension CRLStore {
    /// What the CRLs held say about a certificate of `issuer` at `time` (RFC 5280 §6.3.3).
    ///
    /// A revocation counts even from a list that is stale: only its silence proves nothing any more.
    public func status(of certificate: Certificate, issuer: Certificate, at time: Timestamp) -> CRLStatus {
        var unknown = RevocationUnknownReason.noCRL
        var good: RevocationEvidence.Source?
        for held in held(of: issuer) where held.complete.scope.covers(certificate) {
            let list = held.complete
            let delta = held.delta
            let deltaIsCurrent = delta.map { $0.nextUpdate >= time } ?? false
            if let entry = delta?.entry(of: certificate.serialNumber) {
                guard entry.reason == .removeFromCRL else { return .revoked(date: entry.date, reason: entry.reason) }
                // RFC 5280 §5.2.4: taken off hold since the complete list; believed of a current delta only.
                if !deltaIsCurrent, let old = list.entry(of: certificate.serialNumber) {
                    return .revoked(date: old.date, reason: old.reason)
                }
            } else if let entry = list.entry(of: certificate.serialNumber) {
                return .revoked(date: entry.date, reason: entry.reason)
            }
            guard list.nextUpdate >= time else {
                unknown = .staleCRL(nextUpdate: list.nextUpdate)
                continue
            }
            good = .crl(
                number: list.number, delta: deltaIsCurrent ? delta?.number : nil, thisUpdate: list.thisUpdate,
                nextUpdate: list.nextUpdate)
        }
        return good.map(CRLStatus.good) ?? .unknown(unknown)
    }
}
