public import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

/// How a CRL is made; the defaults make a good one.
public struct TestCRLOptions: Sendable, Hashable {
    /// Who signs.
    public enum Signature: Sendable, Hashable {
        /// The issuer.
        case good
        /// The issuer, then one bit flipped.
        case corrupt
        /// Another key, under the issuer's name and key identifier.
        case otherKey
    }

    /// Beginning of validity; `nil` is the hierarchy's present.
    public var thisUpdate: Timestamp?
    /// How long it is good for; `nil` leaves `nextUpdate` out (which RFC 5280 §5.1.2.5 forbids).
    public var lifetime: Duration?
    /// CRL number; `nil` takes the next.
    public var number: UInt64?
    /// Number of the full CRL that a delta completes; `nil` is the last full CRL made.
    public var baseNumber: UInt64?
    /// Who signs.
    public var signature: Signature
    /// URL in an issuing distribution point extension (RFC 5280 §5.2.5, critical); `nil` leaves it out.
    public var distributionPoint: String?
    /// Marks the issuing distribution point as holding CA certificates only: such a CRL says nothing of leaves.
    public var onlyAuthorities: Bool
    /// Adds a critical extension that nobody knows: the CRL must be refused (RFC 5280 §5.2).
    public var unknownCriticalExtension: Bool

    /// Options; all as in a good CRL that is valid for seven days unless told otherwise.
    public init(
        thisUpdate: Timestamp? = nil, lifetime: Duration? = .seconds(7 * 86_400), number: UInt64? = nil,
        baseNumber: UInt64? = nil, signature: Signature = .good, distributionPoint: String? = nil,
        onlyAuthorities: Bool = false, unknownCriticalExtension: Bool = false
    ) {
        self.thisUpdate = thisUpdate
        self.lifetime = lifetime
        self.number = number
        self.baseNumber = baseNumber
        self.signature = signature
        self.distributionPoint = distributionPoint
        self.onlyAuthorities = onlyAuthorities
        self.unknownCriticalExtension = unknownCriticalExtension
    }

    /// A good CRL.
    public static let good = TestCRLOptions()
}

/// An authority of a ``TestPKI``.
public enum TestIssuer: String, Sendable, Hashable, CaseIterable, Codable {
    /// The root: revokes the intermediate.
    case root
    /// The intermediate: revokes leaves.
    case intermediate
}

extension TestPKI {
    /// The full CRL of an authority, DER (RFC 5280 §5).
    public func fullCRL(of issuer: TestIssuer = .intermediate, _ options: TestCRLOptions = .good) throws -> [UInt8] {
        try numberedCRL(of: issuer, options).der
    }

    /// A full CRL and its number.
    func numberedCRL(of issuer: TestIssuer, _ options: TestCRLOptions = .good) throws -> (der: [UInt8], number: UInt64)
    {
        let (entries, number) = state.withLock { state in
            let number = state.crls[issuer, default: CRLNumbers()].take(options.number)
            if options.number == nil { state.crls[issuer]?.lastFull = number }
            let entries = state.revocations.filter {
                $0.value.byRoot == (issuer == .root) && $0.value.reason != .removeFromCRL
            }
            return (entries, number)
        }
        return (try encode(entries, number: number, base: nil, of: issuer, options), number)
    }

    /// The delta CRL of an authority, DER: what changed since its base (RFC 5280 §5.2.4).
    public func deltaCRL(of issuer: TestIssuer = .intermediate, _ options: TestCRLOptions = .good) throws -> [UInt8] {
        let (entries, number, base) = state.withLock { state in
            let number = state.crls[issuer, default: CRLNumbers()].take(options.number)
            let base = options.baseNumber ?? state.crls[issuer]?.lastFull ?? 0
            let entries = state.revocations.filter {
                $0.value.byRoot == (issuer == .root) && $0.value.firstCRL > base
            }
            return (entries, number, base)
        }
        return try encode(entries, number: number, base: base, of: issuer, options)
    }

