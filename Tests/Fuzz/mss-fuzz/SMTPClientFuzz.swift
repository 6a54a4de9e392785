import MSSCore
import MSSSASL
import MSSSMTP
import NIOCore

/// A hostile server against a whole client session: the first octet chooses how the client is set, the rest is cut into
/// pieces of bytes received, separated by 0xFF and an octet that says what else happens between them.
///
/// Invariants: memory stays bounded, the session ends, every transaction has one outcome for each recipient, nobody is
/// delivered to without a word of the server, and nothing of an envelope is said before TLS and the peer check.
let fuzzSMTPClientSession: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard let bytes, count > 1 else { return 0 }
    var octets = UnsafeBufferPointer(start: bytes, count: min(count, 1 << 16))[...]
    let choice = octets.removeFirst()
    var run = ClientFuzzRun(choice)
    run.start()
    while !octets.isEmpty, !run.isOver {
        let end = octets.firstIndex(of: 0xFF) ?? octets.endIndex
        run.receive(Array(octets[..<end]))
        octets = octets[end...].dropFirst()
        if let event = octets.popFirst() { run.happen(event) }
    }
    run.finish()
    return 0
}

private struct ClientFuzzRun {
    private var session: SMTPClientSession
    private var now = NIODeadline.uptimeNanoseconds(1)
    private let requiresTLS: Bool
    private let recipients: [OutgoingEnvelope.Recipient]
    private var isChecked = false
    private var begun = 0
    private var finished = 0
    private var acceptances = 0
    private var ended = false
    private var given = 0

    private static let credentials: [SASLCredentials] = [
        .xoauth2(XOAUTH2Credentials(user: "a@b.test", token: "token")!),
        .login(PlainCredentials(user: "u", password: "p")),
    ]

    init(_ choice: UInt8) {
        requiresTLS = choice & 1 != 0
        session = SMTPClientSession(
            SMTPClientSessionConfiguration(
                clientName: .other("fuzz"), mode: choice & 2 != 0 ? .lmtp : .smtp, requiresTLS: requiresTLS,
                authenticates: choice & 4 != 0, usesPipelining: choice & 8 != 0, usesChunking: choice & 16 != 0,
                chunkSize: 64))
        recipients = (0..<Int(choice >> 5)).map {
            OutgoingEnvelope.Recipient(try! MailAddress("r\($0)@d.test"), notify: [.failure])  // a literal
        }
    }

    var isOver: Bool { session.isClosed }

    mutating func start() {
        session.start(at: now)
        drain()
    }

    mutating func receive(_ octets: [UInt8]) {
        // 2yz replies received so far bound what may be taken for delivered.
        acceptances += octets.lazy.filter { $0 == UInt8(ascii: "2") }.count
        var buffer = ByteBuffer(bytes: octets)
        session.receive(&buffer, at: now)
        drain()
    }

    mutating func happen(_ event: UInt8) {
        switch event & 7 {
        case 0: session.content(ByteBuffer(string: ".line\r\n"), at: now)
        case 1: session.endContent(at: now)
        case 2: session.content(ByteBuffer(bytes: [event, 0x0A, 0x2E, 0x0D]), at: now)
        case 3: session.failContent("fuzz", at: now)
        case 4:
            now = now + .seconds(Int64(event))
            session.tick(at: now)
        case 5 where session.isReady:
            begun += 1
            session.begin(
                OutgoingEnvelope(sender: nil, recipients: recipients, isEightBit: event & 8 != 0), size: Int(event),
                lineEnds: event & 16 != 0 ? .mend : .refuse, at: now)
        case 6 where session.isReady && event & 128 != 0: session.quit(at: now)
        default: session.wrote(Int(event), at: now)
        }
        drain()
    }

    mutating func finish() {
        // Silence alone must end it: each wait has its timeout. A session at rest has none, and is told to end.
        var rounds = 0
        while !session.isClosed {
            rounds += 1
            precondition(rounds < 1_000, "a session without end")
            if let deadline = session.deadline {
                now = max(now, deadline)
                session.tick(at: now)
            } else {
                precondition(session.isReady, "a wait without end")
                session.quit(at: now)
            }
            drain()
        }
        precondition(ended && begun == finished)
    }

    private mutating func drain() {
        var actions = 0
        while let action = session.nextAction() {
            actions += 1
            precondition(actions < 100_000, "actions without end")
            switch action {
            case .write(let bytes): check(bytes)
            case .startTLS: session.tlsEstablished(at: now)
            case .checkPeer:
                isChecked = true
                session.peerChecked(nil, at: now)
            case .obtainCredentials:
                session.authenticate(with: Self.credentials[acceptances & 1], at: now)
            case .opened, .provideContent: break
            case .finished(let result):
                finished += 1
                precondition(result.outcomes.map(\.recipient) == recipients.map(\.address))
                precondition(result.delivered.isEmpty || acceptances > 0, "delivered without a word of the server")
                precondition(result.repeatable.allSatisfy { result.outcomes[$0].failure != nil })
            case .ended:
                precondition(!ended, "ended twice")
                ended = true
            }
        }
    }

    private func check(_ bytes: ByteBuffer) {
        precondition(bytes.readableBytes < 1 << 16)
        guard requiresTLS, !isChecked else { return }
        let text = String(buffer: bytes)
        precondition(["EHLO", "LHLO", "STAR", "QUIT"].contains(text.prefix(4)), "said before the peer check")
    }
}
