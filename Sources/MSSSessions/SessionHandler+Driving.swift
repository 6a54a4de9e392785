import Logging
import MSSTLS
package import NIOCore

extension SessionHandler {
    // MARK: Driving

    /// Has everything carried out that the session wants. What happens meanwhile may lead back here; the outer call goes
    /// on.
    package func drive(_ context: ChannelHandlerContext) {
        guard !wire.isDriving, !wire.isLeaving else { return }
        wire.isDriving = true
        carryOut(context)
        if !wire.isLeaving, !holdsReplies { flush(context) }
        wire.isDriving = false
        guard !wire.isLeaving else { return }
        if !context.channel.isWritable {
            if wire.blockedSince == nil { wire.blockedSince = context.eventLoop.now }
        } else if wire.blockedSince != nil {
            wire.blockedSince = nil
            session.progressed(at: context.eventLoop.now)
        }
        setTimer(context)
        readOn(context)
    }

    /// Sends what was gathered.
    package func flush(_ context: ChannelHandlerContext) {
        guard wire.outgoing.readableBytes > 0 else { return }
        let octets = wire.outgoing
        wire.outgoing = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(octets), promise: nil)
    }

    func readOn(_ context: ChannelHandlerContext) {
        guard !wire.isReading, wire.isLeaving || (takesInput && context.channel.isWritable) else { return }
        wire.isReading = true
        context.read()
    }

    /// Says the go-ahead and begins TLS behind it; where that cannot be, the session is told.
    package func beginTLS(after goAhead: String, _ context: ChannelHandlerContext) {
        let handler: TLSHandler
        do {
            guard let tls else { return session.tlsUnavailable() }
            handler = try TLSHandler(server: tls.current)
        } catch {
            wire.log(.error, "TLS cannot begin", ["error": "\(error)"])
            return session.tlsUnavailable()
        }
        wire.outgoing.writeString(goAhead)
        flush(context)
        wire.isReading = false
        do {
            try handler.startTLS(context.pipeline.syncOperations, unread: session.unread)
        } catch {
            wire.log(.info, "TLS refused", ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    /// Closes so that the last words arrive: the peer's octets are read on for a moment (RFC 9293 §3.10.4 would have
    /// unread octets turn the end into a reset). TLS does the same by itself.
    package func leave(_ context: ChannelHandlerContext) {
        flush(context)
        stopWork()
        wire.isLeaving = true
        guard !session.isSecured else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        wire.timer?.scheduled.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let due = context.eventLoop.now + SessionWire.leaveTime
        wire.timer = (due, context.eventLoop.scheduleTask(deadline: due) { bound.value.close(promise: nil) })
        readOn(context)
    }

    // MARK: Time

    private var due: NIODeadline? {
        if wire.isLeaving { return nil }
        if let blockedSince = wire.blockedSince { return blockedSince + session.stallTime }
        return deadline
    }

    /// Sees to it that a timer runs out no later than something is due; one that comes too early looks again, so that
    /// commands do not cost a timer each.
    private func setTimer(_ context: ChannelHandlerContext) {
        guard let due, wire.timer.map({ due < $0.due }) ?? true else { return }
        wire.timer?.scheduled.cancel()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        wire.timer = (
            due,
            context.eventLoop.scheduleTask(deadline: due) { bound.value.handler.timeHasCome(bound.value.context) }
        )
    }

    private func timeHasCome(_ context: ChannelHandlerContext) {
        wire.timer = nil
        guard let due, due <= context.eventLoop.now else { return setTimer(context) }
        // A client that does not read reads no farewell.
        if wire.blockedSince != nil { return context.close(promise: nil) }
        expire(at: context.eventLoop.now)
        drive(context)
    }
}
