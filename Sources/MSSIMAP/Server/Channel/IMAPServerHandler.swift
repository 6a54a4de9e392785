import Logging
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
    private let entryPoint: SharedIMAPEntryPoint
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

    /// Octets that are worth a writing of their own.
    private static let part = 16 << 10

    init(
        _ entryPoint: SharedIMAPEntryPoint, _ facts: IMAPSessionFacts, _ loop: any EventLoop,
        _ mailboxes: MailboxSessions, logger: Logger, ended: @escaping @Sendable () -> Void
    ) {
        self.entryPoint = entryPoint
        self.mailboxes = mailboxes
        self.ended = ended
        session = IMAPServerSession(entryPoint.configuration, facts: facts)
        wire = SessionWire(log: SessionLog(logger: logger, session: facts.id, entryPoint: facts.entryPoint))
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

    var tls: ReloadableTLSContext? { entryPoint.value.tls }

    // MARK: Driving

    func carryOut(_ context: ChannelHandlerContext) {
        while !wire.isLeaving, context.channel.isWritable || session.isClosed {
            // Responses of a command stand before its end.
            if let octets = output.next() {
                if wire.outgoing.readableBytes == 0 {
                    wire.outgoing = octets
                } else {
                    wire.outgoing.writeImmutableBuffer(octets)
                }
                session.progressed(at: context.eventLoop.now)
                // The last of them goes out with the end of the command.
                if wire.outgoing.readableBytes >= Self.part { flush(context) }
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
        if case .idle = question, let runner {
            task = Task(executorPreference: IMAPCommandThreads.shared) { [log = wire.log] in
                let result = await IMAPCall.idle(runner, log)
                loop.execute { bound.value.answered(number, result) }
            }
            return
        }
        let (mailboxes, name) = (mailboxes, session.facts.id)
        let call = IMAPCall(
            entryPoint: entryPoint, facts: session.facts, runner: runner, output: output, log: wire.log,
            admit: { mailboxes.enter($0.mailbox, name) })
        task = Task(executorPreference: IMAPCommandThreads.shared) {
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
