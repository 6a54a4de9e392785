import MSSCore
import MSSSMTP
import NIOCore

/// Messages on their way into the log: pieces are written as they come, without a sync; one transaction makes messages
/// of them. What is not finished is let go of with the last reference.
final class SpoolIntake: Sendable {
    /// A message whose pieces are written, but for the last one of each content.
    struct Message: Sendable {
        var delivery: NewDelivery
        var content: Content
        var sevenBit: Content?
    }

    /// Octets: pieces written, and what is left in memory, shorter than a piece.
    struct Content: Sendable {
        var size = 0
        var chunks: [ChunkPlace] = []
        var rest: [UInt8] = []
    }

    private let spool: Spool
    private let isGrowth: Bool
    private let pinned = Guarded<[ChunkPlace]>([])

    /// - Parameter isGrowth: whether it may be refused so that deliveries can end.
    init(_ spool: Spool, isGrowth: Bool) {
        self.spool = spool
        self.isGrowth = isGrowth
    }

    deinit {
        let chunks = pinned.withLock { $0 }
        guard !chunks.isEmpty else { return }
        spool.state.withLock { state in for chunk in chunks { state.index.usage.unpin(chunk.segment) } }
    }

    /// Adds octets to a content; writes a piece when there is enough for one.
    func add(_ octets: ByteBufferView, to content: inout Content) async throws {
        content.size += octets.count
        var octets = octets
        while !octets.isEmpty {
            let count = min(octets.count, spool.configuration.chunkSize - content.rest.count)
            content.rest += octets.prefix(count)
            octets = octets.dropFirst(count)
            guard content.rest.count == spool.configuration.chunkSize else { continue }
            let piece = content.rest
            let isGrowth = isGrowth
            // Not durable by itself: the transaction's sync covers it.
            let place = try await spool.commits.perform(durable: false) { [pinned] log in
                let place = try log.append(chunk: piece, isGrowth: isGrowth)
                pinned.withLock { $0.append(place) }
                return place
            }
            content.chunks.append(place)
            content.rest.removeAll(keepingCapacity: true)
        }
    }

    /// Reads a message whole.
    func take(_ delivery: NewDelivery) async throws -> Message {
        var message = Message(delivery: delivery, content: try await read(delivery.message.content))
        if let sevenBit = delivery.message.sevenBitContent { message.sevenBit = try await read(sevenBit) }
        return message
    }

    private func read(_ source: SMTPContent) async throws -> Content {
        var content = Content()
        content.rest.reserveCapacity(min(source.size ?? 0, spool.configuration.chunkSize))
        try await source.forEachChunk { try await add($0.readableBytesView, to: &content) }
        return content
    }

    /// Makes messages of what was added, and carries out other operations, in one transaction. On the log's thread.
    func finish(
        _ messages: [Message], _ log: SpoolLog, at now: Timestamp, with operations: [SpoolOperation] = []
    ) throws(StoreError) -> (names: [DeliveryID], isNew: [Bool]) {
        var operations = operations
        var (names, isNew, fresh): ([DeliveryID], [Bool], [UInt64]) = ([], [], [])
        var next = spool.state.withLock { $0.index.nextNumber }
        for message in messages {
            if let id = message.delivery.id, names.contains(id) || spool.state.withLock({ $0.index.numbers[id] != nil })
            {
                // Taken before, by whoever gave this name (RFC 5321 §6.1: once is enough).
                names.append(id)
                isNew.append(false)
                continue
            }
            let stored = try stored(message, next, log, at: now)
            operations.append(.add(stored))
            names.append(DeliveryID(stored.name))
            isNew.append(true)
            fresh.append(next)
            next += 1
        }
        if !operations.isEmpty {
            // Settled shares are due again, new messages due at once: when all of this is on disk.
            let changed = operations.compactMap { operation -> UInt64? in
                if case .share(let number, _, _) = operation { number } else { nil }
            }
            let numbers = fresh + changed
            try log.append(operations, isGrowth: isGrowth) { index in
                for number in numbers { index.activate(number) }
            }
        }
        let chunks = pinned.withLock { chunks in
            defer { chunks = [] }
            return chunks
        }
        log.unpin(chunks)
        return (names, isNew)
    }

    private func stored(
        _ message: Message, _ number: UInt64, _ log: SpoolLog, at now: Timestamp
    ) throws(StoreError) -> StoredMessage {
        let envelope = message.delivery.message.envelope
        var shares: [StoredShare] = []
        var domains: Set<String> = []
        for recipient in envelope.recipients where domains.insert(recipient.address.domain.ascii).inserted {
            shares.append(StoredShare(destination: recipient.address.domain.ascii, due: now))
        }
        var stored = StoredMessage(
            number: number, name: message.delivery.id?.rawValue ?? "s\(number)", arrival: now,
            mendsLineEnds: message.delivery.message.lineEnds == .mend, envelope: EnvelopeCoding.encode(envelope),
            content: try stored(message.content, log), shares: shares)
        if let sevenBit = message.sevenBit { stored.sevenBit = try self.stored(sevenBit, log) }
        return stored
    }

    private func stored(_ content: Content, _ log: SpoolLog) throws(StoreError) -> StoredContent {
        var chunks = content.chunks
        if !content.rest.isEmpty {
            let place = try log.append(chunk: content.rest, isGrowth: isGrowth)
            pinned.withLock { $0.append(place) }
            chunks.append(place)
        }
        return StoredContent(size: content.size, chunks: chunks)
    }
}
