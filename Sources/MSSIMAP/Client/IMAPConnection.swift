import MSSCore
import MSSSASL
public import MSSTLS
public import NIOCore
import NIOPosix

/// An open session with a server: encrypted, authenticated, with what it offers enabled.
///
/// Any task may use it: commands go out at once, one behind the other, and are answered in their order. What must stay
/// open for long belongs to ``IMAPClient``, which opens it anew when the server has ended it.
public final class IMAPConnection: Sendable {
    let configuration: IMAPClientConfiguration
    let channel: any Channel
    let handler: NIOLoopBound<IMAPClientHandler>
    private let status: IMAPConnectionStatus

    private init(
        _ configuration: IMAPClientConfiguration, _ channel: any Channel, _ handler: NIOLoopBound<IMAPClientHandler>,
        _ status: IMAPConnectionStatus
    ) {
        (self.configuration, self.channel, self.handler, self.status) = (configuration, channel, handler, status)
    }

    deinit { channel.close(promise: nil) }

    // MARK: Opening

    private struct Parts: Sendable {
        var channel: any Channel
        var handler: NIOLoopBound<IMAPClientHandler>
        var status: IMAPConnectionStatus
        var greeting: EventLoopFuture<IMAPStatusResponse>
        var secured: EventLoopFuture<Void>
    }

    /// Opens a session: connection, TLS, authentication, what the server offers.
    public static func open(_ configuration: IMAPClientConfiguration) async throws(IMAPClientFailure) -> IMAPConnection
    {
        let parts: Parts
        do { parts = try await connect(configuration) } catch {
            if case ChannelError.connectTimeout? = error as? ChannelError { throw IMAPClientFailure(.timedOut) }
            throw IMAPClientFailure(.connection("\(error)"))
        }
        let connection = IMAPConnection(configuration, parts.channel, parts.handler, parts.status)
        do { try await connection.begin(parts.greeting, parts.secured) } catch {
            connection.channel.close(promise: nil)
            throw error
        }
        return connection
    }

