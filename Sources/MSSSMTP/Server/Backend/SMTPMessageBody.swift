public import NIOCore

/// The content of a message as it arrives, dots removed, lines ending in CRLF. To be read once.
///
/// Reading is what lets the client send on: what waits unread is bounded (``SMTPSessionLimits/bufferedBody``). A reader that
/// has nothing left is woken for an eighth of that, as a long message goes on for up to half, after a second, or for the end:
/// the first octets of a message may wait for the next.
public struct SMTPMessageBody: AsyncSequence, Sendable {
    /// A piece of the content, of any size but zero.
    public typealias Element = ByteBuffer

    let pipe: BodyPipe

    /// Reads the pieces.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let pipe: BodyPipe

        /// The next piece; `nil` once the client has ended the message properly.
        ///
        /// - Throws: ``SMTPBodyError`` when it has not, or `CancellationError`.
        public mutating func next() async throws -> ByteBuffer? { try await pipe.next() }
    }

    /// An iterator; a second one would take pieces from the first.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pipe: pipe) }
}

/// Why a message's content stops before its end.
public enum SMTPBodyError: Error, Sendable, Hashable {
    /// The connection ended.
    case disconnected
    /// The client gave the transaction up.
    case reset
    /// The message is not acceptable in form or size; the client reads why.
    case refused
}
