public import MSSCore
internal import X509
internal import _CryptoExtras

/// A certification hierarchy for tests, shaped like IGC-Santé's: a root, an intermediate that issues leaves, and the
/// revocation information of both.
///
/// Its keys are made when it is created, and are its own: two instances never trust each other, even with the same
/// names. Use ``shared`` unless a test needs a hierarchy of its own.
public final class TestPKI: Sendable {
    /// The process-wide hierarchy with the names of IGC-Santé's test branch.
    public static let shared = make(.igcSanteTest)
    /// The same names as ``shared`` but other keys: what an attacker can make at home.
    public static let lookalike = make(.igcSanteTest)
    /// A hierarchy with other names and other keys.
    public static let foreign = make(.foreign)

    /// The names of the authorities.
    public let hierarchy: TestHierarchy
    /// The time that validity is relative to: when the hierarchy was made.
    public let now: Timestamp
    /// The self-signed root.
    public let root: TestAuthority
    /// The intermediate, signed by the root.
    public let intermediate: TestAuthority

    let state: Guarded<State>

    struct State {
        var endpoints: TestEndpoints
        var issued: [IssuedCertificate] = []
        var revocations: [[UInt8]: Revocation] = [:]
        var crls: [TestIssuer: CRLNumbers] = [:]
        var responders: [String: TestCredential] = [:]
    }

    /// The CRL numbers of one authority (RFC 5280 §5.2.3: increasing over full and delta CRLs alike).
    struct CRLNumbers: Codable {
        var next: UInt64 = 1
        var lastFull: UInt64 = 0

        mutating func take(_ wanted: UInt64?) -> UInt64 {
            if let wanted { return wanted }
            defer { next += 1 }
            return next
        }
    }

    struct IssuedCertificate: Codable {
        let serialNumber: [UInt8]
        let byRoot: Bool
    }

    struct Revocation: Codable {
        var reason: TestRevocationReason
        var seconds: Int64
        var byRoot: Bool
        var date: Timestamp { Timestamp(seconds: seconds) }
        /// Number of the first CRL that tells it: a delta on an older base lists it.
        var firstCRL: UInt64
    }

    /// Makes a hierarchy with keys of its own.
    ///
    /// - Parameters:
    ///   - hierarchy: names of the authorities.
    ///   - endpoints: where leaves say that revocation information is found; may change later with ``endpoints``.
    ///   - now: the time that validities are relative to.
    public init(
        _ hierarchy: TestHierarchy = .igcSanteTest, endpoints: TestEndpoints = .unreachable,
        now: Timestamp = SystemWallClock().now()
    ) throws {
        self.hierarchy = hierarchy
        self.now = Timestamp(seconds: now.seconds)
        let rootKey = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let root = try CertificateMaker.authority(
            name: hierarchy.root, key: rootKey, issuer: nil, pathLength: nil, endpoints: endpoints, now: self.now)
        self.root = root
        intermediate = try CertificateMaker.authority(
            name: hierarchy.intermediate, key: try _RSA.Signing.PrivateKey(keySize: .bits2048), issuer: root,
            pathLength: 0, endpoints: endpoints, now: self.now)
        state = Guarded(State(endpoints: endpoints))
    }

    /// A hierarchy made before, with its memory.
    init(_ hierarchy: TestHierarchy, root: TestAuthority, intermediate: TestAuthority, now: Timestamp, state: State) {
        self.hierarchy = hierarchy
        self.root = root
        self.intermediate = intermediate
        self.now = Timestamp(seconds: now.seconds)
        self.state = Guarded(state)
    }

    /// Where certificates issued from now on say that revocation information is found.
    public var endpoints: TestEndpoints {
        get { state.withLock { $0.endpoints } }
        set { state.withLock { $0.endpoints = newValue } }
    }

    /// Root and intermediate, PEM, root first: the trust store of a connector (EX_OPE_5040).
    public var trustStorePEM: String { root.certificatePEM + intermediate.certificatePEM }

    private static func make(_ hierarchy: TestHierarchy) -> TestPKI {
        do { return try TestPKI(hierarchy) } catch { fatalError("test PKI: \(error)") }
    }
}
