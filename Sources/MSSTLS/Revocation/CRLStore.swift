public import MSSCore

/// The CRLs held: verified against the trust store, in memory for the handshakes, on disk for the next start.
///
/// Look-ups take a lock for a moment only; a new CRL replaces an old one whole.
public final class CRLStore: Sendable {
    /// Clocks of authorities may run ahead of ours by this much.
    public static let clockSkew = Duration.seconds(300)

    /// Where the CRLs are kept; `nil` keeps them in memory only.
    public let directory: String?
    private let state: Guarded<State>

    private struct State {
        var trustStore: TrustStore
        var issuers: [IssuerKey: [HeldCRL]] = [:]
    }

    /// An authority's name and key: one that renews its certificate with the same key keeps its CRLs.
    struct IssuerKey: Hashable {
        let name: [UInt8]
        let key: [UInt8]

        init(_ issuer: Certificate) {
            name = issuer.subjectDER
            key = issuer.subjectPublicKeyInfo
        }
    }

    /// A complete CRL and the delta that completes it.
    struct HeldCRL: Sendable {
        var complete: CertificateRevocationList
        var delta: CertificateRevocationList?
    }

    /// What taking a CRL changed.
    public enum Installation: Sendable, Hashable {
        /// It replaced an older one, or is the first.
        case installed
        /// It is the one already held.
        case unchanged
    }

    /// An empty store; ``loadFromDisk(at:)`` fills it with what an earlier run kept.
    public init(trustStore: TrustStore, directory: String? = nil) {
        state = Guarded(State(trustStore: trustStore))
        self.directory = directory
    }

    /// The authorities that CRLs are verified with; setting it drops those that no longer verify.
    public var trustStore: TrustStore {
        get { state.withLock { $0.trustStore } }
        set {
            state.withLock { state in
                state.trustStore = newValue
                let known = Set(newValue.authorities.map(IssuerKey.init))
                state.issuers = state.issuers.filter { known.contains($0.key) }
            }
        }
    }

    /// Takes a CRL, DER or PEM, if it is signed by an authority of the trust store and not older than the one held.
    ///
    /// Verifies and writes to disk: not to be called on an event loop.
    public func install(_ bytes: [UInt8], at time: Timestamp) throws(CRLError) -> Installation {
        try install(try CertificateRevocationList(der: try Self.der(of: bytes)), at: time)
    }

    /// Takes a CRL that was read.
    func install(_ list: CertificateRevocationList, at time: Timestamp) throws(CRLError) -> Installation {
        let installation = try accept(list, at: time)
        if installation == .installed, let directory { try write(list, to: directory) }
        return installation
    }

    /// Verifies a CRL and takes it in memory.
    func accept(_ list: CertificateRevocationList, at time: Timestamp) throws(CRLError) -> Installation {
        guard list.thisUpdate <= time + Self.clockSkew else { throw .notYetValid }
        let issuer = try verifiedIssuer(of: list, at: time)
        let key = IssuerKey(issuer)
        return try state.withLock { (state) throws(CRLError) in
            var held = state.issuers[key] ?? []
            let index = held.firstIndex { $0.complete.scope == list.scope }
            let installation: Installation
            if let index {
                installation = try held[index].take(list)
            } else {
                if let base = list.baseNumber { throw .baseMismatch(needed: base, held: nil) }
                held.append(HeldCRL(complete: list))
                installation = .installed
            }
            state.issuers[key] = held
            return installation
        }
    }

    /// The authority that signed a CRL, its signature verified (RFC 5280 §6.3.3 (f), (g)).
    private func verifiedIssuer(
        of list: CertificateRevocationList, at time: Timestamp
    ) throws(CRLError) -> Certificate {
        let store = trustStore
        let candidates = store.authorities(named: list.issuer).filter { authority in
            guard authority.keyUsage?.contains(.crlSign) ?? true, store.isTrusted(authority, at: time) else {
                return false
            }
            guard let wanted = list.authorityKeyIdentifier?.keyIdentifier, let own = authority.subjectKeyIdentifier
            else { return true }
            return wanted == own
        }
        guard !candidates.isEmpty else { throw .unknownIssuer }
        let issuer = candidates.first { authority in
            authority.verifies(
                list.signature, over: list.der[list.signedPart], algorithm: list.signatureAlgorithm)
        }
        guard let issuer else { throw .badSignature }
        return issuer
    }

    static func der(of bytes: [UInt8]) throws(CRLError) -> [UInt8] {
        guard bytes.first != DERTag.sequence else { return bytes }
        guard let block = try? PEM.blocks(in: bytes, labels: ["X509 CRL"]).first else { throw .malformed }
        return block.bytes
    }

    func held(of issuer: Certificate) -> [HeldCRL] { state.withLock { $0.issuers[IssuerKey(issuer)] ?? [] } }

    /// Everything held, for supervision: issuer's name, number, entries, dates.
    public var lists: [CertificateRevocationList] {
        state.withLock { $0.issuers.values.flatMap { $0 } }
            .flatMap { held in [held.complete] + (held.delta.map { [$0] } ?? []) }
            .sorted { ($0.issuerDER.count, $0.thisUpdate) < ($1.issuerDER.count, $1.thisUpdate) }
    }
}

extension CRLStore.HeldCRL {
    /// Takes a newer complete or delta CRL of the same issuer and scope.
    mutating func take(_ list: CertificateRevocationList) throws(CRLError) -> CRLStore.Installation {
        guard let base = list.baseNumber else {
            guard complete.der != list.der else { return .unchanged }
            try list.requireNewer(than: complete)
            complete = list
            // A delta that the new list already contains adds nothing.
            if let held = delta, !held.completes(list) { delta = nil }
            return .installed
        }
        guard delta?.der != list.der else { return .unchanged }
        // RFC 5280 §5.2.4 (c): the complete CRL is at least the delta's base.
        guard let number = complete.number, number >= base else {
            throw .baseMismatch(needed: base, held: complete.number)
        }
        // (d): a delta that is not newer than the complete list says nothing new, but is no attack either.
        guard list.completes(complete) else { return .unchanged }
        if let held = delta { try list.requireNewer(than: held) }
        delta = list
        return .installed
    }
}

extension CertificateRevocationList {
    /// Numbers never go back (RFC 5280 §5.2.3); without numbers, dates decide.
    fileprivate func requireNewer(than held: CertificateRevocationList) throws(CRLError) {
        let isOlder =
            switch (held.number, number) {
            case (let old?, let new?): new < old || (new == old && thisUpdate < held.thisUpdate)
            case (_?, nil): true
            case (nil, _): thisUpdate < held.thisUpdate
            }
        if isOlder { throw .rollback(held: held.number, offered: number) }
    }

    /// Whether this delta may complete a list (RFC 5280 §5.2.4 (c), (d)).
    fileprivate func completes(_ list: CertificateRevocationList) -> Bool {
        guard let base = baseNumber, let own = number, let number = list.number else { return false }
        return base <= number && number < own
    }
}

extension Certificate {
    /// Whether this certificate's key signed bytes, with an algorithm of 112 bits of security or more.
    func verifies(_ signature: [UInt8], over bytes: ArraySlice<UInt8>, algorithm: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            fields.openSSL.verify(signature, over: buffer, algorithm: algorithm)
        }
    }
}