    private static func connect(_ configuration: IMAPClientConfiguration) async throws -> Parts {
        try await ClientBootstrap(group: configuration.group)
            .connectTimeout(configuration.connectTime)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .connect(host: configuration.host, port: configuration.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if configuration.security == .immediate, let tls = configuration.tls {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(
                                client: tls.current, serverName: configuration.serverName,
                                expectedHostname: configuration.serverName))
                    }
                    let status = IMAPConnectionStatus()
                    let greeting = channel.eventLoop.makePromise(of: IMAPStatusResponse.self)
                    let secured = channel.eventLoop.makePromise(of: Void.self)
                    let handler = IMAPClientHandler(configuration, status, greeting: greeting, secured: secured)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return Parts(
                        channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop), status: status,
                        greeting: greeting.futureResult, secured: secured.futureResult)
                }
            }
    }

    private func begin(
        _ greeting: EventLoopFuture<IMAPStatusResponse>, _ secured: EventLoopFuture<Void>
    ) async throws(IMAPClientFailure) {
        let greeting = try await value(of: greeting)
        guard greeting.status == .ok || greeting.status == .preauth else { throw IMAPClientFailure(.ended(greeting)) }
        if configuration.security == .startTLS {
            try await askCapabilities()
            // RFC 9051 §11.1: a session that begins authenticated cannot be encrypted any more.
            guard capabilities.contains(.startTLS), greeting.status == .ok else {
                throw IMAPClientFailure(.notOffered("STARTTLS"))
            }
            var request = IMAPExchange.Request([.text("STARTTLS")])
            request.effect = .startTLS
            try await execute(request)
            try await value(of: secured)
        }
        try await askCapabilities()
        if greeting.status == .ok { try await authenticate() }
        if capabilities.contains(.id), !configuration.identification.isEmpty { _ = try await identify() }
        let wanted = [IMAPCapability.qresync, .condstore].filter(capabilities.contains)
        if capabilities.contains(.enable), !wanted.isEmpty {
            try await execute("ENABLE \(wanted.map(\.name).joined(separator: " "))")
        }
        if configuration.compresses, capabilities.contains(.compressDeflate) {
            var request = IMAPExchange.Request([.text("COMPRESS DEFLATE")])
            request.effect = .compress
            try await execute(request)
        }
    }

    private func askCapabilities() async throws(IMAPClientFailure) {
        if capabilities.isEmpty { try await execute("CAPABILITY") }
    }

    private func authenticate() async throws(IMAPClientFailure) {
        let credentials: SASLCredentials
        do { credentials = try await configuration.credentials() } catch { throw IMAPClientFailure(.credentials) }
        let offered = capabilities.contains(.auth(credentials.mechanism.name))
        let request: IMAPExchange.Request
        if case .plain(let plain) = credentials, !offered, plain.authorizationIdentity == nil,
            !capabilities.contains(.loginDisabled)
        {
            request = IMAPExchange.Request(
                [.text("LOGIN ")] + Self.string(plain.user) + [.text(" ")] + Self.string(plain.password.text))
        } else {
            guard offered else { throw IMAPClientFailure(.notOffered("AUTH=\(credentials.mechanism.name)")) }
            let first = credentials.initialResponse
            var parts: [IMAPExchange.Part] = [.text("AUTHENTICATE \(credentials.mechanism.name)")]
            if let first, capabilities.contains(.saslIR) {
                parts.append(.text(" " + (first.bytes.isEmpty ? "=" : first.base64)))
                parts.append(.answers(credentials.answers))
            } else {
                parts.append(.answers((first.map { [$0] } ?? []) + credentials.answers))
            }
            request = IMAPExchange.Request(parts)
        }
        let before = capabilities
        let replies = try await replies(to: request)
        guard replies.status.status == .ok else {
            await configuration.refused(credentials)
            throw IMAPClientFailure(.authentication(replies.status))
        }
        // RFC 9051 §6.2.2: capabilities change; a server that did not tell them is asked.
        if capabilities == before { try await execute("CAPABILITY") }
    }

    // MARK: State

    /// What the server offers now.
    public var capabilities: Set<IMAPCapability> { status.value.capabilities }
    /// What was enabled.
    public var enabled: Set<IMAPCapability> { status.value.enabled }
    /// What TLS established; `nil` in clear.
    public var facts: TLSSessionFacts? { status.value.facts }
    /// Whether commands can still be given.
    public var isOpen: Bool { channel.isActive && status.value.failure == nil }
    /// Why the session has ended.
    public var failure: IMAPClientFailure? { status.value.failure }

    // MARK: Commands

    /// Runs a command that no method here knows; its responses.
    ///
    /// - Throws: ``IMAPClientFailure`` with `refused` for `NO` and `BAD`.
    @discardableResult
    public func execute(_ command: String) async throws(IMAPClientFailure) -> [IMAPResponse] {
        try await execute(IMAPExchange.Request([.text(command)]) { _ in true }).responses
    }

    @discardableResult
    func execute(_ request: IMAPExchange.Request) async throws(IMAPClientFailure) -> IMAPReplies {
        let replies = try await replies(to: request)
        guard replies.status.status == .ok else { throw IMAPClientFailure(.refused(replies.status)) }
        return replies
    }

    func replies(to request: IMAPExchange.Request) async throws(IMAPClientFailure) -> IMAPReplies {
        let (loop, handler) = (channel.eventLoop, handler)
        return try await value(of: loop.flatSubmit { handler.value.submit(request, loop).done.futureResult })
    }

    /// The value of a future. Cancelling the task ends the session: what is half said cannot be taken back.
    func value<Value: Sendable>(of future: EventLoopFuture<Value>) async throws(IMAPClientFailure) -> Value {
        let (loop, handler) = (channel.eventLoop, handler)
        do {
            return try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                loop.execute { handler.value.fail(.cancelled) }
            }
        } catch let failure as IMAPClientFailure { throw failure } catch {
            throw IMAPClientFailure(.connection("\(error)"))
        }
    }

    /// Changes that the server told beside the answers to commands, since the last call.
    public func takeNews() async throws(IMAPClientFailure) -> [IMAPEvent] {
        let (loop, handler) = (channel.eventLoop, handler)
        return try await value(of: loop.submit { handler.value.takeNews() }).compactMap(IMAPEvent.init)
    }

    /// Ends the session with `LOGOUT`.
    public func logOut() async {
        _ = try? await execute("LOGOUT")
        channel.close(promise: nil)
    }

    /// A string in a command: quoted, or a literal.
    static func string(_ text: String) -> [IMAPExchange.Part] {
        IMAPText.isQuotable(text.utf8) ? [.text(IMAPText.quoted(text))] : [.literal(text)]
    }

    /// A mailbox's name in a command.
    func name(_ mailbox: IMAPMailboxName) -> [IMAPExchange.Part] {
        Self.string(mailbox.wire(utf8: enabled.contains(.rev2)))
    }
}
