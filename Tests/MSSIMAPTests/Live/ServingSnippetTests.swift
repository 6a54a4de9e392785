import MSSCore
import MSSIMAP
import MSSTLS
import NIOCore
import TestIdentities
import Testing

@Suite("Snippets of the article on serving IMAP")
struct ServingSnippetTests {
    @Test("EX_LPS_0500: the article's server listens at both entry points of the API LPS")
    func serving() async throws {
        let port = 0
        let (tokens, certificates, mailboxes) = (KnownUsers(), KnownUsers(), InMemoryMailboxes())
        let identity = LiveIdentity.server.identity
        let tls = ReloadableTLSContext(
            try TLSContext(.server(policy: .operator(.v1_6), identity: identity, clientAuthentication: .none)))
        let mutualTLS = ReloadableTLSContext(
            try TLSContext(
                .server(
                    policy: .operator(.v1_6), identity: identity,
                    clientAuthentication: .required(PKIXVerifier.testPKI))))
        // snippet: serving
        let server = try await IMAPServer.start([
            IMAPEntryPoint(
                name: "imap-psc", address: .tcp(host: "127.0.0.1", port: port),
                session: .psc(serverName: "imap.hopital.mssante.fr"), tls: tls, authenticator: tokens,
                backend: mailboxes),
            IMAPEntryPoint(
                name: "imap-authcli", address: .tcp(host: "127.0.0.1", port: port),
                session: .certificate(serverName: "imap-cli.hopital.mssante.fr"), tls: mutualTLS,
                authenticator: certificates, backend: mailboxes),
        ])
        // end snippet
        #expect(server.address(of: "imap-psc")?.port != server.address(of: "imap-authcli")?.port)
        await server.shutDown(grace: .seconds(1))
    }
}
