public import MSSCore

/// A CRL, complete or delta (RFC 5280 §5), as read; nothing is proven about its signature before a ``CRLStore`` took it.
///
/// The entries stay in the DER bytes, found through a hash table of their positions: 100,000 entries cost about 5 MB and
/// one look-up touches two or three of them.
public struct CertificateRevocationList: Sendable {
    /// IGC-Santé's largest are a few MB.
    public static let maximumBytes = 64 * 1024 * 1024
    /// The smallest entry has about 20 bytes; this many fill a CRL of the maximum size with ordinary ones.
    public static let maximumEntries = 2_000_000

    /// The bytes.
    public let der: [UInt8]
    /// The issuer's name.
    public let issuer: DistinguishedName
    /// The issuer's name, DER.
    public let issuerDER: [UInt8]
    /// When it was made.
    public let thisUpdate: Timestamp
    /// When the next one comes at the latest.
    public let nextUpdate: Timestamp
    /// Its number; `nil` when the authority gives none.
    public let number: CRLNumber?
    /// For a delta, the number of the complete CRL that it completes (RFC 5280 §5.2.4).
    public let baseNumber: CRLNumber?
    /// What identifies the key that signed it.
    public let authorityKeyIdentifier: AuthorityKeyIdentifier?
    /// Where the next deltas are found.
    public let freshestCRL: [CRLDistributionPoint]
    /// Which certificates it covers.
    public let scope: Scope

    let signedPart: Range<Int>
    let signatureAlgorithm: [UInt8]
    let signature: [UInt8]
    let entries: RevokedEntries

    /// Whether it lists changes only.
    public var isDelta: Bool { baseNumber != nil }
    /// How many certificates it lists.
    public var entryCount: Int { entries.count }

    /// Which certificates a CRL covers: its issuing distribution point (RFC 5280 §5.2.5).
    public struct Scope: Sendable, Hashable {
        /// The addresses of its distribution point; empty when it covers all the issuer's certificates.
        public var distributionPoint: Set<String> = []
        /// Covers end-entity certificates only.
        public var onlyEndEntities = false
        /// Covers CA certificates only.
        public var onlyAuthorities = false

        /// Whether a CRL of this scope tells about a certificate (RFC 5280 §6.3.3 (b)(2)).
        func covers(_ certificate: Certificate) -> Bool {
            if onlyEndEntities, certificate.isCertificateAuthority { return false }
            if onlyAuthorities, !certificate.isCertificateAuthority { return false }
            guard !distributionPoint.isEmpty else { return true }
            return certificate.crlDistributionPoints.contains { point in
                !point.isIndirect && point.uris.contains(where: distributionPoint.contains)
            }
        }
    }

    /// What it says about a serial number.
    struct Entry {
        let date: Timestamp
        let reason: RevocationReason?
    }

    /// The entry of a serial number (big-endian, without sign byte).
    func entry(of serialNumber: [UInt8]) -> Entry? {
        guard let position = entries.find(serialNumber, in: der) else { return nil }
        var reader = DERReader(der, in: position..<signedPart.upperBound)
        // The whole list was read when the CRL was: reading one entry again cannot fail.
        guard var fields = try? reader.enter(), (try? fields.readInteger()) != nil else {
            return Entry(date: thisUpdate, reason: nil)
        }
        // The list's reader checked the digits of the date, not the calendar: whatever it says, it is revoked.
        let date = (try? fields.readTime()) ?? thisUpdate
        return Entry(date: date, reason: (try? fields.readEntryExtensions()) ?? nil)
    }
}

extension DERReader {
    /// `crlEntryExtensions`: the reason, if stated; unknown critical ones are refused (RFC 5280 §5.3).
    mutating func readEntryExtensions() throws -> RevocationReason? {
        guard !isAtEnd else { return nil }
        var list = try enter()
        var reason: RevocationReason?
        while !list.isAtEnd {
            let (identifier, isCritical, value) = try list.readExtension()
            switch identifier {
            case KnownOID.reasonCode:
                var content = list.inside(value)
                let code = try content.readSmallInteger(DERTag.enumerated)
                try content.finish()
                reason = UInt8(exactly: code).flatMap(RevocationReason.init(rawValue:))
            case KnownOID.certificateIssuer: throw CRLError.unsupportedScope  // only in indirect CRLs
            default: if isCritical, identifier != KnownOID.invalidityDate { throw CRLError.unknownCriticalExtension }
            }
        }
        try finish()
        return reason
    }
}
