import MSSCore
public import MSSTLS
public import MSSTestKit

/// A certificate of the test PKI, as our TLS and as other programs take it.
///
/// Apart from MSSTestKit, which stands on nothing that it tests (decision 0060).
public struct TestIdentity: Sendable {
    /// The certificate and its key.
    public let credential: TestCredential
    /// For our TLS: the leaf alone (EX_OPE_5040).
    public var identity: TLSIdentity
    /// A folder of files for other programs: `leaf.pem`, `chain.pem`, `key.pem`, and `ca.pem` to verify by.
    public let directory: String

    /// The certificate in all its forms.
    public init(_ credential: TestCredential) throws {
        self.credential = credential
        identity = try TLSIdentity(credential)
        directory = try TestFiles.temporaryDirectory("mss-identity")
        try TestFiles.write(credential.certificatePEM, to: "\(directory)/leaf.pem")
        try TestFiles.write(credential.chainPEM, to: "\(directory)/chain.pem")
        try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/key.pem", mode: 0o600)
        try TestFiles.write(TestPKI.shared.trustStorePEM, to: "\(directory)/ca.pem")
    }

    /// A certificate that many tests share. Should the test PKI not give it, nothing of them could run.
    public static func shared(_ credential: @autoclosure () throws -> TestCredential) -> TestIdentity {
        do { return try TestIdentity(credential()) } catch {
            preconditionFailure("no certificate of the test PKI: \(error)")
        }
    }

    /// The arguments that make the openssl command use it.
    public var arguments: [String] {
        ["-cert", "\(directory)/leaf.pem", "-key", "\(directory)/key.pem", "-CAfile", "\(directory)/ca.pem"]
    }
}

extension TLSIdentity {
    /// A certificate of the test PKI: the leaf alone (EX_OPE_5040).
    public init(_ credential: TestCredential) throws {
        guard let key = PrivateKey(unencryptedPEM: credential.privateKeyPEM.utf8) else { throw NoKey() }
        self.init(chain: [try Certificate(der: credential.certificateDER)], key: key)
    }

    private struct NoKey: Error {}
}

extension TrustStore {
    /// The authorities of the test PKI.
    public static let testPKI: TrustStore = {
        do {
            return try TrustStore(
                authorities: [TestPKI.shared.root, TestPKI.shared.intermediate].map {
                    try Certificate(der: $0.certificateDER)
                })
        } catch { preconditionFailure("no authorities of the test PKI: \(error)") }
    }()
}

extension PKIXVerifier {
    /// Accepts what the test PKI issued.
    public static let testPKI = PKIXVerifier(trustStore: .testPKI)
}
