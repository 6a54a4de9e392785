import MSSCore
import MSSSASL
import MSSTLS
import NIOCore

@testable import MSSSMTP

/// Drives a session without sockets: feeds it, answers its questions, keeps what it says.
struct SessionDriver {
    var session: SMTPServerSession
    var now = NIODeadline.uptimeNanoseconds(1)
    /// Replies, as sent.
    var replies: [SMTPReply] = []
    var questions: [String] = []
    /// The body being given to the backend.
    var body: [UInt8] = []
    /// Messages that ended properly.
    var messages: [[UInt8]] = []
    var aborts: [SMTPBodyError] = []
    var isClosed = false
    var wantsTLS = false
    /// Most octets that the session held at once.
    var held = 0
    /// Refuses, by the question's name; others are accepted.
    var refusals: [String: SMTPRefusal] = [:]
    var allowance = SMTPAllowance.standard
    var results: (SMTPEnvelope) -> [Result<SMTPReceipt, SMTPRefusal>] = { envelope in
        envelope.recipients.map { _ in .success(SMTPReceipt(id: "id")) }
    }
    /// Questions left without an answer.
    var holds: Set<String> = []
    var heldQuestion: String?
    private var envelope = SMTPEnvelope(sender: .null)

    init(_ configuration: SMTPSessionConfiguration = .open, tls: TLSSessionFacts? = nil, isGreeted: Bool = true) {
        session = SMTPServerSession(
            configuration: configuration, facts: SMTPSessionFacts(id: "1", entryPoint: "test", peer: nil))
        session.start(at: now, tls: tls)
        run()
        guard isGreeted else { return }
        feed(configuration.dialect == .lmtp ? "LHLO client\r\n" : "EHLO client\r\n")
        replies = []
    }

    /// Codes of the replies, in order.
    var codes: [Int] { replies.map(\.code.number) }
    var last: String { replies.last.map { String($0.wire.dropLast()) } ?? "" }
    var text: String { String(decoding: body, as: UTF8.self) }

    mutating func feed(_ text: String, step: Int = .max) { feed(Array(text.utf8), step: step) }

    mutating func feed(_ octets: [UInt8], step: Int = .max) {
        var rest = octets[...]
        while !rest.isEmpty {
            session.receive(ByteBuffer(bytes: rest.prefix(step)), at: now)
            rest = rest.dropFirst(step)
            run()
        }
    }

    /// One command; returns its reply line by line.
    mutating func say(_ line: String) -> String {
        let before = replies.count
        feed(line + "\r\n")
        return replies[before...].map { String($0.wire.dropLast()) }.joined(separator: "\n")
    }

    mutating func wait(_ time: TimeAmount) {
        now = now + time
        session.expire(at: now)
        run()
    }

    mutating func answer(_ answer: SMTPServerSession.Answer) {
        session.answer(answer, at: now)
        run()
    }

    mutating func run() {
        while let action = session.next(at: now) {
            switch action {
            case .reply(let reply): replies.append(reply)
            case .ask(let question): ask(question)
            case .body(let piece):
                precondition(piece.readableBytes > 0)
                body += piece.readableBytesView
            case .endBody:
                messages.append(body)
                body = []
                settle("message", .taken(results(envelope)))
            case .abortBody(let error):
                aborts.append(error)
                body = []
                settle("message", .refused(SMTPRefusal(SMTPReplies().localError)))
            case .startTLS(let goAhead):
                replies.append(goAhead)
                wantsTLS = true
            case .close: isClosed = true
            }
        }
        held = max(held, session.unread + (session.content?.pending.readableBytes ?? 0))
    }

    private mutating func ask(_ question: SMTPServerSession.Question) {
        switch question {
        case .session: settle("session", .accepted)
        case .hello: settle("hello", .accepted)
        case .authenticate(let credentials):
            settle(
                "authenticate",
                .authenticated(SMTPIdentity(mailbox: credentials.claimedIdentity ?? "certificate")))
        case .sender: settle("sender", .senderAccepted(allowance))
        case .recipient: settle("recipient", .accepted)
        case .message(let envelope):
            self.envelope = envelope
            questions.append("message")
            if let refusal = refusals["message"] { session.answer(.refused(refusal), at: now) }
        }
    }

    private mutating func settle(_ name: String, _ answer: SMTPServerSession.Answer) {
        if name != "message" { questions.append(name) }
        guard !session.isClosed else { return }
        if name == "message", refusals["message"] != nil { return }
        if holds.contains(name) {
            heldQuestion = name
        } else if let refusal = refusals[name] {
            session.answer(.refused(refusal), at: now)
        } else {
            session.answer(answer, at: now)
        }
    }
}

extension SMTPSessionConfiguration {
    /// Everything offered, in clear.
    static let open = SMTPSessionConfiguration(serverName: "mx.test", security: .none)

    /// Without synchronisation points, so that whole dialogues can be fed at once.
    static let loose: SMTPSessionConfiguration = {
        var configuration = open
        configuration.checksSynchronisation = false
        return configuration
    }()

    func with(_ change: (inout SMTPSessionConfiguration) -> Void) -> SMTPSessionConfiguration {
        var copy = self
        change(&copy)
        return copy
    }
}
