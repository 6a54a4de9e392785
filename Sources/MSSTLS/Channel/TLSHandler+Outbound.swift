public import NIOCore

extension TLSHandler {
    /// Plaintext gathered into one record when writes are small.
    private static let recordBytes = 16 << 10
    /// Ciphertext handed to the channel at once.
    private static let chunkBytes = 128 << 10

    /// Keeps the bytes until the next flush, and until the peer is verified.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if outputClosed {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch state {
        case .closing, .draining, .closed: promise?.fail(ChannelError.ioOnClosedChannel)
        case .idle, .handshaking, .verifying, .open:
            let data = unwrapOutboundIn(data)
            pending.append((data, promise))
            pendingBytes += data.readableBytes
            if state != .open, pendingBytes > limits.maximumPendingBytes {
                fail(context, TLSFailure(.tooMuchWrittenBeforeHandshake))
            }
        }
    }

    /// Encrypts and sends what was written.
    public func flush(context: ChannelHandlerContext) {
        pending.mark()
        encryptPending(context)
    }

    /// Encrypts what was flushed. A flush from within goes on in the outer loop, so that records leave in their order.
    func encryptPending(_ context: ChannelHandlerContext) {
        guard state == .open, !isEncrypting, pending.hasMark else { return }
        isEncrypting = true
        defer { isEncrypting = false }
        var promises: [EventLoopPromise<Void>] = []
        while state == .open, pending.hasMark {
            var data = takePending(&promises)
            while let part = data.readSlice(length: min(data.readableBytes, Self.chunkBytes)), part.readableBytes > 0 {
                let progress = connection.encrypt(part.readableBytesView, output: &outgoing)
                guard progress == .done else {
                    let failure: TLSFailure =
                        if case .failed(let failure) = progress { failure } else {
                            TLSFailure(.protocolViolation, detail: "write refused: \(progress)")
                        }
                    for promise in promises { promise.fail(failure) }
                    return fail(context, failure)
                }
                if outgoing.readableBytes >= Self.chunkBytes, data.readableBytes > 0 {
                    context.write(wrapOutboundOut(takeOutgoing()), promise: nil)
                }
            }
            if outgoing.readableBytes >= Self.chunkBytes || !pending.hasMark {
                context.writeAndFlush(wrapOutboundOut(takeOutgoing()), promise: joined(&promises, context))
            }
        }
        // Closed meanwhile: the rest went out before the close.
        for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
    }

    /// The next bytes to encrypt: one write, or several small ones gathered into a record.
    private func takePending(_ promises: inout [EventLoopPromise<Void>]) -> ByteBuffer {
        var (data, promise) = pending.removeFirst()
        if let promise { promises.append(promise) }
        while pending.hasMark, let next = pending.first,
            data.readableBytes + next.data.readableBytes <= Self.recordBytes
        {
            data.writeImmutableBuffer(next.data)
            if let promise = next.promise { promises.append(promise) }
            _ = pending.removeFirst()
        }
        pendingBytes -= data.readableBytes
        return data
    }

    private func joined(
        _ promises: inout [EventLoopPromise<Void>], _ context: ChannelHandlerContext
    ) -> EventLoopPromise<Void>? {
        defer { promises.removeAll(keepingCapacity: true) }
        guard promises.count > 1 else { return promises.first }
        let all = context.eventLoop.makePromise(of: Void.self)
        for promise in promises { all.futureResult.cascade(to: promise) }
        return all
    }

    private func takeOutgoing() -> ByteBuffer {
        defer { outgoing = ByteBuffer() }
        return outgoing
    }

    /// Sends ciphertext that OpenSSL produced by itself: handshake, alerts, key updates.
    func send(_ context: ChannelHandlerContext) {
        guard outgoing.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(takeOutgoing()), promise: nil)
    }
}
