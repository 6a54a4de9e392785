public import NIOCore

extension TLSHandler {
    /// Decrypts.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        switch state {
        case .closed: return
        case .draining: return discard(context, data.readableBytes)
        case .idle, .handshaking, .verifying, .open, .closing: break
        }
        if inbound.readableBytes == 0 { inbound = data } else { inbound.writeBuffer(&data) }
        process(context)
    }

    /// Asks for more bytes when those read did not make a whole record.
    public func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        switch state {
        case .handshaking, .closing, .draining: context.read()
        case .open where readIsUnanswered: context.read()
        case .idle, .verifying, .open, .closed: break
        }
    }

    /// Holds back reading while the peer's revocation is checked: its bytes wait in the kernel, not here.
    public func read(context: ChannelHandlerContext) {
        readIsUnanswered = true
        if state == .verifying { readIsHeld = true } else { context.read() }
    }

    /// Advances as far as the bytes at hand allow. Events fired meanwhile may lead back here: the outer call goes on
    /// with what the inner one left.
    func process(_ context: ChannelHandlerContext) {
        guard !isProcessing else { return }
        isProcessing = true
        defer {
            isProcessing = false
            if inbound.readableBytes == 0 { releaseInbound() }
        }
        while true {
            switch state {
            case .handshaking: guard handshake(context) else { return }
            case .open, .closing:
                guard inbound.readableBytes > 0 || holdsPlain, !closeNotifyReceived else { return inbound.clear() }
                guard decrypt(context) else { return }
            case .idle, .verifying: return
            case .draining, .closed: return inbound.clear()
            }
        }
    }

    /// An idle connection holds no memory.
    private func releaseInbound() {
        let spent = inbound
        inbound = ByteBuffer()
        SpareBuffers.give(spent)
    }

    /// Decrypts what came in and delivers it in one buffer, or several when it is much; `false` when more must come.
    private func decrypt(_ context: ChannelHandlerContext) -> Bool {
        var plain = SpareBuffers.take(inbound.readableBytes, context.channel.allocator)
        let progress = connection.decrypt(&inbound, plain: &plain, output: &outgoing)
        holdsPlain = progress == .done
        if progress != .closed { send(context) }  // key updates, alerts; an answer to close_notify goes with the close
        if plain.readableBytes > 0 {
            if state == .open {
                readIsUnanswered = false
                context.fireChannelRead(wrapInboundOut(plain))
                SpareBuffers.give(plain)
            } else {
                discard(context, plain.readableBytes)
            }
        }
        switch progress {
        case .done: return true
        case .needsInput: return inbound.readableBytes > 0
        case .closed:
            peerClosed(context)
            return false
        case .failed(let failure):
            fail(context, failure)
            return false
        }
    }

    /// close_notify came.
    private func peerClosed(_ context: ChannelHandlerContext) {
        closeNotifyReceived = true
        inbound.clear()
        switch state {
        case .open:
            let mayWriteOn = (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) ?? false
            if mayWriteOn, !outputClosed {
                context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            } else {
                closeOrderly(context, promise: nil)
            }
        case .closing: finish(context)
        case .idle, .handshaking, .verifying, .draining, .closed: break
        }
    }

    /// Bytes that nobody will read: they are only counted.
    private func discard(_ context: ChannelHandlerContext, _ count: Int) {
        discardedBytes += count
        if discardedBytes > limits.maximumDiscardedBytes { finish(context) }
    }

    /// The TCP connection's own half-close: truncation unless close_notify came first.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        switch state {
        case .handshaking, .verifying: fail(context, TLSFailure(.closedDuringHandshake))
        case .open where !closeNotifyReceived: fail(context, TLSFailure(.truncated))
        case .closing, .draining: finish(context)
        case .idle: context.fireUserInboundEventTriggered(event)
        case .open, .closed: break
        }
    }

    /// The end of the TCP connection: truncation unless close_notify came first (RFC 8446 §6.1).
    public func channelInactive(context: ChannelHandlerContext) {
        let failure: TLSFailure? =
            switch state {
            case .handshaking, .verifying: TLSFailure(.closedDuringHandshake)
            case .open where !closeNotifyReceived: TLSFailure(.truncated)
            case .idle, .open, .closing, .draining, .closed: nil
            }
        end(failing: failure ?? ChannelError.ioOnClosedChannel)
        if let failure { context.fireErrorCaught(failure) }
        context.fireChannelInactive()
    }

    /// Errors of the socket while closing are of no interest to anyone.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .closing, .draining: finish(context)
        case .idle, .handshaking, .verifying, .open, .closed: context.fireErrorCaught(error)
        }
    }
}
