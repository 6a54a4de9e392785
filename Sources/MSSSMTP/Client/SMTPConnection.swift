import MSSCore
import MSSDNS
public import MSSTLS
import NIOCore
import NIOPosix

/// An open session with a server: greeted, encrypted, checked, authenticated. One transaction at a time.
///
/// For more than one message use ``SMTPClientPool``, which reopens what the server has closed.
public final class SMTPConnection: Sendable {
    /// What the connection is for.
    public let destination: SMTPDestination
    private let configuration: SMTPClientConfiguration
    private let channel: any Channel
    private let handler: NIOLoopBound<SMTPClientHandler>
    private let status: SMTPConnectionStatus

    private init(_ parts: Parts, _ destination: SMTPDestination, _ configuration: SMTPClientConfiguration) {
        channel = parts.channel
        handler = parts.handler
        status = parts.status
        self.destination = destination
        self.configuration = configuration
    }

    private struct Parts: Sendable {
        var channel: any Channel
        var handler: NIOLoopBound<SMTPClientHandler>
        var status: SMTPConnectionStatus
        var opened: EventLoopFuture<Void>
    }

    // MARK: Opening

    /// Opens a session: connection, greeting, EHLO, STARTTLS, peer check, EHLO, AUTH.
    ///
    /// Cancelling the task closes the connection.
    public static func open(
        _ destination: SMTPDestination, _ configuration: SMTPClientConfiguration
    ) async throws(SMTPClientFailure) -> SMTPConnection {
        guard configuration.tls != nil || !configuration.session.requiresTLS else {
            throw SMTPClientFailure(.policy, .startTLS, .notOffered("STARTTLS"))
        }
        let parts = try await connect(destination, configuration)
        let (loop, handler) = (parts.channel.eventLoop, parts.handler)
        do {
            try await withTaskCancellationHandler {
                try await parts.opened.get()
            } onCancel: {
                loop.execute { handler.value.abandon(SMTPClientFailure(.network, .connecting, .cancelled)) }
            }
        } catch let failure as SMTPClientFailure {
            throw failure
        } catch { throw SMTPClientFailure(.network, .connecting, .connection("\(error)")) }
        return SMTPConnection(parts, destination, configuration)
    }

    private static func connect(
        _ destination: SMTPDestination, _ configuration: SMTPClientConfiguration
    ) async throws(SMTPClientFailure) -> Parts {
        let bootstrap = ClientBootstrap(group: configuration.group)
            .connectTimeout(TimeAmount(configuration.session.timeouts.connect))
            // Enough to keep the line busy; a slow server holds back the reading of the message beyond it.
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .channelOption(.recvAllocator, value: ReleasingRecvAllocator())
        let make: @Sendable (any Channel) -> EventLoopFuture<Parts> = { channel in
            channel.eventLoop.makeCompletedFuture {
                let status = SMTPConnectionStatus()
                let opened = channel.eventLoop.makePromise(of: Void.self)
                let handler = SMTPClientHandler(configuration, destination, status, opened: opened)
                try channel.pipeline.syncOperations.addHandler(handler)
                return Parts(
                    channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop), status: status,
                    opened: opened.futureResult)
            }
        }
        do {
            switch destination.endpoint {
            case .host(let host, let port):
                return try await bootstrap.connect(host: host, port: port, channelInitializer: make)
            case .address(let address, let port):
                let address = try SocketAddress(ipAddress: address.description, port: port)
                return try await bootstrap.connect(to: address, channelInitializer: make)
            case .unixSocket(let path):
                return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: make)
            }
        } catch {
            if case ChannelError.connectTimeout? = error as? ChannelError {
                throw SMTPClientFailure(.network, .connecting, .timedOut)
            }
            throw SMTPClientFailure(.network, .connecting, .connection("\(error)"))
        }
    }

    // MARK: State

    /// What the server offers.
    public var capabilities: SMTPCapabilities { status.value.capabilities }

    /// What TLS established; `nil` for a connection in clear.
    public var facts: TLSSessionFacts? { status.value.facts }

    /// Whether another message may be sent: the session is open and, by the server's word, not used up.
    public var isReusable: Bool { channel.isActive && status.value.isReusable }

    /// Asks the peer check again: what it goes by, the whitelist, changes while connections live.
    func recheckPeer() async -> SMTPPeerRefusal? {
        guard let check = configuration.checkPeer, let facts else { return nil }
        return await check(SMTPPeer(facts: facts, destination: destination))
    }

    // MARK: Sending

    /// Sends a message to the recipients of its envelope.
    ///
    /// It never throws: whatever happens, there is one outcome for each recipient. Cancelling the task ends the
    /// connection; unless the end of the message had been sent, the server then has taken nothing.
    public func send(_ message: SMTPOutgoingMessage) async -> SMTPTransactionResult {
        let (loop, handler) = (channel.eventLoop, handler)
        return await withTaskCancellationHandler {
            do { return try await transact(message) } catch {
                // The event loop is gone: nothing was sent that ends a message.
                return SMTPTransactionResult(
                    message.envelope.recipients, SMTPClientFailure(.network, .idle, .connection("\(error)")))
            }
        } onCancel: {
            loop.execute { handler.value.abandon(SMTPClientFailure(.network, .content, .cancelled)) }
        }
    }

    private struct TransactionOver: Error {}

    private func transact(_ message: SMTPOutgoingMessage) async throws -> SMTPTransactionResult {
        let (loop, handler) = (channel.eventLoop, handler)
        var envelope = message.envelope
        var content = message.content
        // RFC 6152 §3: a server without 8BITMIME gets seven bits, or nothing.
        if envelope.isEightBit, !capabilities.offers(.eightBitMIME), let sevenBit = message.sevenBitContent {
            envelope.isEightBit = false
            content = sevenBit
        }
        let (sent, size) = (envelope, content.size)
        let (wanted, result) = try await loop.submit {
            handler.value.begin(sent, size: size, lineEnds: message.lineEnds, on: loop)
        }.get()
        do {
            if try await wanted.get() {
                try await content.forEachChunk { chunk in
                    let goesOn = try await loop.flatSubmit { handler.value.give(chunk, on: loop) }.get()
                    guard goesOn else { throw TransactionOver() }
                }
                try await loop.submit { handler.value.endContent() }.get()
            }
        } catch is TransactionOver {
            // The result says why.
        } catch {
            let reason = "\(type(of: error))"  // its text could name a file or a person
            try await loop.submit { handler.value.failContent(reason) }.get()
        }
        return try await result.get()
    }

    // MARK: Closing

    /// Ends the session with QUIT and waits for the end of the connection, not longer than the timeout for it.
    public func quit() async {
        let handler = handler
        _ = try? await channel.eventLoop.submit { handler.value.quit() }.get()
        _ = try? await channel.closeFuture.get()
    }

    /// Says QUIT after `time` unless a message is sent before.
    func rest(for time: Duration) {
        let handler = handler
        channel.eventLoop.execute { handler.value.rest(for: TimeAmount(time)) }
    }

    /// Calls back when the connection has ended.
    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }
}
