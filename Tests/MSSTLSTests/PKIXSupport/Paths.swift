import MSSCore
import MSSTestKit

@testable import MSSTLS

/// What the tests of certificates share.
enum Paths {
    static func store(_ pki: TestPKI = .shared) throws -> TrustStore {
        try TrustStore(authorities: Certificate.parsePEM(pki.trustStorePEM))
    }

    static func peer(
        _ credential: TestCredential, _ purpose: PeerPurpose = .client, hostname: String? = nil
    ) -> PresentedPeer {
        PresentedPeer(certificateDER: credential.certificateDER, purpose: purpose, expectedHostname: hostname)
    }

    /// The path of a credential, leaf first, root last.
    static func chain(_ credential: TestCredential, _ pki: TestPKI = .shared) throws -> [Certificate] {
        let verifier = PKIXVerifier(trustStore: try store(pki))
        return try verifier.validatePath(peer(credential), at: pki.now).get().chain
    }
}

extension PeerVerdict {
    var failure: CertificateFailure? { if case .refused(let failure) = self { failure } else { nil } }
    var accepted: VerifiedPeer? { if case .accepted(let peer) = self { peer } else { nil } }
    var isPending: Bool { if case .pending = self { true } else { false } }
}

extension Result {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

/// Runs `openssl` and fails the test when it does not start.
func openssl(_ arguments: String..., input: [UInt8] = []) async throws -> ExternalTool.Result {
    try await ExternalTool.run("openssl", arguments, input: input)
}

/// A directory that is removed with all it holds when the closure ends.
func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let directory = try TestFiles.temporaryDirectory("mss-pkix")
    let result: Result<Value, any Error>
    do { result = .success(try await body(directory)) } catch { result = .failure(error) }
    _ = try await ExternalTool.run("rm", ["-rf", directory])
    return try result.get()
}
