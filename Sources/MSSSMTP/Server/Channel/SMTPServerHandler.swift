import Logging
import MSSCore
import MSSTLS
import NIOCore

/// Drives an ``SMTPServerSession`` on a channel whose `autoRead` is off.
///
/// It reads only when the session can use what comes: not while the backend is asked, while the backend reads a message
/// more slowly than it arrives, or while the client does not read our replies.
final class SMTPServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tls: ReloadableTLSContext?
    private let backend: any SMTPBackend
    private let memory: BodyMemory
    private let log: SMTPSessionLog

    private var session: SMTPServerSession
    private var backendSession: (any SMTPBackendSession)?
    private var task: Task<Void, Never>?
    /// Questions asked; an answer to another than the last is late and ignored.
    private var questions = 0
    private var pipe: BodyPipe?

    private var context: ChannelHandlerContext?
    private var outgoing = ByteBuffer()
    private var isDriving = false
    private var isReading = false
    /// When the backend began to hold us up.
    private var pausedSince: NIODeadline?
    /// When the client began to leave our replies unread.
    private var blockedSince: NIODeadline?
    private var timer: (due: NIODeadline, scheduled: Scheduled<Void>)?
    /// The last reply is sent; what still comes is thrown away.
    private var isLeaving = false
    private var discarded = 0

    /// Replies are gathered up to so many octets before they go to the socket.
    private static let replyOctets = 16 << 10

    /// Time and octets that a client is given to read the last reply: closing at once would take it from it.
    private static let leaveTime = TimeAmount.seconds(2)
    private static let leaveOctets = 1 << 20

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
        log = SMTPSessionLog(logger: logger, session: facts.id, entryPoint: facts.entryPoint)
    }

    /// Octets held of what the client sent and of what it is told, but those that wait for the backend or the socket.
    var heldOctets: Int {
        session.unread + (session.content?.pending.readableBytes ?? 0) + outgoing.readableBytes
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard session.configuration.security != .immediate else { return }  // begins with TLS
        session.start(at: context.eventLoop.now)
        drive(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = unwrapInboundIn(data)
        isReading = false
        guard !isLeaving else {
            discarded += octets.readableBytes
            if discarded > Self.leaveOctets { context.close(promise: nil) }
            return
        }
        session.receive(octets, at: context.eventLoop.now)
        drive(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readOn(context)
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { drive(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let established as TLSEstablished:
            let now = context.eventLoop.now
            if session.configuration.security == .immediate {
                session.start(at: now, tls: established.facts)
            } else {
                session.secured(established.facts, at: now)
            }
            drive(context)
        case is SMTPShutDown:
            session.shutDown()
            drive(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        gone()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure {
            log(.info, "TLS failed", ["error": "\(failure)"])
        } else {
            log(.debug, "connection failed", ["error": "\(error)"])
        }
        context.close(promise: nil)
    }

    // MARK: Driving

    /// Carries out what the session wants. What happens meanwhile may lead back here; the outer call goes on.
    private func drive(_ context: ChannelHandlerContext) {
        guard !isDriving else { return }
        isDriving = true
        while true {
            // Replies to commands sent ahead must not pile up before a client that does not read them.
            if outgoing.readableBytes >= Self.replyOctets { flush(context) }
            if !context.channel.isWritable, !session.isClosed { break }
            guard let action = session.next(at: context.eventLoop.now) else { break }
            perform(action, context)
        }
        flush(context)
        isDriving = false
        if context.channel.isWritable {
            if blockedSince != nil {
                blockedSince = nil
                session.resumeClock(at: context.eventLoop.now)
            }
        } else if blockedSince == nil {
            blockedSince = context.eventLoop.now
        }
        setTimer(context)
        readOn(context)
    }

    private func perform(_ action: SMTPServerSession.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .reply(let reply):
            outgoing.writeString(reply.wire)
            if reply.code.severity.rawValue >= 4 { log(.debug, "refused", ["reply": "\(reply)"]) }
        case .ask(let question): ask(question, context)
        case .body(let piece):
            if let pipe, !pipe.push(piece), pausedSince == nil { pausedSince = context.eventLoop.now }
        case .endBody: endBody(.success(()), context)
        case .abortBody(let error): endBody(.failure(error), context)
        case .startTLS(let goAhead): startTLS(goAhead, context)
        case .close: leave(context)
        }
    }

    private func endBody(_ end: Result<Void, SMTPBodyError>, _ context: ChannelHandlerContext) {
        pipe?.finish(end)
        pausedSince = nil
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard outgoing.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        outgoing = ByteBuffer()
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard !isReading, pausedSince == nil, isLeaving || (session.wantsInput && context.channel.isWritable) else {
            return
        }
        isReading = true
        context.read()
    }

    private func startTLS(_ goAhead: SMTPReply, _ context: ChannelHandlerContext) {
        let handler: TLSHandler
        do {
            guard let tls else { return session.tlsUnavailable() }
            handler = try TLSHandler(server: tls.current)
        } catch {
            log(.error, "TLS cannot begin", ["error": "\(error)"])
            return session.tlsUnavailable()
        }
        outgoing.writeString(goAhead.wire)
        flush(context)
        isReading = false
        do {
            try handler.startTLS(context.pipeline.syncOperations, unread: session.unread)
        } catch {
            log(.info, "TLS refused", ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    /// Closes so that the last reply arrives: the peer's octets are read on for a moment (RFC 9293 §3.10.4 would have
    /// unread octets turn the end into a reset). TLS does the same by itself.
    private func leave(_ context: ChannelHandlerContext) {
        flush(context)
        stopBackend()
        guard session.facts.tls == nil else { return context.close(promise: nil) }
        isLeaving = true
        context.close(mode: .output, promise: nil)
        timer?.scheduled.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let due = context.eventLoop.now + Self.leaveTime
        timer = (due, context.eventLoop.scheduleTask(deadline: due) { bound.value.close(promise: nil) })
    }

    // MARK: Time

    private var due: NIODeadline? {
        if isLeaving { return nil }
        if let blockedSince { return blockedSince + session.configuration.limits.replyStall }
        if let pausedSince { return pausedSince + session.configuration.limits.backendAnswer }
        return session.deadline
    }

    /// Sees to it that a timer runs out no later than something is due; one that comes too early looks again, so that
    /// commands do not cost a timer each.
    private func setTimer(_ context: ChannelHandlerContext) {
        guard let due, timer.map({ due < $0.due }) ?? true else { return }
        timer?.scheduled.cancel()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = (
            due,
            context.eventLoop.scheduleTask(deadline: due) { bound.value.handler.timeHasCome(bound.value.context) }
        )
    }

    private func timeHasCome(_ context: ChannelHandlerContext) {
        timer = nil
        guard let due, due <= context.eventLoop.now else { return setTimer(context) }
        if blockedSince != nil { return context.close(promise: nil) }  // a client that does not read reads no 421
        if pausedSince != nil {
            log(.error, "the backend does not read the message")
            session.backendStalled()
        } else {
            session.expire(at: context.eventLoop.now)
        }
        drive(context)
    }

    // MARK: The backend

    private func ask(_ question: SMTPServerSession.Question, _ context: ChannelHandlerContext) {
        questions += 1
        let number = questions
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let call = BackendCall(
            backend: backend, session: backendSession, facts: session.facts,
            isLMTP: session.configuration.dialect == .lmtp, localError: session.configuration.replies.localError,
            log: log)
        var pipe: BodyPipe?
        if case .message = question {
            pipe = BodyPipe(limit: session.configuration.limits.bufferedBody, memory: memory) {
                loop.execute { bound.value.hasRoom() }
            }
            self.pipe = pipe
        }
        task = Task { [pipe] in
            let result = await call.answer(question, pipe)
            loop.execute { bound.value.answered(number, result) }
        }
    }

    private func answered(_ number: Int, _ result: BackendCall.Outcome) {
        if let opened = result.opened { backendSession = opened }
        guard number == questions, let context else { return }
        task = nil
        pipe = nil
        pausedSince = nil
        session.answer(result.answer, at: context.eventLoop.now)
        drive(context)
    }

    private func hasRoom() {
        guard pausedSince != nil, let context else { return }
        pausedSince = nil
        session.resumeClock(at: context.eventLoop.now)
        drive(context)
    }

    private func stopBackend() {
        questions += 1
        pipe?.finish(.failure(.disconnected))
        pipe = nil
        task?.cancel()
    }

    /// The connection is over: the backend hears of it once its running call has returned.
    private func gone() {
        guard let context else { return }
        self.context = nil
        timer?.scheduled.cancel()
        timer = nil
        session.disconnected()
        stopBackend()
        let (running, loop, facts, ended) = (task, context.eventLoop, session.facts, ended)
        let bound = NIOLoopBound(self, eventLoop: loop)
        Task {
            await running?.value
            // Behind the answer that the call has sent there.
            let opened = try? await loop.submit { bound.value.backendSession }.get()
            if let opened { await opened.closed(facts) }
            ended()
        }
    }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension SMTPServerHandler: Sendable {}
