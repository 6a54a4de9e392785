import MSSIMAP
import MSSSASL
import Testing

@Suite("Snippets of the article on reading mail by IMAP")
struct ReadingSnippetTests {
    private struct Tokens: Sendable {
        func accessToken() async throws -> String { "good" }
    }

    @Test("EX_LPS_0600: the article's client reads the subjects of INBOX with a token")
    func reading() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("un", "deux")
        let (host, port, address, tokens) = ("127.0.0.1", live.psc, LiveIMAP.user, Tokens())
        let tls = try LiveClient.tls()
        // snippet: reading
        let client = IMAPClient(
            IMAPClientConfiguration(host: host, port: port, serverName: "imap.hopital.test", tls: tls) {
                guard let credentials = XOAUTH2Credentials(user: address, token: try await tokens.accessToken()) else {
                    throw IMAPClientFailure(.credentials)
                }
                return .xoauth2(credentials)
            })
        let subjects = try await client.perform(in: .inbox) { session in
            var subjects: [String] = []
            for try await message in session.messages(.all, [.envelope]) {
                subjects.append(message.envelope?.subject ?? "")
            }
            return subjects
        }
        // end snippet
        #expect(subjects == ["un", "deux"])
        await client.close()
        await live.server.shutDown(grace: .seconds(1))
    }
}
