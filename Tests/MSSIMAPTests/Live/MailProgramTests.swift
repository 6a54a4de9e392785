import MSSCore
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSIMAP

/// Programs that people and servers read their mail with, against both entry points of the API LPS.
@Suite("IMAP server: mail programs of other hands", .serialized)
struct MailProgramTests {
    /// A folder of its own, and the server whose certificate says `localhost`.
    private func prepare(_ subjects: String...) async throws -> (live: LiveIMAP, folder: MailFolder) {
        let live = try await LiveIMAP.start(identity: LiveIdentity.localhost)
        for subject in subjects { live.account.fill(subject) }
        return (live, try MailFolder())
    }

    private var authority: String { "\(LiveIdentity.localhost.directory)/ca.pem" }
    private var leaf: String { "\(LiveIdentity.client.directory)/chain.pem" }
    private var key: String { "\(LiveIdentity.client.directory)/key.pem" }

    @Test("EX_LPS_0700: offlineimap by STARTTLS and XOAUTH2 brings all folders down, and what is new there up")
    func offlineimap() async throws {
        let (live, folder) = try await prepare("Premier", "Deuxième")
        try TestFiles.write(
            """
            [general]
            accounts = a
            metadata = \(folder.path)/metadata
            ui = basic
            [Account a]
            localrepository = L
            remoterepository = R
            [Repository L]
            type = Maildir
            localfolders = \(folder.path)/mail
            [Repository R]
            type = IMAP
            remotehost = localhost
            remoteport = \(live.psc)
            remoteuser = \(LiveIMAP.user)
            ssl = no
            starttls = yes
            sslcacertfile = \(authority)
            auth_mechanisms = XOAUTH2
            oauth2_access_token = good

            """, to: "\(folder.path)/rc")
        let arguments = ["HOME=\(folder.path)", "offlineimap", "-o", "-c", "\(folder.path)/rc"]
        let down = try await ExternalTool.run("env", arguments, seconds: 300)
        #expect(down.succeeded, "\(down.everything)")
        #expect(folder.messages().count == 2, "\(down.everything)")
        try TestFiles.write("Subject: local\n\nd'ici\n", to: "\(folder.path)/mail/Drafts/cur/1.1.x:2,S")
        let up = try await ExternalTool.run("env", arguments, seconds: 300)
        #expect(up.succeeded, "\(up.everything)")
        #expect(try await live.messages(in: "Drafts") == 1)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_1200: mbsync with a certificate keeps both sides alike: new messages, flags, expunges, both ways")
    func mbsync() async throws {
        let (live, folder) = try await prepare("Premier", "Deuxième", "Troisième")
        let run = {
            try await folder.mbsync(
                live, port: live.certificate,
                login: "Pass secret\nAuthMechs PLAIN\nClientCertificate \(leaf)\nClientKey \(key)")
        }
        let down = try await run()
        #expect(down.succeeded, "\(down.everything)")
        let inbox = folder.messages().sorted()
        #expect(inbox.count == 3, "\(down.everything)")
        // One is deleted here, one there, one is new here.
        let gone = try #require(inbox.first)
        let name = gone.split(separator: "/").last.map(String.init) ?? ""
        let moved = "\(folder.path)/mail/INBOX/cur/" + (name.contains(":2,") ? name + "T" : name + ":2,T")
        #expect(try await ExternalTool.run("mv", [gone, moved]).succeeded)
        try TestFiles.write("Subject: local\r\n\r\nd'ici\r\n", to: "\(folder.path)/mail/INBOX/cur/9.9.x:2,S")
        let up = try await run()
        #expect(up.succeeded, "\(up.everything)")
        #expect(try await live.messages(in: "INBOX") == 3, "\(up.everything)")
        #expect(folder.messages().count == 3)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_1200: fetchmail with a certificate takes the mail away")
    func fetchmail() async throws {
        let (live, folder) = try await prepare("Premier", "Deuxième")
        try TestFiles.write(
            """
            poll localhost protocol IMAP port \(live.certificate)
              user "\(LiveIMAP.user)" password "secret" sslproto "TLS1.2+" sslcertck sslcertfile "\(authority)"
              sslcert "\(leaf)" sslkey "\(key)" mda "cat >> \(folder.path)/mail"

            """, to: "\(folder.path)/rc", mode: 0o600)
        let result = try await ExternalTool.run(
            "env",
            [
                "HOME=\(folder.path)", "fetchmail", "-f", "\(folder.path)/rc", "--pidfile", "\(folder.path)/pid",
                "--nosyslog", "-a",
            ],
            seconds: 120)
        #expect(result.succeeded, "\(result.everything)")
        let taken = String(decoding: try TestFiles.read("\(folder.path)/mail"), as: UTF8.self)
        #expect(taken.contains("Subject: Premier") && taken.contains("Subject: Deux"))
        #expect(try await live.messages(in: "INBOX") == 0)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_0700: IMAPClient of Python: STARTTLS, XOAUTH2, QRESYNC, UTF-8 names, IDLE, THREAD")
    func imapclient() async throws {
        let (live, _) = try await prepare("Premier", "Deuxième")
        let (output, succeeded) = try await live.python(
            #"""
            import imapclient
            c = imapclient.IMAPClient('localhost', PSC, ssl=False); c.starttls(tls()); c.oauth2_login(USER, 'good')
            c.create_folder('Été/日本'); assert 'Été/日本' in [f[2] for f in c.list_folders()], c.list_folders()
            assert c.select_folder('INBOX')[b'EXISTS'] == 2
            data = c.fetch([1, 2], ['ENVELOPE', 'BODYSTRUCTURE', 'FLAGS', 'RFC822.SIZE', 'INTERNALDATE'])
            assert data[1][b'ENVELOPE'].subject == b'Premier', data
            assert c.search(['SUBJECT', 'Deuxième'], 'UTF-8') == [2]
            assert c.thread('REFERENCES', ['ALL'], 'UTF-8'), 'thread'
            assert c.sort(['REVERSE ARRIVAL']), 'sort'
            c.move([1], 'Été/日本')
            assert c.folder_status('Été/日本', ['MESSAGES'])[b'MESSAGES'] == 1
            c.idle()
            w = login(); w.append('INBOX', None, None, b'Subject: new\r\n\r\nx\r\n')
            told = []
            while not any(t[1] == b'EXISTS' for t in told if len(t) > 1): told += c.idle_check(timeout=60)
            c.idle_done(); c.logout(); print('done')
            """#, with: try await PythonEnvironment.python(with: "IMAPClient==4.1.0"), seconds: 300)
        #expect(succeeded && output.contains("done"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_0700: aioimaplib: XOAUTH2, commands at once, IDLE")
    func aioimaplib() async throws {
        let (live, _) = try await prepare("Premier", "Deuxième")
        let (output, succeeded) = try await live.python(
            #"""
            import asyncio, aioimaplib
            async def main():
                c = aioimaplib.IMAP4_SSL('localhost', IMMEDIATE, ssl_context=tls()); await c.wait_hello_from_server()
                r = await c.xoauth2(USER, 'good'); assert r.result == 'OK', r
                assert (await c.select('INBOX')).result == 'OK'
                r = await c.fetch('1:2', '(FLAGS BODY.PEEK[HEADER])'); assert r.result == 'OK', r
                assert any(b'Premier' in bytes(l) for l in r.lines), r
                r = await c.uid_search('SUBJECT Premier'); assert b'1' in r.lines[0], r
                i = await c.idle_start(timeout=120)
                w = login(); w.append('INBOX', None, None, b'Subject: new\r\n\r\nx\r\n')
                told = await c.wait_server_push(); assert any(b'3 EXISTS' in t for t in told), told
                c.idle_done(); await asyncio.wait_for(i, 60)
                await c.logout(); print('done')
            asyncio.run(main())
            """#, with: try await PythonEnvironment.python(with: "aioimaplib==2.0.3"), seconds: 300)
        #expect(succeeded && output.contains("done"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }
}
