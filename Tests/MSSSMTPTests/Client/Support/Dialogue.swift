import MSSCore
import MSSSASL
import NIOCore

@testable import MSSSMTP

/// A session without a socket: the test plays the server, and the channel does what it is told.
struct Dialogue {
    var session: SMTPClientSession
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// What the client has said since the last look, lines ended by `|`.
    private(set) var said = ""
    private(set) var results: [SMTPTransactionResult] = []
    private(set) var failures: [SMTPClientFailure?] = []
    private(set) var contentRequests = 0
    private(set) var credentialRequests = 0
    private(set) var opened = 0
    /// Whether the peer is accepted at once.
    var refusal: SMTPPeerRefusal?
    var credentials: SASLCredentials?

    static let fullOffer = ["SIZE 1000000", "8BITMIME", "SMTPUTF8", "PIPELINING", "DSN"]

    init(_ configuration: SMTPClientSessionConfiguration) { session = SMTPClientSession(configuration) }

    /// A plain session that is open, with what the server offers.
    static func open(
        offering extensions: [String] = fullOffer, mode: SMTPClientSessionConfiguration.Mode = .smtp,
        pipelining: Bool = true,
        chunkSize: Int = 10
    ) -> Dialogue {
        var dialogue = Dialogue(.test(tls: false, mode: mode, pipelining: pipelining, chunkSize: chunkSize))
        dialogue.connect()
        dialogue.server("220 mx.test ready")
        dialogue.server(ehlo(extensions))
        _ = dialogue.takeSaid()
        return dialogue
    }

    static func ehlo(_ extensions: [String], name: String = "mx.test") -> String {
        let lines = ["\(name) greets you"] + extensions
        return lines.enumerated().map { ($0.offset == lines.count - 1 ? "250 " : "250-") + $0.element }
            .joined(separator: "\r\n")
    }

    mutating func connect() {
        session.start(at: now)
        drain()
    }

    /// The server says these lines.
    mutating func server(_ lines: String...) {
        for line in lines { raw(line + "\r\n") }
    }

    mutating func raw(_ text: String) {
        var bytes = ByteBuffer(string: text)
        session.receive(&bytes, at: now)
        drain()
    }

    mutating func raw(_ octets: [UInt8]) {
        var bytes = ByteBuffer(bytes: octets)
        session.receive(&bytes, at: now)
        drain()
    }

    mutating func begin(_ envelope: OutgoingEnvelope, size: Int? = nil, lineEnds: SMTPLineEnds = .refuse) {
        session.begin(envelope, size: size, lineEnds: lineEnds, at: now)
        drain()
    }

    mutating func give(_ text: String) {
        session.content(ByteBuffer(string: text), at: now)
        drain()
    }

    mutating func endContent() {
        session.endContent(at: now)
        drain()
    }

    mutating func passes(_ duration: Duration) {
        now = now + TimeAmount(duration)
        session.tick(at: now)
        drain()
    }

    /// Calls the session, then does what it wants done.
    mutating func act(_ body: (inout SMTPClientSession, NIODeadline) -> Void) {
        body(&session, now)
        drain()
    }

    mutating func takeSaid() -> String {
        defer { said = "" }
        return said
    }

    mutating func drain() {
        while let action = session.nextAction() {
            switch action {
            case .write(let bytes):
                said += String(buffer: bytes).replacing("\r\n", with: "|")
                session.wrote(bytes.readableBytes, at: now)
            case .startTLS:
                said += "<TLS>"
                session.tlsEstablished(at: now)
            case .checkPeer:
                said += "<peer>"
                session.peerChecked(refusal, at: now)
            case .obtainCredentials:
                credentialRequests += 1
                session.authenticate(with: credentials, at: now)
            case .opened: opened += 1
            case .provideContent: contentRequests += 1
            case .finished(let result): results.append(result)
            case .ended(let failure): failures.append(failure)
            }
        }
    }

    /// The outcome of each recipient of the last transaction: `ok 250`, or kind, phase and code.
    var outcomes: [String] {
        results.last?.outcomes.map { outcome in
            switch outcome.result {
            case .success(let reply): "ok \(reply.code)"
            case .failure(let failure):
                "\(failure.kind.rawValue) \(failure.phase.rawValue) \(failure.reply?.description ?? "\(failure.status)")"
            }
        } ?? []
    }
}

extension SMTPClientSessionConfiguration {
    static func test(
        tls: Bool = true, mode: Mode = .smtp, authenticates: Bool = false, pipelining: Bool = true,
        chunkSize: Int = 10, timeouts: SMTPTimeouts = .rfc5321
    ) -> SMTPClientSessionConfiguration {
        SMTPClientSessionConfiguration(
            clientName: .domain(try! Domain("client.test")), mode: mode, requiresTLS: tls,  // a literal
            authenticates: authenticates, timeouts: timeouts, usesPipelining: pipelining, chunkSize: chunkSize)
    }
}

extension OutgoingEnvelope {
    /// From `a@client.test` to these.
    static func to(_ recipients: String..., from sender: String? = "a@client.test") -> OutgoingEnvelope {
        OutgoingEnvelope(
            sender: sender.map { address($0) }, recipients: recipients.map { OutgoingEnvelope.Recipient(address($0)) })
    }
}

/// An address written in the source.
func address(_ text: String) -> MailAddress { try! MailAddress(text, internationalized: true) }
