public import NIOCore

extension TLSHandler {
    /// Closes with close_notify. `.output` half-closes; writes that were not flushed fail.
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (mode, state) {
        case (.input, _): context.close(mode: .input, promise: promise)
        case (.output, .open):
            guard !outputClosed else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            closeOutput(context, promise: promise)
        case (.all, .open): closeOrderly(context, promise: promise)
        case (.output, .closing), (.output, .draining), (.all, .closing), (.all, .draining): join(promise)
        case (_, .idle), (_, .handshaking), (_, .verifying), (_, .closed):
            // Nothing was promised to the peer yet.
            end(failing: ChannelError.ioOnClosedChannel)
            context.close(mode: .all, promise: promise)
        }
    }

    /// close_notify, then TCP's half-close behind it.
    private func closeOutput(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        outputClosed = true
        connection.closeNotify(output: &outgoing)
        send(context)
        failPending(ChannelError.outputClosed)
        context.close(mode: .output, promise: promise)
    }

    /// close_notify, TCP's half-close, then a bounded wait for the peer's close_notify or the end of the connection:
    /// closing at once with unread bytes would reset the connection and could destroy what we just sent.
    func closeOrderly(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        state = .closing
        join(promise)
        if outputClosed {
            linger(context)
        } else {
            outputClosed = true
            connection.closeNotify(output: &outgoing)
            send(context)
            failPending(ChannelError.ioOnClosedChannel)
            closeOutputThenLinger(context)
        }
    }

    /// Reports a failure; the alert, if there is one, goes out first.
    func fail(_ context: ChannelHandlerContext, _ failure: TLSFailure) {
        switch state {
        case .draining, .closed: return
        case .closing: return finish(context)  // the application has left already
        case .idle, .handshaking, .verifying, .open: break
        }
        state = .draining
        timer?.cancel()
        timer = nil
        check?.cancel()
        check = nil
        send(context)
        failPending(failure)
        context.fireErrorCaught(failure)
        guard state == .draining else { return }
        if outputClosed {
            linger(context)
        } else {
            outputClosed = true
            closeOutputThenLinger(context)
        }
    }

    private func closeOutputThenLinger(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let done = context.eventLoop.makePromise(of: Void.self)
        done.futureResult.whenComplete { result in
            let (handler, context) = bound.value
            guard handler.state == .closing || handler.state == .draining else { return }
            // Bytes still unsent past the time limit, or a channel that cannot half-close, end it.
            if case .failure = result { return handler.finish(context) }
            handler.linger(context)
        }
        setTimer(context, limits.closeTimeout) { handler, context in handler.finish(context) }
        context.close(mode: .output, promise: done)
    }

    private func linger(_ context: ChannelHandlerContext) {
        if closeNotifyReceived { return finish(context) }
        if timer == nil { setTimer(context, limits.closeTimeout) { handler, context in handler.finish(context) } }
        context.read()
    }

    /// Closes the TCP connection now.
    func finish(_ context: ChannelHandlerContext) {
        guard state != .closed else { return }
        let promise = closePromise
        closePromise = nil
        end(failing: ChannelError.ioOnClosedChannel)
        context.close(mode: .all, promise: promise)
    }

    /// The last state: nothing is held any more.
    func end(failing error: any Error) {
        state = .closed
        timer?.cancel()
        timer = nil
        check?.cancel()
        check = nil
        inbound = ByteBuffer()
        failPending(error)
        let promise = closePromise
        closePromise = nil
        promise?.succeed()
    }

    private func join(_ promise: EventLoopPromise<Void>?) {
        guard let promise else { return }
        if let first = closePromise { first.futureResult.cascade(to: promise) } else { closePromise = promise }
    }

    func failPending(_ error: any Error) {
        pendingBytes = 0
        while let (_, promise) = pending.popFirst() { promise?.fail(error) }
    }

    func setTimer(
        _ context: ChannelHandlerContext, _ delay: Duration,
        _ action: @escaping @Sendable (TLSHandler, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
            action(bound.value.handler, bound.value.context)
        }
    }
}