    /// A full CRL whose validity ended yesterday.
    public func staleCRL(of issuer: TestIssuer = .intermediate) throws -> [UInt8] {
        try fullCRL(
            of: issuer,
            TestCRLOptions(thisUpdate: Timestamp(seconds: now.seconds - 8 * 86_400), lifetime: .seconds(7 * 86_400)))
    }

    /// PEM form of a CRL.
    public static func crlPEM(_ der: [UInt8]) -> String {
        PEMDocument(type: "X509 CRL", derBytes: der).pemString + "\n"
    }

    private func encode(
        _ revocations: [[UInt8]: Revocation], number: UInt64, base: UInt64?, of issuer: TestIssuer,
        _ options: TestCRLOptions
    ) throws -> [UInt8] {
        let authority = issuer == .root ? root : intermediate
        // Sorted, so that the same revocations give the same bytes.
        let entries = revocations.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let content = try Signed.encode { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(1)  // v2, RFC 5280 §5.1.2.1
                try coder.algorithm(Signed.sha256WithRSA)
                try coder.serialize(authority.name.x509)
                let thisUpdate = options.thisUpdate ?? now
                try coder.time(thisUpdate)
                if let lifetime = options.lifetime { try coder.time(thisUpdate + lifetime) }
                if !entries.isEmpty {
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        for (serialNumber, revocation) in entries { try coder.entry(serialNumber, revocation) }
                    }
                }
                try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { coder in
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try extensions(into: &coder, authority, number: number, base: base, options)
                    }
                }
            }
        }
        let key = options.signature == .otherKey ? try TestKeys.pool.key(for: authority.name.rfc4514) : authority.key
        return try Signed.encode(content, key: key, corrupt: options.signature == .corrupt)
    }

    private func extensions(
        into coder: inout DER.Serializer, _ authority: TestAuthority, number: UInt64, base: UInt64?,
        _ options: TestCRLOptions
    ) throws {
        try coder.extensionField(.authorityKey) { coder in
            coder = try Self.authorityKey(authority)
        }
        try coder.extensionField(.cRLNumber) { try $0.serialize(number) }
        if let base {
            try coder.extensionField(.deltaCRLIndicator, critical: true) { try $0.serialize(base) }
        } else if let url = endpoints.deltaCRL, authority.name == intermediate.name {
            try coder.extensionField(.freshestCRL) { try $0.distributionPoints(url) }
        }
        if options.distributionPoint != nil || options.onlyAuthorities {
            try coder.extensionField(.issuingDistributionPoint, critical: true) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    if let url = options.distributionPoint { try coder.distributionPointName(url) }
                    if options.onlyAuthorities {  // onlyContainsCACerts [2] IMPLICIT BOOLEAN
                        coder.appendPrimitiveNode(identifier: .context(2)) { $0.append(0xFF) }
                    }
                }
            }
        }
        if options.unknownCriticalExtension {
            try coder.extensionField([2, 999, 99], critical: true) { try $0.serialize(ASN1Null()) }
        }
    }

    private static func authorityKey(_ authority: TestAuthority) throws -> DER.Serializer {
        var coder = DER.Serializer()
        let field = try Certificate.Extension(
            AuthorityKeyIdentifier(keyIdentifier: authority.keyIdentifier), critical: false)
        coder.serializeRawBytes(field.value)
        return coder
    }
}

extension DER.Serializer {
    /// One `revokedCertificates` entry; the reason `unspecified` is left out (RFC 5280 §5.3.1).
    fileprivate mutating func entry(_ serialNumber: [UInt8], _ revocation: TestPKI.Revocation) throws {
        try appendConstructedNode(identifier: .sequence) { coder in
            coder.unsignedInteger(serialNumber)
            try coder.time(revocation.date)
            guard revocation.reason != .unspecified else { return }
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.extensionField(.cRLReason) { $0.enumerated(revocation.reason.rawValue) }
            }
        }
    }
}
