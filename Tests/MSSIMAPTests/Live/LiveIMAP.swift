import Logging
import MSSCore
import MSSTestKit
import NIOCore
import TestIdentities

@testable import MSSIMAP
@testable import MSSTLS

/// Certificates of the tests, and the files that other programs need of them.
enum LiveIdentity {
    static let server = TestIdentity.shared(try TestPKI.shared.issue(.server(commonName: "imap.hopital.test")))
    static let client = TestIdentity.shared(
        try TestPKI.shared.issue(.applicationClient(commonName: "Authentification MSS"), subject: .clinic))
    /// For clients that compare the name that they connect to, and can be told no other.
    static let localhost = TestIdentity.shared(try TestPKI.shared.issue(.server(commonName: "localhost")))
}

/// The two entry points of the API LPS, on loopback, over accounts in memory.
struct LiveIMAP {
    let server: IMAPServer
    let accounts: InMemoryMailboxes
    static let user = "marie@hopital.mssante.fr"

    var psc: Int { server.address(of: "psc")!.port! }
    var certificate: Int { server.address(of: "certificate")!.port! }
    /// As ``psc``, with TLS from the first octet: for clients that know no STARTTLS.
    var immediate: Int { server.address(of: "immediate")!.port! }
    var account: InMemoryAccount { accounts.account(Self.user) }

    static func start(
        limits: IMAPServerLimits = IMAPServerLimits(), identity: TestIdentity = LiveIdentity.server
    ) async throws -> LiveIMAP {
        let accounts = InMemoryMailboxes()
        func point(
            _ name: String, _ session: IMAPSessionConfiguration, _ clients: TLSConfiguration.ClientAuthentication
        ) throws -> IMAPEntryPoint {
            let tls = try TLSContext(
                .server(
                    policy: .operator(.v1_6), identity: identity.identity, clientAuthentication: clients))
            return IMAPEntryPoint(
                name: name, address: .tcp(host: "127.0.0.1", port: 0), session: session,
                tls: ReloadableTLSContext(tls), authenticator: KnownUsers(), backend: accounts)
        }
        var immediate = IMAPSessionConfiguration.psc(serverName: "imap.hopital.test")
        immediate.security = .immediate
        var logger = Logger(label: "imap")
        logger.logLevel = .error
        let server = try await IMAPServer.start(
            [
                point("psc", .psc(serverName: "imap.hopital.test"), .none),
                point("immediate", immediate, .none),
                point("certificate", .certificate(serverName: "imap.hopital.test"), .required(PKIXVerifier.testPKI)),
            ], limits: limits, logger: logger)
        return LiveIMAP(server: server, accounts: accounts)
    }

    /// Runs a script of Python, which knows the ports and certificates; what it prints.
    func python(
        _ script: String, with interpreter: String = "python3", seconds: Int = 60
    ) async throws -> (output: String, succeeded: Bool) {
        let head = """
            import base64, imaplib, socket, ssl, sys, time, zlib, re, threading
            PSC, CERT, IMMEDIATE = \(psc), \(certificate), \(immediate)
            USER = '\(Self.user)'
            CA = '\(LiveIdentity.server.directory)/ca.pem'
            LEAF, KEY = '\(LiveIdentity.client.directory)/chain.pem', '\(LiveIdentity.client.directory)/key.pem'
            def tls(certificate=False):
                c = ssl.create_default_context(cafile=CA); c.check_hostname = False
                if certificate: c.load_cert_chain(LEAF, KEY)
                return c
            def token(t='good'): return ('user=%s\\x01auth=Bearer %s\\x01\\x01' % (USER, t)).encode()
            def login():
                m = imaplib.IMAP4('127.0.0.1', PSC); m.starttls(tls()); m.authenticate('XOAUTH2', lambda _: token())
                return m
            class Raw:
                def __init__(self):
                    self.s = socket.create_connection(('127.0.0.1', PSC)); self.s.settimeout(30); self.b = b''
                    self.line(); self.send(b's STARTTLS\\r\\n'); self.line()
                    self.s = tls().wrap_socket(self.s)
                def send(self, b): self.s.sendall(b)
                def line(self):
                    while b'\\n' not in self.b:
                        d = self.s.recv(65536)
                        if not d: raise EOFError(self.b)
                        self.b += d
                    l, self.b = self.b.split(b'\\n', 1)
                    return l + b'\\n'
                def until(self, tag):
                    all = b''
                    while True:
                        l = self.line(); all += l
                        if l.startswith(tag + b' '): return all
                def login(self):
                    self.send(b'l AUTHENTICATE XOAUTH2 ' + base64.b64encode(token()) + b'\\r\\n')
                    return self.until(b'l')

            """
        let path = try TestFiles.temporaryDirectory("mss-imap") + "/script.py"
        try TestFiles.write(head + script, to: path)
        let result = try await ExternalTool.run(interpreter, ["-u", path], seconds: seconds)
        return (result.everything, result.succeeded)
    }
}
