import MSSCore
import MSSTLS
import MSSTestKit

/// What the TLS tests take from the test PKI.
enum Identities {
    static let server = try! make(TestPKI.shared.issue(.server(commonName: "mx.hopital.test")))
    static let client = try! make(TestPKI.shared.issue(.server(commonName: "mx.clinique.test"), subject: .clinic))
    static let foreign = try! make(TestPKI.foreign.issue(.server(commonName: "mx.hopital.test")))

    /// An identity with the leaf only, as EX_OPE_5040 has it, and the files that the openssl command needs.
    static func make(_ credential: TestCredential) throws -> TestIdentity {
        let directory = try TestFiles.temporaryDirectory("mss-tls")
        try TestFiles.write(credential.certificatePEM, to: "\(directory)/leaf.pem")
        try TestFiles.write(credential.chainPEM, to: "\(directory)/chain.pem")
        try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/key.pem", mode: 0o600)
        try TestFiles.write(TestPKI.shared.trustStorePEM, to: "\(directory)/ca.pem")
        return TestIdentity(
            credential: credential,
            identity: TLSIdentity(
                chain: [try Certificate(der: credential.certificateDER)],
                key: PrivateKey(unencryptedPEM: credential.privateKeyPEM.utf8)!), directory: directory)
    }
}

struct TestIdentity: Sendable {
    var credential: TestCredential
    var identity: TLSIdentity
    var directory: String

    /// The arguments that make the openssl command use it.
    var arguments: [String] {
        ["-cert", "\(directory)/leaf.pem", "-key", "\(directory)/key.pem", "-CAfile", "\(directory)/ca.pem"]
    }
}

/// A verifier that answers what the test says; by default accepts what the shared test PKI's intermediate issued.
/// (Path validation has its own tests: here only the TLS engine is under test.)
struct ScriptedVerifier: PeerVerifier {
    var answer: @Sendable (PresentedPeer, VerifiedPeer) -> PeerVerdict = { peer, verified in
        let intermediate = try! Certificate(der: TestPKI.shared.intermediate.certificateDER)
        return verified.certificate.issuerDER == intermediate.subjectDER
            ? .accepted(verified) : .refused(.unknownAuthority)
    }

    func verify(_ peer: PresentedPeer, at time: Timestamp) -> PeerVerdict {
        do {
            let certificate = try Certificate(der: peer.certificateDER)
            return answer(
                peer, VerifiedPeer(certificate: certificate, chain: [certificate], revocation: .notChecked))
        } catch { return .refused(.malformed(error)) }
    }

    static func refusing(_ failure: CertificateFailure) -> ScriptedVerifier {
        ScriptedVerifier { _, _ in .refused(failure) }
    }

    /// Leaves the answer to a check that the test finishes.
    static func pending(
        _ check: @escaping @Sendable (VerifiedPeer, [UInt8]?) async -> Result<VerifiedPeer, CertificateFailure>
    ) -> ScriptedVerifier {
        ScriptedVerifier { _, verified in .pending(verified, check: { await check(verified, $0) }) }
    }
}

extension TLSLimits {
    /// On a machine busy with every other test, a handshake may wait minutes for a thread.
    static let patient = TLSLimits(handshakeTimeout: .seconds(900))
}

extension TLSConfiguration {
    static func testServer(
        _ identity: TestIdentity = Identities.server, policy: TLSPolicy = .operator(.v1_6),
        clients: ClientAuthentication = .required(ScriptedVerifier()), limits: TLSLimits = .patient
    ) -> TLSConfiguration {
        .server(policy: policy, identity: identity.identity, clientAuthentication: clients, limits: limits)
    }

    static func testClient(
        _ identity: TestIdentity? = Identities.client, policy: TLSPolicy = .operator(.v1_6),
        verifier: any PeerVerifier = ScriptedVerifier(), limits: TLSLimits = .patient
    ) -> TLSConfiguration {
        .client(policy: policy, identity: identity?.identity, verifier: verifier, limits: limits)
    }
}

extension TLSPolicy {
    /// The policy restricted to one suite and its version.
    func only(_ suite: TLSCipherSuite) -> TLSPolicy {
        var policy = self
        policy.versions = suite.version...suite.version
        policy.suites = [suite]
        return policy
    }

    func only(_ version: TLSVersion) -> TLSPolicy {
        var policy = self
        policy.versions = version...version
        return policy
    }
}
