public import NIOCore

/// Takes what comes of one command, in turns of as much as there is.
struct IMAPStream: Sendable {
    let connection: IMAPConnection
    private let exchange: NIOLoopBound<IMAPExchange>
    private let end: End

    /// Lets go of the command with the last reference: what still comes of it is read over.
    private final class End: Sendable {
        private let release: @Sendable () -> Void
        init(_ release: @escaping @Sendable () -> Void) { self.release = release }
        deinit { release() }
    }

    init(_ connection: IMAPConnection, _ request: IMAPExchange.Request) async throws(IMAPClientFailure) {
        let (loop, handler) = (connection.channel.eventLoop, connection.handler)
        let exchange = try await connection.value(
            of: loop.submit { NIOLoopBound(handler.value.submit(request, loop), eventLoop: loop) })
        (self.connection, self.exchange) = (connection, exchange)
        end = End { loop.execute { handler.value.abandon(exchange.value) } }
    }

    /// What has come since; empty at the end.
    func next() async throws(IMAPClientFailure) -> [IMAPExchange.Item] {
        let (loop, handler, exchange) = (connection.channel.eventLoop, connection.handler, exchange)
        let future = loop.flatSubmit { () -> EventLoopFuture<[IMAPExchange.Item]> in
            let items = exchange.value.take(loop)
            handler.value.readOn()
            return items
        }
        return try await connection.value(of: future)
    }

    /// The status that ended the command; `refused` when it was not `OK`.
    func finished() async throws(IMAPClientFailure) {
        let (loop, exchange) = (connection.channel.eventLoop, exchange)
        let replies = try await connection.value(of: loop.flatSubmit { exchange.value.done.futureResult })
        guard replies.status.status == .ok else { throw IMAPClientFailure(.refused(replies.status)) }
    }
}

/// Messages as a server tells them. To iterate again is to ask again.
public struct IMAPMessages: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = IMAPFetchedMessage
    let connection: IMAPConnection
    let request: IMAPExchange.Request

    /// Asks at its first step.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let messages: IMAPMessages
        private var stream: IMAPStream?
        private var ready: [IMAPFetchedMessage] = []
        private var position = 0

        init(messages: IMAPMessages) { self.messages = messages }

        /// The next message.
        public mutating func next() async throws(IMAPClientFailure) -> IMAPFetchedMessage? {
            if stream == nil { stream = try await IMAPStream(messages.connection, messages.request) }
            while position == ready.count {
                guard let items = try await stream?.next(), !items.isEmpty else {
                    try await stream?.finished()
                    return nil
                }
                ready = items.compactMap { if case .response(.message(let message)) = $0 { message } else { nil } }
                position = 0
            }
            defer { position += 1 }
            return ready[position]
        }
    }

    /// Begins.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(messages: self) }

    /// All of them; for sets that are known to be small.
    public func collect() async throws(IMAPClientFailure) -> [IMAPFetchedMessage] {
        var all: [IMAPFetchedMessage] = []
        var iterator = makeAsyncIterator()
        while let message = try await iterator.next() { all.append(message) }
        return all
    }
}

/// The octets of a section, in pieces. To iterate again is to ask again.
public struct IMAPDownload: AsyncSequence, Sendable {
    /// Octets.
    public typealias Element = ByteBuffer
    let connection: IMAPConnection
    let request: IMAPExchange.Request
    let uid: UInt32

    /// Asks at its first step.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let download: IMAPDownload
        private var stream: IMAPStream?
        private var ready: [IMAPExchange.Item] = []
        private var position = 0

        init(download: IMAPDownload) { self.download = download }

        /// The next piece.
        public mutating func next() async throws(IMAPClientFailure) -> ByteBuffer? {
            if stream == nil { stream = try await IMAPStream(download.connection, download.request) }
            while true {
                guard position < ready.count else {
                    ready = try await stream?.next() ?? []
                    position = 0
                    guard ready.isEmpty else { continue }
                    try await stream?.finished()
                    return nil
                }
                defer { position += 1 }
                switch ready[position] {
                case .octets(let octets): return octets
                case .response(.message(let message)) where message.uid == download.uid:
                    // A server may quote what is short.
                    let short = message.sections.values.first ?? message.decodedParts.values.first ?? []
                    if !short.isEmpty { return ByteBuffer(bytes: short) }
                case .response: break
                }
            }
        }
    }

    /// Begins.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(download: self) }

    /// All of it.
    ///
    /// - Parameter limit: octets that may be held; more is ``IMAPClientFailure/Cause/malformed(_:)``.
    public func collect(upTo limit: Int) async throws(IMAPClientFailure) -> ByteBuffer {
        var all = ByteBuffer()
        var iterator = makeAsyncIterator()
        while let piece = try await iterator.next() {
            guard all.readableBytes + piece.readableBytes <= limit else {
                throw IMAPClientFailure(.malformed(.tooMany))
            }
            all.writeImmutableBuffer(piece)
        }
        return all
    }
}
