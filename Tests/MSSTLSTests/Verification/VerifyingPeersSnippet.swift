import MSSCore
import MSSHTTP
import MSSTLS
import MSSTestKit
import Testing

@Suite("Documentation: verifying peers")
struct VerifyingPeersSnippet {
    @Test("the snippet verifies a peer with CRLs fetched over HTTP")
    func snippet() async throws {
        let pki = try TestPKI()
        let server = try await CRLServer.start(pki)
        let crlAddresses = ["\(server.url)/root.crl", "\(server.url)/intermediate.crl"]
        let transport = try AsyncHTTPTransport()
        let authorities = try TestFiles.temporaryDirectory()
        let cache = try TestFiles.temporaryDirectory()
        try TestFiles.write(pki.trustStorePEM, to: "\(authorities)/igc-sante.pem")
        // snippet: verifier
        let trustStore = try TrustStore(contentsOf: authorities)
        let crls = CRLStore(trustStore: trustStore, directory: cache)
        _ = crls.loadFromDisk(at: SystemWallClock().now())
        let refresher = CRLRefresher(store: crls, urls: crlAddresses, transport: transport)
        let verifier = PKIXVerifier(
            trustStore: trustStore,
            revocation: RevocationChecker(
                policy: RevocationPolicy(order: .crlThenOCSP), crls: crls, ocsp: OCSPClient(transport: transport)))
        // end snippet
        await refresher.refreshAll()
        let credential = try pki.issue(.server(commonName: "mx.example"))
        let peer = PresentedPeer(certificateDER: credential.certificateDER, purpose: .client)
        guard case .accepted(let verified) = verifier.verify(peer, at: SystemWallClock().now()) else {
            Issue.record("not accepted")
            return
        }
        #expect(verified.revocation.items.count == 2)
        try await transport.shutDown()
        try await server.stop()
        _ = try await ExternalTool.run("rm", ["-rf", authorities, cache])
    }
}
