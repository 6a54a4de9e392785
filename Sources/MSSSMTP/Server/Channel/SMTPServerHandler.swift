import Logging
import MSSCore
import MSSSessions
import MSSTLS
package import NIOCore

/// Drives an ``SMTPServerSession`` on a channel whose `autoRead` is off.
///
/// It reads only when the session can use what comes: not while the backend is asked, while the backend reads a message
/// more slowly than it arrives, or while the client does not read our replies.
final class SMTPServerHandler: SessionHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let tls: ReloadableTLSContext?
    let wire: SessionWire
    private let backend: any SMTPBackend
    private let memory: BodyMemory

    var session: SMTPServerSession
    private var backendSession: (any SMTPBackendSession)?
    private var task: Task<Void, Never>?
    /// Questions asked; an answer to another than the last is late and ignored.
    private var questions = 0
    private var pipe: BodyPipe?
    /// When the backend began to hold us up.
    private var pausedSince: NIODeadline?
    /// When the backend gets what has come, though it may be little.
    private var handOver: NIODeadline?

    /// How long octets of a message wait for more of them before the backend is woken for them. What a client that stalls
    /// has sent does not stay in memory.
    private static let longestWait = TimeAmount.seconds(1)
    /// Replies are gathered up to so many octets before they go to the socket.
    private static let replyOctets = 16 << 10

    /// Called once the connection is over and the backend knows.
    private let ended: @Sendable () -> Void

    init(
        _ entryPoint: SMTPEntryPoint, _ configuration: SharedSessionConfiguration, facts: SMTPSessionFacts,
        memory: BodyMemory, logger: Logger, ended: @escaping @Sendable () -> Void
    ) {
        self.ended = ended
        tls = entryPoint.tls
        backend = entryPoint.backend
        session = SMTPServerSession(configuration, facts: facts)
        self.memory = memory
        wire = SessionWire(log: SessionLog(logger: logger, session: facts.id, entryPoint: facts.entryPoint))
    }

    /// Octets held of what the client sent and of what it is told, but those that wait for the backend or the socket.
    var heldOctets: Int {
        session.unread + (session.content?.pending.readableBytes ?? 0) + wire.outgoing.readableBytes
    }

    // MARK: Driving

    func carryOut(_ context: ChannelHandlerContext) {
        while !wire.isLeaving {
            // Replies to commands sent ahead must not pile up before a client that does not read them.
            if wire.outgoing.readableBytes >= Self.replyOctets { flush(context) }
            guard context.channel.isWritable || session.isClosed,
                let action = session.next(at: context.eventLoop.now)
            else { return }
            perform(action, context)
        }
    }

    private func perform(_ action: SMTPServerSession.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .reply(let reply):
            wire.outgoing.writeString(reply.wire)
            if reply.code.severity.rawValue >= 4 { wire.log(.debug, "refused", ["reply": "\(reply)"]) }
        case .ask(let question):
            // A new group: what a message before it was answered is not part of it.
            if case .sender = question { flush(context) }
            ask(question, context)
        case .body(let piece):
            guard let pipe else { return }
            let now = context.eventLoop.now
            if !pipe.push(piece), pausedSince == nil { pausedSince = now }
            if handOver == nil { handOver = now + Self.longestWait }
        case .endBody: endBody(.success(()))
        case .abortBody(let error): endBody(.failure(error))
        case .startTLS(let goAhead): beginTLS(after: goAhead.wire, context)
        case .close: leave(context)
        }
    }

    private func endBody(_ end: Result<Void, SMTPBodyError>) {
        pipe?.finish(end)
        pausedSince = nil
        handOver = nil
    }

    /// RFC 2920 §3.2: replies to commands that came together go together.
    var holdsReplies: Bool { session.isWithinGroup && wire.outgoing.readableBytes < Self.replyOctets }

    var takesInput: Bool { pausedSince == nil && session.wantsInput }

    // MARK: Time

    var deadline: NIODeadline? {
        guard let due = pausedSince.map({ $0 + session.configuration.limits.backendAnswer }) ?? session.deadline else {
            return handOver
        }
        return handOver.map { min($0, due) } ?? due
    }

    func expire(at now: NIODeadline) {
        if let due = handOver, due <= now {
            handOver = nil
            pipe?.handOver()
        }
        guard let pausedSince else { return session.expire(at: now) }
        guard pausedSince + session.configuration.limits.backendAnswer <= now else { return }
        wire.log(.error, "the backend does not read the message")
        session.backendStalled()
    }

    func tlsFailed(_ failure: TLSFailure) { backend.tlsFailed(failure, session.facts) }

    // MARK: The backend

    private func ask(_ question: SMTPServerSession.Question, _ context: ChannelHandlerContext) {
        questions += 1
        let number = questions
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let call = BackendCall(
            backend: backend, session: backendSession, facts: session.facts,
            isLMTP: session.configuration.dialect == .lmtp, localError: session.configuration.replies.localError,
            log: wire.log)
        var pipe: BodyPipe?
        if case .message = question {
            pipe = BodyPipe(limit: session.configuration.limits.bufferedBody, memory: memory) {
                loop.execute { bound.value.hasRoom() }
            }
            self.pipe = pipe
            setReadings(Self.bodyReadings, context)
        }
        task = Task { [pipe] in
            let result = await call.answer(question, pipe)
            loop.execute { bound.value.answered(number, result) }
        }
    }

    private func answered(_ number: Int, _ result: BackendCall.Outcome) {
        if let opened = result.opened { backendSession = opened }
        guard number == questions, let context = wire.context else { return }
        task = nil
        if pipe != nil { setReadings(1, context) }
        pipe = nil
        pausedSince = nil
        handOver = nil
        session.answer(result.answer, at: context.eventLoop.now)
        drive(context)
    }

    /// Readings of a message between two looks at what else there is to do: each look is a system call. Otherwise one, so
    /// that what a client sends ahead waits in its own buffers.
    private static let bodyReadings: UInt = 2

    private func setReadings(_ count: UInt, _ context: ChannelHandlerContext) {
        // The channels of tests have no such option.
        try? context.channel.syncOptions?.setOption(.maxMessagesPerRead, value: count)
    }

    private func hasRoom() {
        guard pausedSince != nil, let context = wire.context else { return }
        pausedSince = nil
        session.resumeClock(at: context.eventLoop.now)
        drive(context)
    }

    func stopWork() {
        questions += 1
        pipe?.finish(.failure(.disconnected))
        pipe = nil
        handOver = nil
        task?.cancel()
    }

    /// The backend hears of it once its running call has returned.
    func connectionEnded(on loop: any EventLoop) {
        let (running, facts, ended) = (task, session.facts, ended)
        let bound = NIOLoopBound(self, eventLoop: loop)
        // A call that has been answered has left its session here.
        let known = running == nil ? backendSession : nil
        Task {
            var opened = known
            if let running {
                await running.value
                // Behind the answer that the call has sent there.
                opened = try? await loop.submit { bound.value.backendSession }.get()
            }
            if let opened { await opened.closed(facts) }
            ended()
        }
    }
}

extension SMTPServerSession: ServerSession {
    package var beginsWithTLS: Bool { configuration.security == .immediate }
    package var isSecured: Bool { facts.tls != nil }
    package var stallTime: TimeAmount { limits.replyStall }
    package mutating func progressed(at now: NIODeadline) { resumeClock(at: now) }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension SMTPServerHandler: Sendable {}
