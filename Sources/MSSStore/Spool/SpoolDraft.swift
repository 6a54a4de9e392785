public import MSSCore
public import MSSSMTP
public import NIOCore

extension Spool {
    /// Begins a message that arrives piece by piece: it takes memory for one piece, whatever its size.
    public func draft() -> SpoolDraft { SpoolDraft(self) }
}

/// A message that is arriving. Used by one task at a time; what is neither committed nor discarded is gone with the last
/// reference, or with the process.
public actor SpoolDraft {
    private let spool: Spool
    private var intake: SpoolIntake?
    private var content = SpoolIntake.Content()

    init(_ spool: Spool) {
        self.spool = spool
        intake = SpoolIntake(spool, isGrowth: true)
    }

    /// Octets added so far.
    public var size: Int { content.size }

    /// Adds a piece. Returning late is what slows the sender down.
    ///
    /// - Throws: ``StoreError/diskFull(path:)``; the draft can only be discarded then.
    public func append(_ piece: ByteBuffer) async throws {
        guard let intake else { throw StoreError.closed }
        var content = content
        self.content.rest = []
        try await intake.add(piece.readableBytesView, to: &content)
        self.content = content
    }

    /// What was added so far, from its beginning, as often as asked. Valid until the draft is committed or discarded.
    public func read() throws -> SMTPContent {
        guard intake != nil else { throw StoreError.closed }
        let content = content
        return SMTPContent(size: content.size) { [spool] in DraftContent(spool: spool, content: content) }
    }

    /// Keeps the message, together with others that belong to it (notices to the sender): all of them or none. Durable
    /// when it returns.
    ///
    /// - Parameter id: its name; a message whose name the queue holds already is not taken a second time.
    /// - Returns: the names, this message's first.
    @discardableResult
    public func commit(
        _ id: DeliveryID?, _ envelope: OutgoingEnvelope, with others: [NewDelivery] = [], at now: Timestamp
    ) async throws -> [DeliveryID] {
        guard let intake else { throw StoreError.closed }
        guard !envelope.recipients.isEmpty else { throw DeliveryQueueError.noRecipient }
        let delivery = NewDelivery(SMTPOutgoingMessage(envelope, SMTPContent([])), id: id)
        var messages = [SpoolIntake.Message(delivery: delivery, content: content)]
        for other in others { messages.append(try await intake.take(other)) }
        let all = messages
        let names = try await spool.commits.perform { log in try intake.finish(all, log, at: now).names }
        self.intake = nil
        return names
    }

    /// Forgets the message; after a commit it does nothing.
    public func discard() {
        intake = nil
        content = SpoolIntake.Content()
    }
}

/// The octets of a draft: pieces on the disk, then the rest in memory.
private struct DraftContent: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let spool: Spool
    let content: SpoolIntake.Content

    struct AsyncIterator: AsyncIteratorProtocol {
        let draft: DraftContent
        var piece = 0

        mutating func next() async throws -> ByteBuffer? {
            let (spool, content, piece) = (draft.spool, draft.content, piece)
            self.piece += 1
            if piece < content.chunks.count {
                return try await offPool { ByteBuffer(bytes: try spool.read(content.chunks[piece])) }
            }
            guard piece == content.chunks.count, !content.rest.isEmpty else { return nil }
            return ByteBuffer(bytes: content.rest)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(draft: self) }
}
