import MSSCore
import MSSSMTP
import NIOCore

extension Spool {
    /// The message with its whole envelope.
    func message(_ number: UInt64, _ entry: SpoolIndex.Entry, _ envelope: OutgoingEnvelope) -> SMTPOutgoingMessage {
        let content = SMTPContent(size: entry.content.size) { [self] in
            SpoolContent(spool: self, number: number, isSevenBit: false)
        }
        let sevenBit = entry.sevenBit.map { content in
            SMTPContent(size: content.size) { [self] in SpoolContent(spool: self, number: number, isSevenBit: true) }
        }
        return SMTPOutgoingMessage(
            envelope, content, sevenBitContent: sevenBit, lineEnds: entry.mendsLineEnds ? .mend : .refuse)
    }

    /// The recipients of a share that still wait.
    func recipients(
        of share: SpoolIndex.Share, _ destination: String, _ envelope: OutgoingEnvelope
    ) -> [OutgoingEnvelope.Recipient] {
        guard let places = share.recipients else {
            return envelope.recipients.filter { $0.address.domain.ascii == destination }
        }
        return places.compactMap { Int($0) < envelope.recipients.count ? envelope.recipients[Int($0)] : nil }
    }

    /// The envelope of a message; `nil` when the message has ended. Blocks.
    func envelope(_ number: UInt64) throws -> OutgoingEnvelope? {
        guard let bytes = try envelopeBytes(number) else { return nil }
        do { return try EnvelopeCoding.decode(bytes) } catch {
            throw StoreError.damaged(path: folder, offset: 0, reason: "envelope")
        }
    }

    /// The same, encoded.
    func envelopeBytes(_ number: UInt64) throws -> [UInt8]? {
        let place = state.withLock { state -> (segment: SpoolSegment, offset: Int)? in
            guard let entry = state.index.entries[number], let segment = state.segments[entry.segment] else {
                return nil
            }
            state.index.usage.pin(entry.segment)
            return (segment, Int(entry.offset))
        }
        guard let place else { return nil }
        defer { state.withLock { $0.index.usage.unpin(place.segment.number) } }
        let payload = try place.segment.need(.transaction, at: place.offset)
        for operation in (try? SpoolOperation.decode(payload)) ?? [] {
            switch operation {
            case .add(let message) where message.number == number: return message.envelope
            case .move(let message, _) where message.number == number: return message.envelope
            default: continue
            }
        }
        throw StoreError.damaged(path: place.segment.file.path, offset: place.offset, reason: "transaction")
    }

    /// A piece of a message. Blocks.
    func read(_ chunk: ChunkPlace) throws -> [UInt8] {
        let segment = state.withLock { state -> SpoolSegment? in
            guard let segment = state.segments[chunk.segment] else { return nil }
            state.index.usage.pin(chunk.segment)
            return segment
        }
        guard let segment else { throw DeliveryQueueError.unknownMessage }
        defer { state.withLock { $0.index.usage.unpin(chunk.segment) } }
        return try piece(chunk, segment)
    }

    private func piece(_ chunk: ChunkPlace, _ segment: SpoolSegment) throws -> [UInt8] {
        let bytes = try segment.need(.chunk, at: Int(chunk.offset))
        guard bytes.count == Int(chunk.count) else {
            throw StoreError.damaged(path: segment.file.path, offset: Int(chunk.offset), reason: "piece")
        }
        return bytes
    }

    /// A piece of a message that is in the queue, wherever it lies now; `nil` after the last. Blocks.
    func read(_ number: UInt64, _ piece: Int, isSevenBit: Bool) throws -> [UInt8]? {
        let found = try state.withLock { state -> (chunk: ChunkPlace, segment: SpoolSegment)? in
            guard let entry = state.index.entries[number], let content = isSevenBit ? entry.sevenBit : entry.content
            else { throw DeliveryQueueError.unknownMessage }
            guard piece < content.chunks.count else { return nil }
            let chunk = content.chunks[piece]
            guard let segment = state.segments[chunk.segment] else {
                throw StoreError.missing(path: SpoolLayout(root: folder).segment(chunk.segment))
            }
            state.index.usage.pin(chunk.segment)
            return (chunk, segment)
        }
        guard let found else { return nil }
        defer { state.withLock { $0.index.usage.unpin(found.chunk.segment) } }
        return try self.piece(found.chunk, found.segment)
    }
}

/// The octets of a message in the queue, read piece by piece.
struct SpoolContent: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let spool: Spool
    let number: UInt64
    let isSevenBit: Bool

    struct AsyncIterator: AsyncIteratorProtocol {
        let content: SpoolContent
        var piece = 0

        mutating func next() async throws -> ByteBuffer? {
            let (content, piece) = (content, piece)
            self.piece += 1
            return try await offPool {
                try content.spool.read(content.number, piece, isSevenBit: content.isSevenBit)
                    .map { ByteBuffer(bytes: $0) }
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(content: self) }
}
