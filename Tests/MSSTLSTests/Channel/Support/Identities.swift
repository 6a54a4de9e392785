import MSSCore
import MSSTLS
import MSSTestKit
import TestIdentities

/// What the TLS tests take from the test PKI.
enum Identities {
    static let server = TestIdentity.shared(try TestPKI.shared.issue(.server(commonName: "mx.hopital.test")))
    static let client = TestIdentity.shared(
        try TestPKI.shared.issue(.server(commonName: "mx.clinique.test"), subject: .clinic))
    static let foreign = TestIdentity.shared(try TestPKI.foreign.issue(.server(commonName: "mx.hopital.test")))
}

/// A verifier that answers what the test says; by default accepts what the shared test PKI's intermediate issued.
/// (Path validation has its own tests: here only the TLS engine is under test.)
struct ScriptedVerifier: PeerVerifier {
    var answer: @Sendable (PresentedPeer, VerifiedPeer) -> PeerVerdict = { peer, verified in
        let intermediate = try! Certificate(der: TestPKI.shared.intermediate.certificateDER)  // it is one
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
