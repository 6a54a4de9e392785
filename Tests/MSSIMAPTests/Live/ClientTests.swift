import MSSCore
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSIMAP

@Suite("IMAP server: clients of other hands", .serialized)
struct ClientTests {

    @Test(
        "EX_LPS_1100, EX_LPS_1200: beside a certificate, PLAIN names the mailbox and EXTERNAL is offered; none without it"
    )
    func certificate() async throws {
        let live = try await LiveIMAP.start()
        let (output, succeeded) = try await live.python(
            #"""
            m = imaplib.IMAP4('127.0.0.1', CERT); m.starttls(tls(True))
            assert 'AUTH=PLAIN' in m.capabilities and 'AUTH=EXTERNAL' in m.capabilities, m.capabilities
            m.authenticate('PLAIN', lambda _: ('\0%s\0' % USER).encode())
            assert m.select('INBOX')[0] == 'OK'; m.logout()
            try:
                n = imaplib.IMAP4('127.0.0.1', CERT); n.starttls(tls(False)); n.noop()
                print('accepted without certificate')
            except (ssl.SSLError, OSError, imaplib.IMAP4.abort): print('refused')
            """#)
        #expect(succeeded && output.contains("refused"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_0710: imaplib and curl read that a token is refused")
    func refused() async throws {
        let live = try await LiveIMAP.start()
        let (output, _) = try await live.python(
            #"""
            m = imaplib.IMAP4('127.0.0.1', PSC); m.starttls(tls())
            try: m.authenticate('XOAUTH2', lambda _: token('bad'))
            except imaplib.IMAP4.error as e: print(e)
            """#)
        #expect(output.contains("[AUTHENTICATIONFAILED] Authentication failed"), "\(output)")
        #expect(try await !curl(live, token: "bad", "/").succeeded)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_0500, EX_LPS_0700: Python's imaplib by STARTTLS and XOAUTH2: reads, flags, appends, searches, moves")
    func imaplib() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("Premier", "Second")
        let (output, succeeded) = try await live.python(
            #"""
            m = imaplib.IMAP4('127.0.0.1', PSC)
            assert 'STARTTLS' in m.capabilities and 'LOGINDISABLED' in m.capabilities, m.capabilities
            assert not any(c.startswith('AUTH=') for c in m.capabilities)
            m.starttls(tls())
            assert 'AUTH=XOAUTH2' in m.capabilities and 'SASL-IR' in m.capabilities, m.capabilities
            m.authenticate('XOAUTH2', lambda _: token())
            assert m.select('INBOX') == ('OK', [b'2'])
            typ, data = m.fetch('1:2', '(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
            assert typ == 'OK' and b'Premier' in data[0][1], data
            assert m.search(None, 'SUBJECT', 'Second') == ('OK', [b'2'])
            big = b'Subject: big\r\n\r\n' + (b'0123456789' * 7 + b'\r\n') * 20000
            typ, data = m.append('Sent', '(\\Seen)', imaplib.Time2Internaldate(time.time()), big)
            assert typ == 'OK' and b'APPENDUID' in data[0], data
            assert m.store('2', '+FLAGS', '(\\Flagged)')[0] == 'OK'
            assert m.uid('MOVE', '1', 'Archive')[0] == 'OK'
            m.select('Sent')
            typ, data = m.fetch('1', '(BODY[])')
            assert data[0][1] == big, len(data[0][1])
            print('done', m.status('Archive', '(MESSAGES)'), m.logout()[0])
            """#, seconds: 300)
        #expect(succeeded && output.contains("done ('OK', [b'Archive (MESSAGES 1)']) BYE"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }

    private func curl(
        _ live: LiveIMAP, token: String, _ path: String, _ more: String...
    ) async throws -> ExternalTool.Result {
        try await ExternalTool.run(
            "curl",
            [
                "-sS", "--ssl-reqd", "--cacert", "\(LiveIdentity.server.directory)/ca.pem", "--resolve",
                "imap.hopital.test:\(live.psc):127.0.0.1", "--user", LiveIMAP.user, "--oauth2-bearer", token,
                "--login-options", "AUTH=XOAUTH2", "imap://imap.hopital.test:\(live.psc)\(path)",
            ] + more, seconds: 30)
    }

    @Test("EX_LPS_0700: curl lists, reads, searches and appends with a token")
    func curl() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("Premier")
        let list = try await curl(live, token: "good", "/")
        #expect(list.text.contains("* LIST (\\HasNoChildren) \"/\" INBOX"), "\(list.everything)")
        let message = try await curl(live, token: "good", "/INBOX;UID=1")
        #expect(message.text.contains("Subject: Premier"), "\(message.everything)")
        let search = try await curl(live, token: "good", "/INBOX?SUBJECT%20Premier")
        #expect(search.text.contains("* SEARCH 1"), "\(search.everything)")
        let file = try TestFiles.temporaryDirectory("mss-imap") + "/message"
        try TestFiles.write("Subject: par curl\r\n\r\nx\r\n", to: file)
        let append = try await curl(live, token: "good", "/Sent", "-T", file)
        #expect(append.succeeded, "\(append.everything)")
        #expect(try await live.account.mailboxes().first { $0.name.text == "Sent" }?.messages == 1)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("RFC 4978: COMPRESS=DEFLATE both ways; a second one is refused")
    func compress() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill(String(repeating: "a", count: 900))
        let (output, succeeded) = try await live.python(
            #"""
            r = Raw(); r.login()
            r.send(b'c COMPRESS DEFLATE\r\n'); assert b'c OK' in r.until(b'c')
            d, i = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
            wire = 0
            def say(b, tag):
                global wire
                r.s.sendall(d.compress(b) + d.flush(zlib.Z_SYNC_FLUSH)); text = b''
                while not re.search(b'^' + tag + b' ', text, re.M):
                    data = r.s.recv(65536); wire += len(data); text += i.decompress(data)
                return text
            assert b'EXISTS' in say(b'd SELECT INBOX\r\n', b'd')
            text = say(b'e FETCH 1 BODY.PEEK[]\r\n', b'e')
            assert b'a' * 900 in text, text
            assert b'COMPRESSIONACTIVE' in say(b'f COMPRESS DEFLATE\r\n', b'f')
            print('compressed', wire < 900)
            """#)
        #expect(succeeded && output.contains("compressed True"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("RFC 2177: an idling client is told of new mail, and a server that stops says BYE")
    func idle() async throws {
        let live = try await LiveIMAP.start()
        let (output, succeeded) = try await live.python(
            #"""
            r = Raw(); r.login(); r.send(b'a SELECT INBOX\r\n'); r.until(b'a')
            r.send(b'b IDLE\r\n'); assert r.line().startswith(b'+')
            w = login(); w.append('INBOX', None, None, b'Subject: new\r\n\r\nx\r\n')
            assert r.line() == b'* 1 EXISTS\r\n'
            r.send(b'DONE\r\n'); assert b'b OK' in r.until(b'b')
            print('told')
            """#)
        #expect(succeeded && output.contains("told"), "\(output)")
        await live.server.shutDown(grace: .seconds(2))
        #expect(live.server.connections == 0)
    }
}
