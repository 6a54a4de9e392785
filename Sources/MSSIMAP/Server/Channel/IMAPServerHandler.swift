import Logging
import MSSCore
import MSSTLS
import NIOCore

/// Drives an ``IMAPServerSession`` on a channel whose `autoRead` is off.
///
/// It reads only when the session can use what comes, and takes from a command's output only what the client reads.
final class IMAPServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let entryPoint: SharedIMAPEntryPoint
    let table: IMAPConnectionTable
    let channel: any Channel
    let log: IMAPSessionLog
    var output: IMAPOutput!

    var session: IMAPServerSession
    var runner: IMAPCommandRunner?
    var task: Task<Void, Never>?
    /// Questions asked; an answer to another than the last is late and ignored.
    var questions = 0
    /// An answer that waits until what was put out before it has gone.
    var pendingAnswer: IMAPServerSession.Answer?

    var context: ChannelHandlerContext?
    private var outgoing = ByteBuffer()
    private var isDriving = false
    private var isReading = false
    /// When the client began to leave our responses unread.
    private var blockedSince: NIODeadline?
    var timer: (due: NIODeadline, scheduled: Scheduled<Void>)?
    /// The last response is sent; what still comes is thrown away.
    private var isLeaving = false
    private var discarded = 0

    /// Time and octets that a client is given to read the last response: closing at once would take it from it.
    private static let leaveTime = TimeAmount.seconds(2)
    private static let leaveOctets = 1 << 20
    /// Octets that are worth a writing of their own.
    private static let part = 16 << 10

    init(
        _ entryPoint: SharedIMAPEntryPoint, _ facts: IMAPSessionFacts, _ logger: Logger, _ channel: any Channel,
        _ table: IMAPConnectionTable
    ) {
        self.entryPoint = entryPoint
        self.table = table
        self.channel = channel
        session = IMAPServerSession(entryPoint.configuration, facts: facts)
        log = IMAPSessionLog(logger: logger, session: facts.id, entryPoint: facts.entryPoint)
        let loop = channel.eventLoop
        let bound = NIOLoopBound(WeakHandler(self), eventLoop: loop)
        output = IMAPOutput(limit: session.limits.bufferedResponses) {
            loop.execute { bound.value.handler?.outputIsReady() }
        }
    }

    /// The output must not keep its handler.
    private struct WeakHandler {
        weak var handler: IMAPServerHandler?

        init(_ handler: IMAPServerHandler) { self.handler = handler }
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
        case is IMAPShutDown:
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
    func drive(_ context: ChannelHandlerContext) {
        guard !isDriving, !isLeaving else { return }
        isDriving = true
        while context.channel.isWritable || session.isClosed {
            // Responses of a command stand before its end.
            if let octets = output.next() {
                if outgoing.readableBytes == 0 { outgoing = octets } else { outgoing.writeImmutableBuffer(octets) }
                session.progressed(at: context.eventLoop.now)
                // The last of them goes out with the end of the command.
                if outgoing.readableBytes >= Self.part { flush(context) }
                continue
            }
            if let answer = pendingAnswer {
                pendingAnswer = nil
                session.answer(answer, at: context.eventLoop.now)
            }
            guard let action = session.next(at: context.eventLoop.now) else { break }
            perform(action, context)
            if isLeaving { break }
        }
        if !isLeaving { flush(context) }
        isDriving = false
        guard !isLeaving else { return }
        if context.channel.isWritable {
            if blockedSince != nil {
                blockedSince = nil
                session.progressed(at: context.eventLoop.now)
            }
        } else if blockedSince == nil {
            blockedSince = context.eventLoop.now
        }
        setTimer(context)
        readOn(context)
    }

    private func outputIsReady() { if let context { drive(context) } }

    private func perform(_ action: IMAPServerSession.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .send(let text): outgoing.writeString(text)
        case .ask(let question): ask(question, context)
        case .endIdle: task?.cancel()
        case .abortAppend: abortAppend()
        case .startTLS(let goAhead): startTLS(goAhead, context)
        case .compress(let goAhead): compress(goAhead, context)
        case .close: leave(context)
        }
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard outgoing.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        outgoing = ByteBuffer()
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard !isReading, isLeaving || (session.wantsInput && context.channel.isWritable) else { return }
        isReading = true
        context.read()
    }

    private func startTLS(_ goAhead: String, _ context: ChannelHandlerContext) {
        let handler: TLSHandler
        do {
            guard let tls = entryPoint.value.tls else { return session.tlsUnavailable() }
            handler = try TLSHandler(server: tls.current)
        } catch {
            log(.error, "TLS cannot begin", ["error": "\(error)"])
            return session.tlsUnavailable()
        }
        outgoing.writeString(goAhead)
        flush(context)
        isReading = false
        do {
            try handler.startTLS(context.pipeline.syncOperations, unread: session.unread)
        } catch {
            log(.info, "TLS refused", ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    private func compress(_ goAhead: String, _ context: ChannelHandlerContext) {
        outgoing.writeString(goAhead)
        flush(context)
        do {
            try context.pipeline.syncOperations.addHandler(DeflateHandler(), position: .before(self))
        } catch {
            log(.error, "compression cannot begin", ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    /// Closes so that the last response arrives: the peer's octets are read on for a moment (RFC 9293 §3.10.4 would have
    /// unread octets turn the end into a reset). TLS does the same by itself.
    private func leave(_ context: ChannelHandlerContext) {
        flush(context)
        stopTask()
        isLeaving = true
        guard session.facts.tls == nil else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        timer?.scheduled.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let due = context.eventLoop.now + Self.leaveTime
        timer = (due, context.eventLoop.scheduleTask(deadline: due) { bound.value.close(promise: nil) })
        readOn(context)
    }

    // MARK: Time

    private var due: NIODeadline? {
        if isLeaving { return nil }
        if let blockedSince { return blockedSince + session.configuration.limits.responseStall }
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
        if blockedSince != nil { return context.close(promise: nil) }  // a client that does not read reads no BYE
        session.expire(at: context.eventLoop.now)
        drive(context)
        setTimer(context)
    }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension IMAPServerHandler: Sendable {}
