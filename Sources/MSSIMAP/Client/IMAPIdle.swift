/// A change of the mailbox that is selected, told without being asked for.
public enum IMAPEvent: Sendable, Hashable {
    /// Messages in it now.
    case messages(Int)
    /// The message of this number is gone, those after it have moved up.
    case expunged(number: UInt32)
    /// These UIDs are gone (RFC 7162).
    case vanished(NumberRanges)
    /// A message has other flags.
    case changed(IMAPFetchedMessage)
    /// Something that the person should read (RFC 9051 §7.1 `ALERT`).
    case alert(String)

    init?(_ response: IMAPResponse) {
        switch response {
        case .exists(let count): self = .messages(Int(count))
        case .expunged(let number): self = .expunged(number: number)
        case .vanished(let uids, _): self = .vanished(uids)
        case .message(let message): self = .changed(message)
        case .status(let status) where status.code?.name == "ALERT": self = .alert(status.text)
        default: return nil
        }
    }
}

/// What changes in the selected mailbox, as long as it is iterated (RFC 2177). Another command on the connection, and the
/// time after which servers end silent sessions, interrupt `IDLE` for a moment only.
public struct IMAPIdle: AsyncSequence, Sendable {
    /// A change.
    public typealias Element = IMAPEvent
    let connection: IMAPConnection

    /// Idles from its first step on.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let connection: IMAPConnection
        private var stream: IMAPStream?
        private var ready: [IMAPEvent] = []
        private var position = 0

        init(connection: IMAPConnection) { self.connection = connection }

        /// The next change. Never `nil`: the end of the session throws.
        public mutating func next() async throws(IMAPClientFailure) -> IMAPEvent? {
            while position == ready.count {
                ready = []
                position = 0
                if stream == nil {
                    // What was told beside other commands comes first.
                    ready = try await connection.takeNews()
                    stream = try await IMAPStream(connection, Self.request)
                    continue
                }
                let items = try await stream?.next() ?? []
                ready = items.compactMap { item in
                    if case .response(let response) = item { IMAPEvent(response) } else { nil }
                }
                if items.isEmpty {
                    try await stream?.finished()
                    stream = nil
                }
            }
            defer { position += 1 }
            return ready[position]
        }

        private static var request: IMAPExchange.Request {
            var request = IMAPExchange.Request([.text("IDLE")]) { IMAPEvent($0) != nil }
            (request.streams, request.isIdle) = (true, true)
            return request
        }
    }

    /// Begins.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: connection) }
}

extension IMAPConnection {
    /// Changes of the selected mailbox as they happen.
    ///
    /// - Throws: ``IMAPClientFailure`` with `notOffered` when the server cannot: ``poll()`` it instead.
    public func idle() throws(IMAPClientFailure) -> IMAPIdle {
        guard capabilities.contains(.idle) else { throw IMAPClientFailure(.notOffered("IDLE")) }
        return IMAPIdle(connection: self)
    }
}
