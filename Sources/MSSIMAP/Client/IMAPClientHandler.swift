import MSSCore
import MSSSASL
import MSSTLS
import NIOCore

/// What other threads may know of a connection.
final class IMAPConnectionStatus: Sendable {
    struct Value: Sendable {
        var capabilities: Set<IMAPCapability> = []
        var enabled: Set<IMAPCapability> = []
        var facts: TLSSessionFacts?
        var failure: IMAPClientFailure?
    }

    private let held = Guarded(Value())
    var value: Value { held.withLock { $0 } }
    func update(_ change: (inout Value) -> Void) { held.withLock { change(&$0) } }
}

/// Sends commands and sorts what comes back, on a channel whose `autoRead` is off.
///
/// Commands are answered in their order, so what comes belongs to the first that is not answered, when it is of a kind
/// that the command asks for; all else is news of the mailbox.
final class IMAPClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let configuration: IMAPClientConfiguration
    let status: IMAPConnectionStatus
    let greeting: EventLoopPromise<IMAPStatusResponse>
    let secured: EventLoopPromise<Void>
    var hasGreeting = false

    var framer: IMAPResponseFramer
    var input = ByteBuffer()
    var isProcessing = false
    var isReading = false
    var context: ChannelHandlerContext?
    var lastTag = 0
    /// Commands not answered, in their order.
    var exchanges = CircularBuffer<IMAPExchange>()
    /// Those of them that are not wholly sent.
    var unsent = CircularBuffer<IMAPExchange>()
    /// A literal was announced: nothing is sent before the server says so.
    var awaitsGoAhead = false
    /// A message is being sent.
    var sendsMessage = false
    var writable: [EventLoopPromise<Void>] = []
    /// What the server told that no command asked for.
    var news: [IMAPResponse] = []
    var farewell: IMAPStatusResponse?
    var lastProgress = NIODeadline.now()
    var idleSince: NIODeadline?
    /// The `IDLE` that was sent and not ended.
    var idling: IMAPExchange?
    private var watch: RepeatedTask?
    var failure: IMAPClientFailure?

    /// News kept for whoever asks; a mailbox that changes more often is better looked at anew.
    static let newsLimit = 10_000

    init(
        _ configuration: IMAPClientConfiguration, _ status: IMAPConnectionStatus,
        greeting: EventLoopPromise<IMAPStatusResponse>, secured: EventLoopPromise<Void>
    ) {
        self.configuration = configuration
        self.status = status
        self.greeting = greeting
        self.secured = secured
        framer = IMAPResponseFramer(limit: configuration.responseLimit)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastProgress = .now()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let pause = TimeAmount.nanoseconds(
            max(10_000_000, min(configuration.silence, configuration.idleRenewal).nanoseconds / 8))
        watch = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            bound.value.lookAtTheClock()
        }
        if context.channel.isActive { readOn() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.ended(farewell))
        watch?.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        readOn()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var octets = unwrapInboundIn(data)
        isReading = false
        lastProgress = .now()
        if input.readableBytes == 0 { input = octets } else { input.writeBuffer(&octets) }
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readOn()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            lastProgress = .now()
            let waiting = writable
            writable = []
            for promise in waiting { promise.succeed() }
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let established = event as? TLSEstablished else { return context.fireUserInboundEventTriggered(event) }
        status.update { $0.facts = established.facts }
        lastProgress = .now()
        secured.succeed()
        readOn()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail((error as? TLSFailure).map(IMAPClientFailure.Cause.tls) ?? .connection("\(error)"))
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.ended(farewell))
        context.fireChannelInactive()
    }

    /// The session is over for all that wait.
    func fail(_ cause: IMAPClientFailure.Cause) {
        guard failure == nil else { return }
        let failure = IMAPClientFailure(cause)
        self.failure = failure
        status.update { $0.failure = failure }
        greeting.fail(failure)
        secured.fail(failure)
        let (open, waiting) = (exchanges, writable)
        exchanges.removeAll()
        unsent.removeAll()
        writable = []
        for exchange in open { exchange.finish(.failure(failure)) }
        for promise in waiting { promise.fail(failure) }
        watch?.cancel()
        input = ByteBuffer()
        context?.close(promise: nil)
    }

    private func lookAtTheClock() {
        let now = NIODeadline.now()
        if let idleSince {
            if now >= idleSince + configuration.idleRenewal { endIdle() }
            return
        }
        // What is not read because nobody takes it is no silence of the server.
        let isTaken = (exchanges.first?.octets ?? 0) < configuration.bufferedResponses
        let isAwaited = !exchanges.isEmpty || !hasGreeting
        if isAwaited, isTaken, now >= lastProgress + configuration.silence { fail(.timedOut) }
    }

    func readOn() {
        guard let context, !isReading, failure == nil,
            (exchanges.first?.octets ?? 0) < configuration.bufferedResponses
        else { return }
        isReading = true
        context.read()
    }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension IMAPClientHandler: Sendable {}
