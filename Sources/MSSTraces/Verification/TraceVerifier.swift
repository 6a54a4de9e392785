import MSSCore
public import MSSTLS

/// The result of a verification.
public struct TraceVerification: Sendable, Hashable {
    /// The identity of the store; empty when it cannot be read.
    public internal(set) var store = ""
    /// Everything found, journal by journal, oldest first.
    public internal(set) var findings: [TraceFinding] = []
    /// Records read and found in their place.
    public internal(set) var records = 0
    /// Of these, records not yet under a seal.
    public internal(set) var unsealed = 0
    /// Seals whose signature verifies.
    public internal(set) var seals = 0
    /// Segments erased at the end of their retention, with a statement that verifies.
    public internal(set) var erased = 0
    /// Bytes read.
    public internal(set) var bytes = 0

    /// Whether nothing puts the evidence in doubt.
    public var isSound: Bool { !findings.contains(where: \.isAlarm) }
}

/// Reads a whole store and finds any deletion, edit, reordering or truncation. It needs no index, holds one segment in
/// memory, and may run beside a writer.
///
/// What lies under a seal is proven by the operator's key; what came since by the anchors. Without an anchor, who can
/// write the folder can rewrite the records after the last seal, and the store's own head with them.
public struct TraceVerifier: Sendable {
    private let layout: StoreLayout
    private let certificates: [TraceDigest: Certificate]
    private let anchors: [any TraceAnchor]
    private let heads: [TraceHead]

    /// Verifies the store in a folder.
    ///
    /// - Parameters:
    ///   - certificates: those whose seals are believed. That they are the operator's is for the caller to know; that
    ///     they expired since is no fault.
    ///   - anchors: where heads were published.
    ///   - heads: heads that were handed over in another way: mailed, printed, deposited. Several of different times hold
    ///     the journal at each of them.
    public init(
        folder: String, certificates: [Certificate], anchors: [any TraceAnchor] = [], heads: [TraceHead] = []
    ) {
        layout = StoreLayout(root: folder)
        self.certificates = Dictionary(
            certificates.map { (TraceDigest(of: $0.der), $0) }, uniquingKeysWith: { first, _ in first })
        self.anchors = anchors
        self.heads = heads
    }

    /// Verifies everything.
    public func verify() async -> TraceVerification { await offPool { run() } }

    private func run() -> TraceVerification {
        var result = TraceVerification()
        guard let identity = try? layout.readIdentity() else {
            result.findings.append(.unreadable(path: layout.root))
            return result
        }
        result.store = identity
        for family in TraceFamily.allCases {
            var journal = JournalVerification(
                family, layout, identity: identity, certificates: certificates, anchors: anchors,
                heads: heads)
            journal.run(&result)
        }
        return result
    }
}
