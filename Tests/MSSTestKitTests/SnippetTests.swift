import MSSTestKit
import Testing

/// The code of the DocC article, compiled and run.
@Suite struct MSSTestKitSnippetTests {
    @Test("the snippet of the MSSTestKit article runs")
    func trustSpace() async throws {
        // snippet: trust-space
        let pki = TestPKI.shared
        let mine = try pki.issue(.server(commonName: "mx.alpha.mssante.fr"))
        let revoked = try pki.issue(
            .server(commonName: "mx.beta.mssante.fr"), subject: .clinic, status: .revoked(.keyCompromise))

        var list = WhitelistGenerator(count: 500).make()
        list.authorize(mine, for: "alpha.mssante.fr")
        list.authorize(revoked, for: "beta.mssante.fr")
        let server = try await WhitelistServer.start(list)
        // … an application downloads server.url …
        try server.apply(.tampered)
        // … it downloads again, and must keep the list that it has.
        try await server.stop()
        // end snippet
        #expect(server.fault == .tampered)
        #expect(mine.subject != revoked.subject)
    }
}
