public import NIOCore

/// A message as it is sent: octets that are read when the server is ready for them, and again for another attempt.
public struct SMTPContent: Sendable {
    /// Its size in octets, when known: announced with SIZE (RFC 1870) and compared with the server's limit.
    public let size: Int?
    private let each: @Sendable (_ body: (ByteBuffer) async throws -> Void) async throws -> Void

    /// A message in memory.
    public init(_ bytes: ByteBuffer) {
        size = bytes.readableBytes
        each = { body in
            var rest = bytes
            // In pieces, so that a slow server holds back the writing and not only the reading.
            while let piece = rest.readSlice(length: min(rest.readableBytes, 128 << 10)), piece.readableBytes > 0 {
                try await body(piece)
            }
        }
    }

    /// A message in memory.
    public init(_ bytes: some Sequence<UInt8>) { self.init(ByteBuffer(bytes: bytes)) }

    /// A message read from somewhere, chunk by chunk.
    ///
    /// - Parameters:
    ///   - size: its size in octets, when known.
    ///   - open: gives the message from its beginning; called for each attempt.
    public init<Chunks: AsyncSequence & SendableMetatype>(
        size: Int?, _ open: @escaping @Sendable () async throws -> Chunks
    ) where Chunks.Element == ByteBuffer, Chunks.AsyncIterator: SendableMetatype {
        self.size = size
        each = { body in for try await chunk in try await open() { try await body(chunk) } }
    }

    private init(size: Int?, each: @escaping @Sendable (_ body: (ByteBuffer) async throws -> Void) async throws -> Void)
    {
        self.size = size
        self.each = each
    }

    /// The message with octets before it: fields that a server adds on the way (RFC 5321 §4.4).
    public func prefixed(by bytes: ByteBuffer) -> SMTPContent {
        let each = each
        return SMTPContent(size: size.map { $0 + bytes.readableBytes }) { body in
            if bytes.readableBytes > 0 { try await body(bytes) }
            try await each(body)
        }
    }

    /// The message with other octets in place of its first ones, and octets after its last.
    ///
    /// - Parameters:
    ///   - count: octets left out at the beginning; all of them when it has less.
    ///   - beginning: what stands there instead.
    ///   - end: what follows.
    public func replacing(first count: Int, by beginning: ByteBuffer, end: ByteBuffer) -> SMTPContent {
        let each = each
        return SMTPContent(size: size.map { max(0, $0 - count) + beginning.readableBytes + end.readableBytes }) {
            body in
            if beginning.readableBytes > 0 { try await body(beginning) }
            var left = count
            try await each { chunk in
                var chunk = chunk
                let skipped = min(left, chunk.readableBytes)
                left -= skipped
                chunk.moveReaderIndex(forwardBy: skipped)
                if chunk.readableBytes > 0 { try await body(chunk) }
            }
            if end.readableBytes > 0 { try await body(end) }
        }
    }

    /// Reads the message from its beginning; the next chunk is read when `body` has returned.
    public func forEachChunk(_ body: (ByteBuffer) async throws -> Void) async throws { try await each(body) }

    /// The first octets of the message, at most `limit`.
    public func prefix(_ limit: Int) async throws -> [UInt8] {
        struct Enough: Error {}
        var bytes: [UInt8] = []
        do {
            try await forEachChunk { chunk in
                bytes += chunk.readableBytesView.prefix(limit - bytes.count)
                if bytes.count >= limit { throw Enough() }
            }
        } catch is Enough {}
        return bytes
    }
}

/// What is done about a CR or LF that is not part of a CRLF (decision 0121).
public enum SMTPLineEnds: Sendable, Hashable {
    /// The message is not sent: a permanent failure. For messages that must arrive as they are: relayed or signed.
    case refuse
    /// Each becomes a CRLF. For messages composed on this machine by software that writes LF.
    case mend
}
