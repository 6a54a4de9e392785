/// Where the octets of a part come from: memory, or chunks pulled one by one, so that a large attachment never stands
/// whole in memory. A source may be opened several times (a message sent twice is read twice).
public struct ContentSource: Sendable {
    /// Returns the next chunk (any size), `nil` at the end.
    public typealias Pull = () throws -> [UInt8]?
    /// Returns the next chunk (any size), `nil` at the end, possibly after a wait.
    public typealias AsyncPull = () async throws -> [UInt8]?

    enum Storage: Sendable {
        case bytes([UInt8])
        case pull(@Sendable () throws -> Pull)
        case async(@Sendable () async throws -> AsyncPull)
    }
    let storage: Storage

    /// Octets in memory.
    public init(_ bytes: [UInt8]) { storage = .bytes(bytes) }

    /// Chunks pulled synchronously; `open` starts from the beginning each time.
    public init(open: @escaping @Sendable () throws -> Pull) { storage = .pull(open) }

    /// Chunks pulled with `await`; `open` starts from the beginning each time.
    public init(openAsync: @escaping @Sendable () async throws -> AsyncPull) { storage = .async(openAsync) }

    /// The chunks of an asynchronous sequence, iterated afresh each time the source is opened.
    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks) where Chunks.Element == [UInt8] {
        storage = .async {
            var iterator = chunks.makeAsyncIterator()
            return { try await iterator.next() }
        }
    }

    /// The octets, when they are in memory.
    var bytes: [UInt8]? {
        guard case .bytes(let bytes) = storage else { return nil }
        return bytes
    }
}
