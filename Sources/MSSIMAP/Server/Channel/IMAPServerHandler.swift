import Logging
import MSSCore
import MSSSessions
import MSSTLS
package import NIOCore

/// Drives an ``IMAPServerSession`` on a channel whose `autoRead` is off.
///
/// It reads only when the session can use what comes, and takes from a command's output only what the client reads.
final class IMAPServerHandler: SessionHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let wire: SessionWire
    private let entryPoint: IMAPEntryPoint
    private let mailboxes: MailboxSessions
    private var output: IMAPOutput!

    var session: IMAPServerSession
    private var runner: IMAPCommandRunner?
    private var task: Task<Void, Never>?
    /// Questions asked; an answer to another than the last is late and ignored.
    private var questions = 0
    /// An answer that waits until what was put out before it has gone.
    private var pendingAnswer: IMAPServerSession.Answer?

    /// Called once the connection is over and nothing is done for it any longer.
    private let ended: @Sendable () -> Void

    init(
        _ entryPoint: IMAPEntryPoint, _ configuration: SharedIMAPConfiguration, _ facts: IMAPSessionFacts,
        _ loop: any EventLoop, _ mailboxes: MailboxSessions, logger: Logger, ended: @escaping @Sendable () -> Void
    ) {
        self.entryPoint = entryPoint
        self.mailboxes = mailboxes
        self.ended = ended
        session = IMAPServerSession(configuration, facts: facts)
        wire = SessionWire(log: SessionLog(logger: logger, session: facts.id, entryPoint: facts.entryPoint))
        let bound = NIOLoopBound(WeakHandler(self), eventLoop: loop)
        output = IMAPOutput(limit: configuration.value.limits.bufferedResponses) {
            loop.execute { bound.value.handler?.outputIsReady() }
        }
    }

    /// The output must not keep its handler.
    private struct WeakHandler {
        weak var handler: IMAPServerHandler?

        init(_ handler: IMAPServerHandler) { self.handler = handler }
    }

    var tls: ReloadableTLSContext? { entryPoint.tls }

    // MARK: Driving

    func carryOut(_ context: ChannelHandlerContext) {
        while !wire.isLeaving, context.channel.isWritable || session.isClosed {
            // Responses of a command stand before its end.
            if let octets = output.takeAll() {
                wire.outgoing.writeImmutableBuffer(octets)
                session.progressed(at: context.eventLoop.now)
                flush(context)
                continue
            }
            if let answer = pendingAnswer {
                pendingAnswer = nil
                session.answer(answer, at: context.eventLoop.now)
            }
            guard let action = session.next(at: context.eventLoop.now) else { return }
            perform(action, context)
        }
    }

    private func outputIsReady() { if let context = wire.context { drive(context) } }

    private func perform(_ action: IMAPServerSession.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .send(let text): wire.outgoing.writeString(text)
        case .ask(let question): ask(question, context)
        case .endIdle: task?.cancel()
        case .abortAppend: abortAppend()
        case .startTLS(let goAhead): beginTLS(after: goAhead, context)
        case .compress(let goAhead): compress(goAhead, context)
        case .close: leave(context)
        }
    }

    private func compress(_ goAhead: String, _ context: ChannelHandlerContext) {
        wire.outgoing.writeString(goAhead)
        flush(context)
        do {
            try context.pipeline.syncOperations.addHandler(DeflateHandler(), position: .before(self))
        } catch {
            wire.log(.error, "compression cannot begin", ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    // MARK: Questions

    private func ask(_ question: IMAPServerSession.Question, _ context: ChannelHandlerContext) {
        questions += 1
        let number = questions
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let (mailboxes, name) = (mailboxes, session.facts.id)
        let call = IMAPCall(
            entryPoint: entryPoint, facts: session.facts, runner: runner, output: output, log: wire.log,
            admit: { mailboxes.enter($0.mailbox, name) }, clock: { SystemWallClock().now() })
        task = Task {
            let result = await call.answer(question)
            loop.execute { bound.value.answered(number, result) }
        }
    }

    private func answered(_ number: Int, _ result: IMAPCall.Result) {
        if let opened = result.opened { runner = opened }
        guard number == questions, let context = wire.context else { return }
        task = nil
        guard let answer = result.answer else { return context.close(promise: nil) }
        pendingAnswer = answer
        drive(context)
    }

    private func abortAppend() {
        guard let runner else { return }
        let running = task
        Task {
            await running?.value
            await runner.abortAppend()
        }
    }

    func stopWork() {
        questions += 1
        task?.cancel()
        output.abandon()
    }

    func connectionEnded(on loop: any EventLoop) {
        let (running, runner, mailboxes, name, ended) = (task, runner, mailboxes, session.facts.id, ended)
        Task {
            await running?.value
            await runner?.abortAppend()
            mailboxes.leave(name)
            ended()
        }
    }
}

extension IMAPServerSession: ServerSession {
    package var beginsWithTLS: Bool { configuration.security == .immediate }
    package var isSecured: Bool { facts.tls != nil }
    package var stallTime: TimeAmount { limits.responseStall }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension IMAPServerHandler: Sendable {}
