import MSSCore
import MSSSASL
import MSSTLS
import NIOCore
import Logging

@testable import MSSIMAP

/// A session with its execution, without channel or socket: what the client says goes in, what it would read comes out.
final class IMAPDialogue {
    var session: IMAPServerSession
    var now = NIODeadline.uptimeNanoseconds(0)
    let accounts: InMemoryMailboxes
    /// What the client has been sent and not read.
    var sent = ""
    var isClosed = false
    var wantsTLS = false
    private let entryPoint: SharedIMAPEntryPoint
    private let output = IMAPOutput(limit: 1 << 30) {}
    private var runner: IMAPCommandRunner?
    private var idle: Task<IMAPServerSession.Answer?, Never>?

    init(
        _ configuration: IMAPSessionConfiguration = .open, accounts: InMemoryMailboxes = InMemoryMailboxes(),
        backend: (any MailboxBackend)? = nil, authenticator: any IMAPAuthenticator = KnownUsers()
    ) async {
        self.accounts = accounts
        let facts = IMAPSessionFacts(id: "1", entryPoint: "test", peer: nil)
        session = IMAPServerSession(configuration: configuration, facts: facts)
        var plain = configuration
        plain.security = .none  // the entry point's own socket is not used
        entryPoint = SharedIMAPEntryPoint(
            IMAPEntryPoint(
                name: "test", address: .tcp(host: "", port: 0), session: plain, tls: nil,
                authenticator: authenticator, backend: backend ?? accounts))
        session.start(at: now)
        await run()
    }

    /// A session that has logged in, and read what was sent about it.
    static func loggedIn(
        _ user: String = "marie@hopital.mssante.fr", accounts: InMemoryMailboxes = InMemoryMailboxes(),
        _ configuration: IMAPSessionConfiguration = .open, backend: (any MailboxBackend)? = nil
    ) async -> IMAPDialogue {
        let dialogue = await IMAPDialogue(configuration, accounts: accounts, backend: backend)
        _ = await dialogue.say("l LOGIN \(user) secret")
        return dialogue
    }

    /// Says lines, and returns what is answered.
    @discardableResult
    func say(_ text: String) async -> String { await feed(Array((text + "\r\n").utf8)) }

    /// Sends octets, and returns what is answered.
    @discardableResult
    func feed(_ octets: [UInt8]) async -> String {
        session.receive(ByteBuffer(bytes: octets), at: now)
        await run()
        return read()
    }

    /// What was sent since it was last read.
    func read() -> String {
        take()
        defer { sent = "" }
        return sent
    }

    func take() { while let octets = output.next() { sent += String(buffer: octets) } }

    /// Lets time pass.
    func wait(_ time: TimeAmount) async -> String {
        now = now + time
        session.expire(at: now)
        await run()
        return read()
    }

    /// Waits until something is sent to a client that idles.
    func nextWhileIdle() async -> String {
        while true {
            let text = read()
            if !text.isEmpty { return text }
            await Task.yield()
        }
    }

    func run() async {
        while let action = session.next(at: now) {
            take()
            switch action {
            case .send(let text): sent += text
            case .ask(.idle): if let runner { idle = Task { [log] in await IMAPCall.idle(runner, log).answer } }
            case .ask(let question):
                let result = await call.answer(question)
                if let opened = result.opened { runner = opened }
                take()
                guard let answer = result.answer else {
                    isClosed = true
                    continue
                }
                session.answer(answer, at: now)
            case .endIdle:
                idle?.cancel()
                let answer = await idle?.value
                take()
                if let answer { session.answer(answer, at: now) }
            case .abortAppend: await runner?.abortAppend()
            case .startTLS(let text):
                sent += text
                wantsTLS = true
            case .compress(let text): sent += text
            case .close: isClosed = true
            }
        }
        take()
    }

    private var call: IMAPCall {
        IMAPCall(
            entryPoint: entryPoint, facts: session.facts, runner: runner, output: output,
            log: log, admit: { _ in true })
    }

    private let log = SessionLog(logger: Logger(label: "test"), session: "1", entryPoint: "test")
}

/// Lets in whoever says `secret`, as the mailbox named; bearers of `good`; certificates.
struct KnownUsers: IMAPAuthenticator {
    func authenticate(_ credentials: SASLCredentials, _ facts: IMAPSessionFacts) async throws -> IMAPIdentity {
        switch credentials {
        case .plain(let plain) where plain.password.text == "secret",
            .login(let plain) where plain.password.text == "secret":
            return IMAPIdentity(mailbox: plain.authorizationIdentity ?? plain.user)
        case .xoauth2(let token) where token.token.text == "good": return IMAPIdentity(mailbox: token.user)
        case .xoauth2(let token) where token.token.text == "later": throw IMAPRefusal.unavailable(cause: "PSC is down")
        case .oauthBearer(let token) where token.token.text == "good":
            return IMAPIdentity(mailbox: token.user ?? "bearer")
        case .external(let name) where facts.tls?.peer != nil: return IMAPIdentity(mailbox: name ?? "application")
        case .plain(let plain) where plain.password.text.isEmpty && facts.tls?.peer != nil:
            return IMAPIdentity(mailbox: plain.user)
        default: throw IMAPRefusal.authenticationFailed(cause: "wrong")
        }
    }
}

extension IMAPSessionConfiguration {
    /// Without TLS, with every mechanism.
    static let open = IMAPSessionConfiguration(
        serverName: "imap.test", security: .none, mechanisms: [.plain, .xoauth2, .oauthBearer])

    func with(_ change: (inout IMAPSessionConfiguration) -> Void) -> IMAPSessionConfiguration {
        var copy = self
        change(&copy)
        return copy
    }
}

extension InMemoryAccount {
    /// Delivers messages with these subjects.
    func fill(_ subjects: String...) {
        for (index, subject) in subjects.enumerated() {
            deliver(
                ByteBuffer(
                    string: """
                        From: =?utf-8?Q?Ren=C3=A9e?= <renee\(index)@medecin.mssante.fr>\r
                        To: marie@hopital.mssante.fr\r
                        Subject: \(subject)\r
                        Date: \(index + 1) Nov 2026 10:00:00 +0100\r
                        Message-ID: <\(index)@medecin>\r
                        Content-Type: text/plain; charset=utf-8\r
                        Content-Transfer-Encoding: quoted-printable\r
                        \r
                        Bonjour n=C2=B0 \(index), résultat joint.\r

                        """))
        }
    }
}
