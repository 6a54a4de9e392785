import MSSCore
import MSSTestKit
import NIOCore
import Testing

@testable import MSSIMAP

/// Each attack runs against a server that must serve an honest client meanwhile, or afterwards.
@Suite("IMAP server: hostile clients", .serialized)
struct HostileClientTests {
    /// The time is for the sanitizers, under which the storm takes three minutes.
    private func attack(
        _ live: LiveIMAP, _ script: String, seconds: Int = 400
    ) async throws -> (output: String, succeeded: Bool) {
        let honest = #"""
            def honest():
                m = login(); assert m.select('INBOX')[0] == 'OK'
                assert m.fetch('1', '(BODY.PEEK[])')[0] == 'OK'; m.logout(); print('honest client served')

            """#
        return try await live.python(honest + script + "\nhonest()\n", seconds: seconds)
    }

    @Test("Ten million parentheses, endless lines and tags: the line's limit, and no stack")
    func endless() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("un")
        let (output, succeeded) = try await attack(
            live,
            #"""
            r = Raw(); r.login(); r.send(b'a SELECT INBOX\r\n'); r.until(b'a')
            try:
                r.send(b'b SEARCH ' + b'(' * 10000000 + b'\r\n'); print(r.line())
            except (OSError, EOFError): print('left')
            r = Raw(); r.login(); r.send(b'a SELECT INBOX\r\n'); r.until(b'a')
            r.send(b'b SEARCH ' + b'(' * 60000 + b'\r\n'); assert b'b BAD nested too deeply' in r.line()
            r.send(b'x' * 70000 + b' NOOP\r\n'); assert b'BAD' in r.line()
            """#)
        #expect(succeeded && output.contains("honest client served"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("FETCH storms from clients that do not read: their commands wait, memory stays bounded, others are served")
    func slowReader() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("un")
        for _ in 0..<20 { live.account.deliver(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)) }
        let before = try resident()
        let (output, succeeded) = try await attack(
            live,
            #"""
            slow = []
            for _ in range(5):
                r = Raw(); r.login(); r.send(b'a SELECT INBOX\r\n'); r.until(b'a')
                for k in range(50): r.send(b'f%d FETCH 1:* BODY.PEEK[]\r\n' % k)
                slow.append(r)
            for _ in range(5): honest()
            """#)
        #expect(succeeded && output.contains("honest client served"), "\(output)")
        // 5 sessions × 1 GB were asked for.
        #expect(try resident() - before < 100 << 20)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("A storm of FETCH 1:* from forty clients, of whom half leave in the middle: the others get every octet")
    func storm() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("un")
        for _ in 0..<20 { live.account.deliver(ByteBuffer(repeating: UInt8(ascii: "x"), count: 100_000)) }
        let before = try resident()
        let (output, succeeded) = try await attack(
            live,
            #"""
            whole = []
            def work(k):
                r = Raw(); r.login(); r.send(b'a SELECT INBOX\r\n'); r.until(b'a')
                for i in range(4): r.send(b'f%d FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])\r\n' % i)
                if k % 2: r.s.recv(1000); return r.s.close()
                n = 0
                while b'f3 OK' not in (l := r.line()): n += l.count(b'x')
                whole.append(n)
            ts = [threading.Thread(target=work, args=(k,)) for k in range(40)]
            [t.start() for t in ts]; [t.join() for t in ts]
            assert len(whole) == 20 and all(n >= 4 * 20 * 100000 for n in whole), whole
            """#)
        #expect(succeeded && output.contains("honest client served"), "\(output)")
        #expect(try resident() - before < 150 << 20)
        await live.server.shutDown(grace: .seconds(1))
    }

    private func resident() throws -> Int {
        let text = String(decoding: try TestFiles.read("/proc/self/statm"), as: UTF8.self)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    @Test("Literals announced and never sent, by many; pipelined floods: each session pays for itself")
    func floods() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("un")
        let (output, succeeded) = try await attack(
            live,
            #"""
            held = []
            for _ in range(30):
                r = Raw(); r.login(); r.send(b'a APPEND INBOX {20000000}\r\n'); assert r.line().startswith(b'+')
                r.send(b'Subject: x\r\n'); held.append(r)
            r = Raw(); r.login()
            def flood():
                try: r.send(b'n NOOP\r\n' * 10000)
                except OSError: pass
            t = threading.Thread(target=flood); t.start()
            for _ in range(10000): assert r.line() == b'n OK Completed\r\n'
            t.join()
            """#)
        #expect(succeeded && output.contains("honest client served"), "\(output)")
        #expect(try await live.account.mailboxes().first?.messages == 1)
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("Four clients expunge and move the same messages at once: none is lost, none goes twice, all see the same")
    func races() async throws {
        let live = try await LiveIMAP.start()
        for _ in 0..<150 { live.account.fill("m") }
        let (output, succeeded) = try await attack(
            live,
            #"""
            gone = []
            def work(seed):
                import random
                g = random.Random(seed); m = login(); m.select('INBOX')
                for _ in range(30):
                    us = m.uid('SEARCH', None, 'ALL')[1][0].split()
                    if len(us) < 10: break
                    u = us[g.randrange(len(us))].decode()
                    # Of a message that another has taken meanwhile: OK, and no COPYUID (RFC 9051 §6.4.9).
                    if g.random() < .5: m.uid('MOVE', u, 'Trash'); gone.append(m.response('COPYUID')[1][0])
                    else: m.uid('STORE', u, '+FLAGS', '(\\Deleted)'); m.expunge()
                m.logout()
            ts = [threading.Thread(target=work, args=(s,)) for s in range(4)]
            [t.start() for t in ts]; [t.join() for t in ts]
            a, b = login(), login()
            a.select('INBOX'); b.select('INBOX')
            assert a.uid('SEARCH', None, 'ALL') == b.uid('SEARCH', None, 'ALL')
            a.select('Trash')
            assert len(a.uid('SEARCH', None, 'ALL')[1][0].split()) == sum(g is not None for g in gone), gone
            """#)
        #expect(succeeded && output.contains("honest client served"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("Connections in all and sessions on one mailbox have limits, and whoever is beyond reads why")
    func connections() async throws {
        var limits = IMAPServerLimits()
        limits.sessionsPerMailbox = 3
        limits.connections = 8
        let live = try await LiveIMAP.start(limits: limits)
        let (output, succeeded) = try await live.python(
            #"""
            def wait(what):
                for _ in range(300):
                    try: return what()
                    except Exception: time.sleep(.1)
            ms = [login() for _ in range(3)]
            r = Raw(); print(r.login())
            rs = [socket.create_connection(('127.0.0.1', PSC)) for _ in range(4)]
            [s.recv(100) for s in rs]
            print(socket.create_connection(('127.0.0.1', PSC)).recv(100))
            [s.close() for s in rs]; ms[0].logout()
            wait(login).noop(); print('again')
            """#)
        #expect(succeeded && output.contains("NO [LIMIT] Too many sessions"), "\(output)")
        #expect(output.contains("BYE [UNAVAILABLE] Too many connections") && output.contains("again"), "\(output)")
        await live.server.shutDown(grace: .seconds(1))
    }
}
