internal import X509

/// What a leaf certificate is for: its common name, names and key usages, after the products of IGC-Santé.
public struct TestCertificateProfile: Sendable, Hashable {
    /// Extended key usages in certificates of these kinds.
    public enum Purpose: Sendable, Hashable { case server, client, mail, codeSigning, ocspSigning }
    /// Key usage bits in certificates of these kinds.
    public enum Usage: Sendable, Hashable { case signature, commitment, encipherment, certificateSigning }

    /// `CN` of the subject.
    public var commonName: String
    /// DNS names of the subject alternative name extension; empty leaves the extension out.
    public var dnsNames: [String]
    /// Mail addresses of the subject alternative name extension.
    public var mailAddresses: [String]
    /// Extended key usages; empty leaves the extension out.
    public var purposes: [Purpose]
    /// Key usage bits; empty leaves the extension out.
    public var usages: Set<Usage>
    /// Last arc of the certificate policy, under the documentation arc 2.999.
    public var policy: UInt
    /// `id-pkix-ocsp-nocheck` (RFC 6960 §4.2.2.2.1), for OCSP responders.
    public var isExemptFromRevocation: Bool

    /// A profile from its parts.
    public init(
        commonName: String, dnsNames: [String] = [], mailAddresses: [String] = [], purposes: [Purpose],
        usages: Set<Usage>, policy: UInt, isExemptFromRevocation: Bool = false
    ) {
        self.commonName = commonName
        self.dnsNames = dnsNames
        self.mailAddresses = mailAddresses
        self.purposes = purposes
        self.usages = usages
        self.policy = policy
        self.isExemptFromRevocation = isExemptFromRevocation
    }

    /// SERV SSL: an operator's connector, server and client of SMTP exchanges; the SAN names it as its CN does.
    public static func server(commonName: String, dnsNames: [String]? = nil) -> TestCertificateProfile {
        TestCertificateProfile(
            commonName: commonName, dnsNames: dnsNames ?? [commonName], purposes: [.server, .client],
            usages: [.signature, .encipherment], policy: 1)
    }

    /// ORG AUTH_CLI: authenticates a structure at the API LPS (application mailboxes).
    public static func applicationClient(commonName: String) -> TestCertificateProfile {
        TestCertificateProfile(commonName: commonName, purposes: [.client], usages: [.signature], policy: 2)
    }

    /// ORG SIGN: a structure's electronic seal; good for no TLS connection.
    public static func seal(commonName: String) -> TestCertificateProfile {
        TestCertificateProfile(commonName: commonName, purposes: [], usages: [.commitment], policy: 3)
    }

    /// SERV S/MIME: the kind of certificate that signs the whitelist (Référentiel §6.6, table 42).
    public static func mailSigner(commonName: String, mailAddress: String? = nil) -> TestCertificateProfile {
        TestCertificateProfile(
            commonName: commonName, mailAddresses: mailAddress.map { [$0] } ?? [], purposes: [.mail],
            usages: [.signature, .encipherment], policy: 4)
    }

    /// The agency's whitelist signer; issue it with ``TestStructure/agency``.
    public static let whitelistSigner = mailSigner(
        commonName: "Liste Blanche MSSante TEST", mailAddress: "liste-blanche@test.mssante.fr")

    /// A delegated OCSP responder (RFC 6960 §4.2.2.2).
    public static func ocspResponder(commonName: String = "REPONDEUR OCSP DE TEST") -> TestCertificateProfile {
        TestCertificateProfile(
            commonName: commonName, purposes: [.ocspSigning], usages: [.signature], policy: 5,
            isExemptFromRevocation: true)
    }

    /// A certificate of a kind that no TLS peer may present: same names, code signing only.
    public func withWrongUsage() -> TestCertificateProfile {
        var profile = self
        profile.purposes = [.codeSigning]
        profile.usages = [.commitment]
        return profile
    }
}

extension TestCertificateProfile.Purpose {
    var x509: ExtendedKeyUsage.Usage {
        switch self {
        case .server: .serverAuth
        case .client: .clientAuth
        case .mail: .emailProtection
        case .codeSigning: .codeSigning
        case .ocspSigning: .ocspSigning
        }
    }
}
