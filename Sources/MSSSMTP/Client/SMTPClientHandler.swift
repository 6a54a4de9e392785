import MSSCore
import MSSTLS
import NIOCore

/// What other threads may know of a connection.
final class SMTPConnectionStatus: Sendable {
    struct Value: Sendable {
        var isReusable = false
        var capabilities = SMTPCapabilities(serverName: "")
        var facts: TLSSessionFacts?
    }

    private let held = Guarded(Value())
    var value: Value { held.withLock { $0 } }
    func update(_ change: (inout Value) -> Void) { held.withLock { change(&$0) } }
}

/// Runs a session on its channel.
final class SMTPClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let status: SMTPConnectionStatus
    private let configuration: SMTPClientConfiguration
    private let destination: SMTPDestination
    private var session: SMTPClientSession
    private var opened: EventLoopPromise<Void>?
    private var result: EventLoopPromise<SMTPTransactionResult>?
    /// Waits until the server takes more of the message: `false` when the transaction is over.
    private var contentWanted: EventLoopPromise<Bool>?
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?
    private var idleTimer: Scheduled<Void>?
    private var isRunning = false

    init(
        _ configuration: SMTPClientConfiguration, _ destination: SMTPDestination, _ status: SMTPConnectionStatus,
        opened: EventLoopPromise<Void>
    ) {
        self.configuration = configuration
        self.destination = destination
        self.opened = opened
        self.status = status
        session = SMTPClientSession(configuration.session)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        session.connectionEnded(.closed)
        run()
        self.context = nil
        timer?.cancel()
        idleTimer?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        session.start(at: .now())
        run()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        session.receive(&bytes, at: .now())
        run()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSEstablished else { return context.fireUserInboundEventTriggered(event) }
        status.update { $0.facts = event.facts }
        session.tlsEstablished(at: .now())
        run()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure {
            session.connectionEnded(.tls(failure))
        } else {
            session.connectionEnded(.connection("\(error)"))
        }
        run()
    }

    func channelInactive(context: ChannelHandlerContext) {
        session.connectionEnded(.closed)
        run()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        run()
        context.fireChannelWritabilityChanged()
    }

    // MARK: Calls, on the event loop

    /// Begins a transaction. The first future says whether the message is wanted, the second how it all ended.
    func begin(_ envelope: OutgoingEnvelope, size: Int?, lineEnds: SMTPLineEnds, on loop: any EventLoop) -> (
        wanted: EventLoopFuture<Bool>, result: EventLoopFuture<SMTPTransactionResult>
    ) {
        idleTimer?.cancel()
        let wanted = loop.makePromise(of: Bool.self)
        let result = loop.makePromise(of: SMTPTransactionResult.self)
        guard self.result == nil else {
            wanted.succeed(false)
            result.succeed(SMTPTransactionResult(envelope.recipients, SMTPClientFailure(.network, .idle, .closed)))
            return (wanted.futureResult, result.futureResult)
        }
        contentWanted = wanted
        self.result = result
        session.begin(envelope, size: size, lineEnds: lineEnds, at: .now())
        run()
        return (wanted.futureResult, result.futureResult)
    }

    /// Gives a part of the message; the future says whether more is wanted, once it is.
    func give(_ bytes: ByteBuffer, on loop: any EventLoop) -> EventLoopFuture<Bool> {
        // The transaction may have ended while the message was being read: nobody would answer.
        guard result != nil else { return loop.makeSucceededFuture(false) }
        let promise = loop.makePromise(of: Bool.self)
        contentWanted = promise
        session.content(bytes, at: .now())
        run()
        return promise.futureResult
    }

    func endContent() {
        session.endContent(at: .now())
        run()
    }

    func failContent(_ reason: String) {
        session.failContent(reason, at: .now())
        run()
    }

    func abandon(_ failure: SMTPClientFailure) {
        session.abandon(failure)
        run()
    }

    func quit() {
        session.quit(at: .now())
        run()
    }

    /// Leaves the session to itself: it says QUIT after a while.
    func rest(for time: TimeAmount) {
        idleTimer?.cancel()
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        idleTimer = context.eventLoop.scheduleTask(in: time) { bound.value.quit() }
    }

    // MARK: Actions

    /// Does what the session wants done. Called again from within, the outer call goes on.
    private func run() {
        guard !isRunning else { return }
        isRunning = true
        defer { isRunning = false }
        var wrote = false
        while let action = session.nextAction() { perform(action, &wrote) }
        if wrote { context?.flush() }
        // A flush may have led back here and left actions behind.
        while let action = session.nextAction() {
            var more = false
            perform(action, &more)
            if more { context?.flush() }
        }
        if let wanted = contentWanted, session.wantsContent, context?.channel.isWritable ?? false {
            contentWanted = nil
            wanted.succeed(true)
        }
        setTimer()
    }

    private func perform(_ action: SMTPClientSession.Action, _ wrote: inout Bool) {
        switch action {
        case .write(let bytes):
            wrote = true
            send(bytes)
        case .startTLS:
            if wrote { context?.flush() }
            wrote = false
            startTLS()
        case .checkPeer: checkPeer()
        case .obtainCredentials: obtainCredentials()
        case .opened:
            noteStatus()
            opened?.succeed()
            opened = nil
        case .provideContent: break  // see `run`
        case .finished(let outcome):
            noteStatus()
            contentWanted?.succeed(false)
            contentWanted = nil
            let promise = result
            result = nil
            promise?.succeed(outcome)
        case .ended(let failure):
            noteStatus()
            opened?.fail(failure ?? SMTPClientFailure(.network, .idle, .closed))
            opened = nil
            if wrote { context?.flush() }
            wrote = false
            context?.close(promise: nil)
        }
    }

    private func noteStatus() {
        status.update {
            $0.isReusable = session.isReady && session.isReusable
            $0.capabilities = session.offer
        }
    }

    private func send(_ bytes: ByteBuffer) {
        guard let context else { return }
        let count = bytes.readableBytes
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess {
            bound.value.session.wrote(count, at: .now())
            bound.value.run()
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    private func startTLS() {
        guard let context, let tls = configuration.tls else {
            return session.connectionEnded(.connection("no TLS context"))
        }
        do {
            let handler = try TLSHandler(
                client: tls.current, serverName: destination.serverName,
                expectedHostname: configuration.comparesServerName ? destination.serverName ?? "" : nil)
            try handler.startTLS(context.pipeline.syncOperations, unread: 0)
        } catch let failure as TLSFailure {
            session.connectionEnded(.tls(failure))
        } catch { session.connectionEnded(.connection("\(error)")) }
    }

    private func checkPeer() {
        guard let context, let facts = status.value.facts else {
            return session.connectionEnded(.closed)
        }
        guard let check = configuration.checkPeer else { return session.peerChecked(nil, at: .now()) }
        let peer = SMTPPeer(facts: facts, destination: destination)
        resume(context, with: { await check(peer) }) { $0.session.peerChecked($1, at: .now()) }
    }

    private func obtainCredentials() {
        guard let context, let source = configuration.credentials else {
            return session.authenticate(with: nil, at: .now())
        }
        resume(context, with: { try? await source() }) { $0.session.authenticate(with: $1, at: .now()) }
    }

    /// Waits for an answer from elsewhere, and goes on with it on the event loop.
    private func resume<Answer: Sendable>(
        _ context: ChannelHandlerContext, with question: @escaping @Sendable () async -> Answer,
        _ proceed: @escaping @Sendable (SMTPClientHandler, Answer) -> Void
    ) {
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let task = Task {
            let answer = await question()
            loop.execute {
                proceed(bound.value, answer)
                bound.value.run()
            }
        }
        context.channel.closeFuture.whenComplete { _ in task.cancel() }
    }

    private func setTimer() {
        guard let context, session.deadline != timerDeadline else { return }
        timer?.cancel()
        timer = nil
        timerDeadline = session.deadline
        guard let deadline = session.deadline else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadline) {
            bound.value.timerDeadline = nil
            bound.value.session.tick(at: max(.now(), deadline))
            bound.value.run()
        }
    }
}
