public import MSSCore

/// What a TLS entry point may negotiate, as data.
///
/// What no policy may choose is not here but in the context: no version below TLS 1.2, Diffie-Hellman and RSA of 2048
/// bits or more on both sides, no compression, no renegotiation, no resumption, no SHA-1 signature.
public struct TLSPolicy: Sendable, Hashable {
    /// The versions offered and accepted.
    public var versions: ClosedRange<TLSVersion>
    /// The suites offered and accepted, the preferred first in each version; a server's order decides.
    public var suites: [TLSCipherSuite]
    /// The elliptic-curve groups offered and accepted, the preferred first.
    public var groups: [TLSGroup]
    /// The signature algorithms offered and accepted, the preferred first.
    public var signatureAlgorithms: [TLSSignatureAlgorithm]
    /// The requirement that a refused version breaks.
    public var versionRequirement: RequirementID
    /// The requirement that a refused suite or a weak group breaks.
    public var suiteRequirement: RequirementID

    /// A policy from its parts; prefer ``operator(_:)`` and ``apiLPS(_:)``.
    public init(
        versions: ClosedRange<TLSVersion>, suites: [TLSCipherSuite], groups: [TLSGroup] = TLSGroup.allCases,
        signatureAlgorithms: [TLSSignatureAlgorithm] = TLSSignatureAlgorithm.allCases,
        versionRequirement: RequirementID, suiteRequirement: RequirementID
    ) {
        self.versions = versions
        self.suites = suites
        self.groups = groups
        self.signatureAlgorithms = signatureAlgorithms
        self.versionRequirement = versionRequirement
        self.suiteRequirement = suiteRequirement
    }

    /// Exchanges between operators: EX_OPE_5010, RE_OPE_5015.
    ///
    /// - 1.6: TLS 1.2 with exactly the six suites; TLS 1.3 may be supported, and is.
    /// - 1.7 draft: TLS 1.3 and 1.2, the two CBC suites forbidden.
    public static func `operator`(_ version: ReferentialVersion) -> TLSPolicy {
        let tls12 = version == .v1_6 ? suites12 : suites12.filter { !cbc.contains($0) }
        return TLSPolicy(
            versions: .tls12 ... .tls13, suites: suites13 + tls12, versionRequirement: "EX_OPE_5010",
            suiteRequirement: "EX_OPE_5010")
    }

    /// The entry points for client software: EX_LPS_0100 (TLS 1.2 must be accepted, later versions may), EX_LPS_0200.
    ///
    /// The drafts of 1.7 at hand do not touch EX_LPS_0200: the six suites stand in both versions.
    public static func apiLPS(_ version: ReferentialVersion) -> TLSPolicy {
        TLSPolicy(
            versions: .tls12 ... .tls13, suites: suites13 + suites12, versionRequirement: "EX_LPS_0100",
            suiteRequirement: "EX_LPS_0200")
    }

    /// The suites of one version, in order.
    public func suites(for version: TLSVersion) -> [TLSCipherSuite] {
        versions.contains(version) ? suites.filter { $0.version == version } : []
    }

    private static let cbc: Set<TLSCipherSuite> = [.ecdheRSAWithAES256CBC, .ecdheRSAWithAES128CBC]
    private static let suites12: [TLSCipherSuite] = [
        .ecdheRSAWithAES256GCM, .ecdheRSAWithAES128GCM, .dheRSAWithAES256GCM, .dheRSAWithAES128GCM,
        .ecdheRSAWithAES256CBC, .ecdheRSAWithAES128CBC,
    ]
    private static let suites13: [TLSCipherSuite] = [.aes256GCM, .chaCha20Poly1305, .aes128GCM]
}
