import Logging
import MSSSessions
import MSSTLS
import NIOCore

/// The smallest protocol: greets, says each line again, ends after `bye` or once it has been idle.
struct EchoSession: ServerSession {
    enum Action { case say(String), close }

    private var input = ByteBuffer()
    private var actions: [Action] = []
    private var lastLine: NIODeadline?
    private var isShuttingDown = false
    private(set) var isClosed = false

    var beginsWithTLS: Bool { false }
    var isSecured: Bool { false }
    var wantsInput: Bool { !isClosed }
    var unread: Int { input.readableBytes }
    var deadline: NIODeadline? { isClosed ? nil : lastLine.map { $0 + .minutes(15) } }
    var stallTime: TimeAmount { .minutes(5) }

    mutating func start(at now: NIODeadline, tls: TLSSessionFacts?) {
        lastLine = now
        actions.append(.say("hello"))
    }

    mutating func receive(_ octets: ByteBuffer, at now: NIODeadline) { input.writeImmutableBuffer(octets) }

    mutating func next(at now: NIODeadline) -> Action? {
        if actions.isEmpty {
            if isShuttingDown, !isClosed { end("going down") } else { readLine(now) }
        }
        return actions.isEmpty ? nil : actions.removeFirst()
    }

    private mutating func readLine(_ now: NIODeadline) {
        guard !isClosed, let end = input.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return }
        let line = input.readString(length: end - input.readerIndex) ?? ""
        input.moveReaderIndex(forwardBy: 1)
        lastLine = now
        if line == "bye" { return self.end("good bye") }
        actions.append(.say(line))
    }

    private mutating func end(_ word: String) {
        actions += [.say(word), .close]
        isClosed = true
    }

    mutating func secured(_ tls: TLSSessionFacts, at now: NIODeadline) {}
    mutating func tlsUnavailable() {}
    mutating func progressed(at now: NIODeadline) { lastLine = now }
    mutating func expire(at now: NIODeadline) { end("too slow") }
    mutating func shutDown() { isShuttingDown = true }
    mutating func disconnected() { isClosed = true }
}

final class EchoHandler: SessionHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var session = EchoSession()
    let wire: SessionWire
    let tls: ReloadableTLSContext? = nil
    private let ended: @Sendable () -> Void

    init(_ name: String = "1", ended: @escaping @Sendable () -> Void = {}) {
        wire = SessionWire(log: SessionLog(logger: Logger(label: "echo"), session: name, entryPoint: "echo"))
        self.ended = ended
    }

    func carryOut(_ context: ChannelHandlerContext) {
        while !wire.isLeaving, context.channel.isWritable || session.isClosed,
            let action = session.next(at: context.eventLoop.now)
        {
            switch action {
            case .say(let word): wire.outgoing.writeString(word + "\n")
            case .close: leave(context)
            }
        }
    }

    func stopWork() {}
    func connectionEnded(on loop: any EventLoop) { ended() }
}
