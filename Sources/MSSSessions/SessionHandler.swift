import Logging
package import MSSTLS
package import NIOCore

/// Drives a ``ServerSession`` on a channel whose `autoRead` is off.
///
/// It reads only when the session can use what comes, and wants nothing of the session while the client does not read
/// what it is told. What a session wants done is carried out by the protocol's own handler, which conforms to this and so
/// needs none of the channel's events.
package protocol SessionHandler: ChannelInboundHandler, SendableMetatype
where InboundIn == ByteBuffer, OutboundOut == ByteBuffer {
    associatedtype Session: ServerSession

    /// The session.
    var session: Session { get set }
    /// What is kept of the channel.
    var wire: SessionWire { get }
    /// TLS of the entry point.
    var tls: ReloadableTLSContext? { get }

    /// Carries out what the session wants, until it wants nothing, the client does not read, or the last words are said.
    func carryOut(_ context: ChannelHandlerContext)
    /// Ends what is under way for the session: nobody waits for it any longer. May be called again.
    func stopWork()
    /// The connection is over. Called once.
    func connectionEnded(on loop: any EventLoop)

    /// Whether what was gathered waits for more of it, which is sure to come: by default never.
    var holdsReplies: Bool { get }
    /// Whether octets should be read: by default as the session wants.
    var takesInput: Bool { get }
    /// When ``expire(at:)`` is due: by default the session's time.
    var deadline: NIODeadline? { get }
    /// Time has come: by default for the session.
    func expire(at now: NIODeadline)
    /// TLS could not be had with the client, whose connection ends: by default nothing.
    func tlsFailed(_ failure: TLSFailure)
}

extension SessionHandler {
    package var holdsReplies: Bool { false }
    package var takesInput: Bool { session.wantsInput }
    package var deadline: NIODeadline? { session.deadline }
    package func expire(at now: NIODeadline) { session.expire(at: now) }
    package func tlsFailed(_ failure: TLSFailure) {}

    // MARK: Events of the channel

    package func handlerAdded(context: ChannelHandlerContext) {
        wire.context = context
        if context.channel.isActive { begin(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { end(context) }

    package func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = unwrapInboundIn(data)
        wire.isReading = false
        guard !wire.isLeaving else {
            wire.discarded += octets.readableBytes
            if wire.discarded > SessionWire.leaveOctets { context.close(promise: nil) }
            return
        }
        session.receive(octets, at: context.eventLoop.now)
        drive(context)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        wire.isReading = false
        readOn(context)
        context.fireChannelReadComplete()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { drive(context) }
        context.fireChannelWritabilityChanged()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let established as TLSEstablished:
            let now = context.eventLoop.now
            if session.beginsWithTLS {
                session.start(at: now, tls: established.facts)
            } else {
                session.secured(established.facts, at: now)
            }
            drive(context)
        case is SessionShutDown:
            session.shutDown()
            drive(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure {
            wire.log(.info, "TLS failed", ["error": "\(failure)"])
            tlsFailed(failure)
        } else {
            wire.log(.debug, "connection failed", ["error": "\(error)"])
        }
        context.close(promise: nil)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !session.beginsWithTLS else { return }
        session.start(at: context.eventLoop.now, tls: nil)
        drive(context)
    }

    private func end(_ context: ChannelHandlerContext) {
        guard wire.context != nil else { return }
        wire.context = nil
        wire.timer?.scheduled.cancel()
        wire.timer = nil
        session.disconnected()
        stopWork()
        connectionEnded(on: context.eventLoop)
    }
}
