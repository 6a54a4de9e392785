import MSSCore
import MSSSASL
import MSSSMTP
import NIOCore

/// A command line: what is read is written back as it means, and no description repeats a secret.
let fuzzSMTPCommand: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let line = Array(UnsafeBufferPointer(start: bytes, count: count))
    for internationalized in [false, true] {
        guard let command = try? SMTPCommand(line: line, internationalized: internationalized) else { continue }
        let wire = Array(command.wire.utf8)
        precondition(wire.suffix(2).elementsEqual([13, 10]), "no CRLF at the end")
        precondition(!wire.dropLast(2).contains { $0 < 32 || $0 == 127 }, "control character in a command")
        guard let again = try? SMTPCommand(line: wire.dropLast(2), internationalized: internationalized) else {
            preconditionFailure("what was written is not read: \(command.verb)")
        }
        precondition(again == command, "another command came back")
    }
    if let message = SASLMessage(base64: line) {
        precondition(message.base64.utf8.elementsEqual(line), "base64 read and written differ")
        if let token = try? XOAUTH2Credentials(message) {
            precondition((try? XOAUTH2Credentials(token.message)) == token)
            precondition("\(token)" == "bearer token")
        }
        if let token = try? OAuthBearerCredentials(message) {
            precondition((try? OAuthBearerCredentials(token.message)) == token)
        }
        if let plain = try? PlainCredentials(message) { precondition(plain.message == message) }
    }
    var extensionText = SMTPExtension(line: String(decoding: line, as: UTF8.self))
    if let text = extensionText?.line {
        extensionText = SMTPExtension(line: text)
        precondition(extensionText?.line == text, "an extension changes when read again")
    }
    return 0
}

/// A whole session. The first octet chooses the configuration and the backend's mood, the rest is what the client
/// sends. Fed at once and octet by octet it must come to the same; every command has one reply; no message is taken
/// that did not end properly; what the session holds is bounded.
let fuzzSMTPServerSession: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard count > 0 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    var whole = FuzzedSession(mood: input[0])
    whole.feed(input[1...])
    var stepwise = FuzzedSession(mood: input[0])
    for octet in input[1...] { stepwise.feed([octet]) }
    whole.session.disconnected()
    stepwise.session.disconnected()
    whole.run()
    stepwise.run()
    // Octets behind STARTTLS end the session; sent one by one, they come after its failure.
    guard input[0] & 2 == 0 else { return 0 }
    precondition(whole.replies == stepwise.replies, "feeding changes the replies")
    precondition(whole.messages == stepwise.messages, "feeding changes the messages")
    return 0
}

private struct FuzzedSession {
    var session: SMTPServerSession
    let mood: UInt8
    let limits: SMTPSessionLimits
    let isLMTP: Bool
    var replies: [SMTPReply] = []
    var messages: [[UInt8]] = []
    private var body: [UInt8]?
    private var scanner = LineScanner()
    private var isClosed = false
    private var questions = 0
    /// Replies that say that a message was taken.
    private var accepted = 0
    /// Such replies that the messages which ended properly may have.
    private var due = 0
    private var recipients = 0
    private let now = NIODeadline.uptimeNanoseconds(1)

    init(mood: UInt8) {
        self.mood = mood
        isLMTP = mood & 1 != 0
        var configuration =
            isLMTP
            ? SMTPSessionConfiguration.lmtp(serverName: "mx.test")
            : SMTPSessionConfiguration(serverName: "mx.test", security: mood & 2 != 0 ? .startTLSOffered : .none)
        // Dialogues come at once here; the check has its own tests.
        configuration.checksSynchronisation = false
        configuration.limits.messageSize = 2000
        configuration.limits.discardedOctets = 1 << 20
        configuration.limits.textLine = 200
        configuration.limits.chunks = 20
        configuration.limits.recipients = 5
        configuration.mechanisms = [.plain, .login, .xoauth2]
        limits = configuration.limits
        session = SMTPServerSession(
            configuration: configuration, facts: SMTPSessionFacts(id: "f", entryPoint: "f", peer: nil))
        session.start(at: now)
        run()
    }

    mutating func feed(_ octets: some Collection<UInt8>) {
        session.receive(ByteBuffer(bytes: octets), at: now)
        run()
        // Whole lines are consumed: what stays is less than the longest.
        precondition(session.unread <= limits.authenticationLine, "\(session.unread) octets held")
        let open = session.commandsRead - session.repliesMade
        precondition(isClosed || open == 0 || open == 1, "\(open) commands without a reply")
    }

    mutating func run() {
        while let action = session.next(at: now) {
            switch action {
            case .reply(let reply): note(reply)
            case .ask(let question): answer(question)
            case .body(let piece):
                precondition(body != nil && piece.readableBytes > 0, "a piece without a message")
                body! += piece.readableBytesView
                piece.withUnsafeReadableBytes { scanner.scan($0) }
                precondition(body!.count <= limits.messageSize, "more than the limit")
            case .endBody:
                scanner.finish()
                precondition(scanner.faults.isEmpty, "a faulty message was taken")
                messages.append(body!)
                due += isLMTP ? recipients : 1
                body = nil
                session.answer(
                    mood & 4 != 0
                        ? .refused(SMTPRefusal(code: 451, enhanced: "4.3.0", text: "no"))
                        : .taken(
                            Array(repeating: .success(SMTPReceipt(id: "r")), count: isLMTP ? recipients : 1)), at: now)
            case .abortBody:
                precondition(body != nil)
                body = nil
                session.answer(.refused(SMTPRefusal(code: 451, enhanced: "4.3.0", text: "aborted")), at: now)
            case .startTLS: session.tlsUnavailable()
            case .close:
                precondition(!isClosed, "closed twice")
                isClosed = true
            }
        }
    }

    private mutating func note(_ reply: SMTPReply) {
        precondition(!isClosed, "a reply after the end")
        precondition(reply.wire.hasSuffix("\r\n"))
        replies.append(reply)
        if reply.lines.first?.hasPrefix("Accepted as") == true {
            accepted += 1
            precondition(accepted <= due, "a message that did not end was accepted")
        }
    }

    private mutating func answer(_ question: SMTPServerSession.Question) {
        questions += 1
        let refuses = mood & 8 != 0 && questions % 3 == 0
        let refusal = SMTPServerSession.Answer.refused(SMTPRefusal(code: 550, enhanced: "5.7.1", text: "no"))
        switch question {
        case .session: session.answer(.accepted, at: now)
        case .hello: session.answer(.accepted, at: now)
        case .authenticate: preconditionFailure("authentication in clear")
        case .sender(let envelope):
            precondition(envelope.recipients.isEmpty)
            session.answer(refuses ? refusal : .senderAccepted(.standard), at: now)
        case .recipient(_, let envelope):
            precondition(envelope.recipients.count < limits.recipients)
            session.answer(refuses ? refusal : .accepted, at: now)
        case .message(let envelope):
            precondition(body == nil && !envelope.recipients.isEmpty)
            recipients = envelope.recipients.count
            scanner = LineScanner()
            body = []
        }
    }
}
