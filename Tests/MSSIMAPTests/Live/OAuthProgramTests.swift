import MSSCore
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSIMAP

/// Mail programs that people read with, by access token (EX_LPS_0700).
@Suite("IMAP server: mail programs of other hands, with tokens", .serialized)
struct OAuthProgramTests {
    private static let authority = "\(LiveIdentity.localhost.directory)/ca.pem"

    @Test("EX_LPS_0700: mbsync by STARTTLS and XOAUTH2 keeps both sides alike; a refused token brings nothing")
    func mbsync() async throws {
        let live = try await LiveIMAP.start(identity: LiveIdentity.localhost)
        for subject in ["Premier", "Deuxième", "Troisième"] { live.account.fill(subject) }
        let folder = try MailFolder()
        func run(_ token: String) async throws -> ExternalTool.Result {
            try await folder.mbsync(live, port: live.psc, login: "PassCmd \"echo \(token)\"\nAuthMechs XOAUTH2")
        }
        let refused = try await run("bad")
        #expect(
            !refused.succeeded && refused.everything.contains("[AUTHENTICATIONFAILED] Authentication failed"),
            "\(refused.everything)")
        let down = try await run("good")
        #expect(down.succeeded && down.everything.contains("XOAUTH2"), "\(down.everything)")
        #expect(folder.messages().count == 3)
        try TestFiles.write("Subject: local\r\n\r\nd'ici\r\n", to: "\(folder.path)/mail/INBOX/cur/9.9.x:2,S")
        let up = try await run("good")
        #expect(up.succeeded, "\(up.everything)")
        #expect(try await live.messages(in: "INBOX") == 4, "\(up.everything)")
        await live.server.shutDown(grace: .seconds(1))
    }

    /// What a person does in neomutt, key by key, at a terminal of 100 columns; what the terminal then shows.
    private func neomutt(
        _ live: LiveIMAP, token: String, keys: String, _ folder: String
    ) async throws -> ExternalTool.Result {
        // Each call is one token more: the program asks for one whenever it logs in.
        try TestFiles.write(
            "#!/bin/sh\necho asked >> \(folder)/asked\necho \(token)\n", to: "\(folder)/token", mode: 0o700)
        try TestFiles.write(
            """
            set imap_user = "\(LiveIMAP.user)"
            set imap_authenticators = "xoauth2"
            set imap_oauth_refresh_command = "\(folder)/token"
            set ssl_starttls = yes
            set ssl_force_tls = yes
            set ssl_ca_certificates_file = "\(Self.authority)"
            set spoolfile = "imap://localhost:\(live.psc)/INBOX"
            set folder = "imap://localhost:\(live.psc)/"
            set header_cache = "" message_cachedir = ""
            set wait_key = no quit = yes move = no delete = yes confirm_append = no confirm_create = no
            set sleep_time = 0 timeout = 1
            push "\(keys)"

            """, to: "\(folder)/neomuttrc")
        // A terminal, as neomutt wants one, and what it wrote there.
        let script = """
            import os, pty, sys
            os.environ.update(TERM='vt100', COLUMNS='100', LINES='40', LANG='C.UTF-8', HOME=sys.argv[1])
            sys.exit(os.waitstatus_to_exitcode(pty.spawn(['neomutt', '-n', '-F', sys.argv[1] + '/neomuttrc'])))
            """
        return try await ExternalTool.run("python3", ["-c", script, folder], seconds: 120)
    }

    @Test("EX_LPS_0700: neomutt by STARTTLS and XOAUTH2 asks for a token, reads, saves, flags, moves and deletes")
    func neomutt() async throws {
        let live = try await LiveIMAP.start(identity: LiveIdentity.localhost)
        for subject in ["Premier", "Second", "Tiers"] { live.account.fill(subject) }
        let folder = try TestFiles.temporaryDirectory("mss-neomutt")
        // Shows the first; copies it to a file; marks the second as important; moves the third; deletes the first.
        let keys =
            "<first-entry><display-message><exit><copy-message>\(folder)/copie<enter>"
            + "<next-entry><flag-message><next-entry><save-message>=Archive<enter>"
            + "<first-entry><delete-message><sync-mailbox><quit>"
        let result = try await neomutt(live, token: "good", keys: keys, folder)
        #expect(result.succeeded, "\(result.everything)")
        let copy = String(decoding: try TestFiles.read("\(folder)/copie"), as: UTF8.self)
        #expect(copy.contains("Subject: Premier"), "\(result.everything)")
        #expect(try await live.messages(in: "INBOX") == 1, "\(result.everything)")
        #expect(try await live.messages(in: "Archive") == 1)
        let (left, _) = try await live.python(
            "m = login(); m.select('INBOX'); print(m.fetch('1', '(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])'))")
        #expect(left.contains("Subject: Second") && left.contains("\\Flagged"), "\(left)")
        #expect(String(decoding: try TestFiles.read("\(folder)/asked"), as: UTF8.self).contains("asked"))
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_0710: neomutt, which asked for a token and got one that is refused, opens nothing and says so")
    func neomuttRefused() async throws {
        let live = try await LiveIMAP.start(identity: LiveIdentity.localhost)
        live.account.fill("Premier")
        let folder = try TestFiles.temporaryDirectory("mss-neomutt")
        let result = try await neomutt(live, token: "bad", keys: "<quit>", folder)
        #expect(result.text.contains("Unable to open mailbox"), "\(result.everything)")
        #expect(!result.text.contains("Premier"))
        #expect(String(decoding: try TestFiles.read("\(folder)/asked"), as: UTF8.self).contains("asked"))
        await live.server.shutDown(grace: .seconds(1))
    }
}
