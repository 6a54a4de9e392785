import MSSIMAP
import MSSSASL
import NIOCore

/// A stream of commands: however it is cut, the same comes out; what is held is bounded; mailbox names read back as they
/// were written.
let fuzzIMAPCommand: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let whole = framed(input, pieces: max(1, count))
    precondition(whole == framed(input, pieces: 1), "cutting changes the commands")
    for octets in whole {
        for utf8 in [false, true] {
            guard let tagged = try? IMAPTaggedCommand(octets: octets, utf8: utf8) else { continue }
            precondition(!tagged.tag.isEmpty && tagged.tag.utf8.count <= IMAPGrammarLimits.tag)
            check(tagged.command, utf8)
        }
    }
    return 0
}

/// The commands of a stream, all literals kept.
private func framed(_ input: [UInt8], pieces: Int) -> [[UInt8]] {
    var framer = IMAPCommandFramer(lineLimit: 4096, commandLimit: 8192)
    var buffer = ByteBuffer()
    var commands: [[UInt8]] = []
    var start = 0
    while start < input.count {
        buffer.writeBytes(input[start..<min(start + pieces, input.count)])
        start += pieces
        while let event = framer.next(&buffer) {
            switch event {
            case .command(let octets): commands.append(octets)
            case .literal(let literal, _): framer.accept(literal.size <= 1000 ? .keep : .skip)
            case .lost: return commands
            case .tooLong, .bareLineFeed: break
            }
        }
        precondition(framer.held <= 8192 + 1000, "holds more than a command may have")
    }
    return commands
}

private func check(_ command: IMAPCommand, _ utf8: Bool) {
    switch command {
    case .select(let selection): check(selection.mailbox, utf8)
    case .create(let name, _), .delete(let name), .status(let name, _), .getQuotaRoot(let name): check(name, utf8)
    case .fetch(let request):
        guard let ranges = request.messages.resolved(largest: 1000) else { return }
        precondition(zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound - 1 })
    default: break
    }
}

private func check(_ name: IMAPMailboxName, _ utf8: Bool) {
    precondition(IMAPMailboxName(wire: Array(name.wire(utf8: utf8).utf8), utf8: utf8) == name, "a name changes")
}

/// A whole session without a backend: every question is refused or accepted by the first octet's bits. Every tagged
/// command has one answer; what the session holds is bounded; after its end it asks nothing.
let fuzzIMAPServerSession: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard count > 0 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let mood = input[0]
    let configuration = IMAPSessionConfiguration(
        serverName: "fuzz", security: mood & 1 == 0 ? .none : .startTLSRequired,
        mechanisms: [.plain, .xoauth2, .oauthBearer])
    var session = IMAPServerSession(
        configuration: configuration, facts: IMAPSessionFacts(id: "1", entryPoint: "fuzz", peer: nil))
    let now = NIODeadline.uptimeNanoseconds(1)
    session.start(at: now)
    var isClosed = false
    for octet in [input[1...].prefix(input.count / 2), input[1...].dropFirst(input.count / 2)] {
        session.receive(ByteBuffer(bytes: octet), at: now)
        while let action = session.next(at: now) {
            switch action {
            case .send(let text): precondition(text.hasSuffix("\r\n"), "a response that does not end")
            case .ask(let question):
                precondition(!isClosed, "a question after the end")
                session.answer(answer(question, mood), at: now)
            case .close: isClosed = true
            case .startTLS: session.tlsUnavailable()
            case .abortAppend, .compress, .endIdle: break
            }
        }
        precondition(session.held <= octet.count + (256 << 10), "the session holds more than it may")
    }
    session.disconnected()
    return 0
}

private func answer(_ question: IMAPServerSession.Question, _ mood: UInt8) -> IMAPServerSession.Answer {
    if mood & 2 != 0 { return .refused(IMAPRefusal(.cannot, "no")) }
    switch question {
    case .authenticate: return .authenticated(IMAPIdentity(mailbox: "fuzz"))
    case .draft, .piece: return .accepted
    case .execute, .append: return .done(IMAPOutcome(.ok, nil, "done", transition: .selected))
    case .idle: return .done(IMAPOutcome(.ok, nil, "idle"))
    }
}
