import MSSCore
public import NIOCore
import NIOTLS

/// TLS on a NIO channel, client or server: from the first byte, or in place after STARTTLS (``startTLS(_:unread:)``).
///
/// It fires ``TLSEstablished`` and `TLSUserEvent.handshakeCompleted` once the peer is verified. Before that it delivers
/// nothing inbound and holds what is written. Every failure is a ``TLSFailure`` fired through `errorCaught`; the
/// channel then closes by itself, after the alert has gone out.
///
/// Closing the channel sends close_notify and waits a moment for the peer's. A peer that ends the TCP connection
/// without close_notify causes ``TLSFailure/Kind/truncated``. When the channel's `allowRemoteHalfClosure` option is
/// set, the peer's close_notify is fired as `ChannelEvent.inputClosed` and writing may go on; otherwise it closes.
public final class TLSHandler: ChannelDuplexHandler {
    /// Ciphertext.
    public typealias InboundIn = ByteBuffer
    /// Plaintext.
    public typealias InboundOut = ByteBuffer
    /// Plaintext.
    public typealias OutboundIn = ByteBuffer
    /// Ciphertext.
    public typealias OutboundOut = ByteBuffer

    enum State {
        /// Waiting for the channel to be active.
        case idle
        case handshaking
        /// The cryptographic handshake is done, the revocation check is not.
        case verifying
        case open
        /// close_notify sent by `close(mode: .all)`; waiting for the peer's, or for the end of the connection.
        case closing
        /// A failure was reported and its alert sent; waiting for the end of the connection.
        case draining
        case closed
    }

    /// What the handshake established; `nil` until then.
    public internal(set) var facts: TLSSessionFacts?

    let connection: TLSConnection
    let limits: TLSLimits
    var state = State.idle

    // Inbound
    var inbound = ByteBuffer()
    /// Whether the connection holds plain bytes that came with the last input.
    var holdsPlain = false
    var isProcessing = false
    var discardedBytes = 0
    var readIsUnanswered = false
    var readIsHeld = false
    var closeNotifyReceived = false

    // Outbound
    var outgoing = ByteBuffer()
    var pending = MarkedCircularBuffer<(data: ByteBuffer, promise: EventLoopPromise<Void>?)>(initialCapacity: 0)
    var pendingBytes = 0
    var isEncrypting = false
    var outputClosed = false

    var timer: Scheduled<Void>?
    var check: Task<Void, Never>?
    var closePromise: EventLoopPromise<Void>?

    /// The server side of a connection.
    ///
    /// - Parameter context: made from a server's configuration.
    public convenience init(server context: TLSContext) throws(TLSFailure) {
        precondition(context.configuration.isServer)
        try self.init(TLSConnection(context, serverName: nil, expectedHostname: nil))
    }

    /// The client side of a connection.
    ///
    /// - Parameters:
    ///   - context: made from a client's configuration.
    ///   - serverName: host name sent to the server (SNI); `nil` sends none. An IP address is no server name
    ///     (RFC 6066 §3) and is not sent.
    ///   - expectedHostname: name that the server's certificate must carry; `nil` when another check identifies the
    ///     peer, as the whitelist's DN does between operators.
    public convenience init(
        client context: TLSContext, serverName: String?, expectedHostname: String? = nil
    ) throws(TLSFailure) {
        precondition(!context.configuration.isServer)
        let name = serverName.flatMap { (try? SocketAddress(ipAddress: $0, port: 0)) == nil ? $0 : nil }
        try self.init(TLSConnection(context, serverName: name, expectedHostname: expectedHostname))
    }

    init(_ connection: TLSConnection) {
        self.connection = connection
        self.limits = connection.context.configuration.limits
    }

    // MARK: Life in the pipeline

    /// Begins the handshake when the channel is already active.
    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    /// Begins the handshake.
    public func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    /// Fails what is still waiting.
    public func handlerRemoved(context: ChannelHandlerContext) {
        end(failing: ChannelError.ioOnClosedChannel)
    }

    private func start(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .handshaking
        setTimer(context, limits.handshakeTimeout) { handler, context in
            handler.fail(context, TLSFailure(.handshakeTimeout))
        }
        process(context)
        context.read()
    }

    // MARK: Handshake

    /// One step of the handshake; `false` when it must wait.
    func handshake(_ context: ChannelHandlerContext) -> Bool {
        let progress = connection.handshake(&inbound, output: &outgoing)
        switch progress {
        case .done:
            send(context)
            // What was written may have ended the connection.
            guard state == .handshaking else { return false }
            switch connection.verification {
            case .notAsked: establish(context, peer: nil)
            case .accepted(let peer): establish(context, peer: peer)
            case .pending(_, let check): verify(context, check)
            case .refused(let failure): fail(context, TLSFailure(.verification(failure)))
            }
            return state != .verifying
        case .needsInput:
            send(context)
            return false
        case .closed:
            fail(context, TLSFailure(.closedDuringHandshake))
            return false
        case .failed(let failure):
            fail(context, failure)
            return false
        }
    }

    private func verify(
        _ context: ChannelHandlerContext,
        _ check: @escaping @Sendable ([UInt8]?) async -> Result<VerifiedPeer, CertificateFailure>
    ) {
        state = .verifying
        let staple = connection.stapledOCSP
        let loop = context.eventLoop
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: loop)
        self.check = Task {
            let result = await check(staple)
            loop.execute { bound.value.handler.verified(bound.value.context, result) }
        }
    }

    private func verified(_ context: ChannelHandlerContext, _ result: Result<VerifiedPeer, CertificateFailure>) {
        guard state == .verifying else { return }
        check = nil
        switch result {
        case .success(let peer):
            establish(context, peer: peer)
            process(context)
        case .failure(let failure):
            // The handshake is over for OpenSSL, which can only say close_notify from here (decision 0032).
            connection.closeNotify(output: &outgoing)
            fail(context, TLSFailure(.verification(failure)))
        }
    }

    private func establish(_ context: ChannelHandlerContext, peer: VerifiedPeer?) {
        guard let facts = connection.facts(peer: peer) else {
            // Not possible while contexts are made from policies; refuse rather than trust it.
            return fail(context, TLSFailure(.noCommonSuite, requirement: "EX_OPE_5010"))
        }
        state = .open
        timer?.cancel()
        timer = nil
        self.facts = facts
        context.fireUserInboundEventTriggered(TLSEstablished(facts: facts))
        context.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        encryptPending(context)
        if readIsHeld {
            readIsHeld = false
            context.read()
        }
    }
}

/// Not Sendable by design: the handler belongs to its channel's event loop.
@available(*, unavailable)
extension TLSHandler: Sendable {}
