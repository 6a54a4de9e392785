import MSSCore
import MSSMessage
import MSSSMTP
import NIOCore

/// Takes a message from wherever it comes into the spool: header looked at and stamped, size watched, content scanned.
/// What is not committed leaves nothing behind.
struct MessageIntake: Sendable {
    let spool: any MessageSpool
    let screening: Screening?
    let metrics: ConnectorMetrics

    /// What is asked for one message.
    struct Request: Sendable {
        var id: DeliveryID
        /// Octets allowed.
        var limit: Int
        /// Whether line ends are mended; a peer's message with bare ones never comes so far.
        var mendsLineEnds = false
        var sender: MailAddress?
        var recipients: [MailAddress]
        /// Looks at the header as it came, and gives the one to keep (stamps and all), or refuses.
        var head: @Sendable (_ bytes: [UInt8], _ header: HeaderBlock) throws -> [UInt8]
    }

    /// A message that passed, waiting to be committed.
    struct Taken: Sendable {
        var draft: any MessageDraft
        /// Octets of the message as it is kept.
        var size: Int
        /// The header as it came.
        var header: HeaderBlock
        /// What was done to the message because of a scanner, if anything.
        var screened: Screened
    }

    /// Takes a message.
    ///
    /// - Throws: ``ExchangeRefusal``, or what reading the body throws.
    func take<Body: AsyncSequence>(_ body: Body, _ request: Request) async throws -> Taken
    where Body.Element == ByteBuffer {
        let draft = try await newDraft()
        do {
            let (size, header) = try await read(body, into: draft, request)
            guard let screening else {
                return Taken(draft: draft, size: size, header: header, screened: .clean)
            }
            let content = try await draft.content()
            let screened = await screening.screen(
                content, id: request.id, sender: request.sender, recipients: request.recipients, metrics: metrics)
            switch screened {
            case .clean: return Taken(draft: draft, size: size, header: header, screened: screened)
            case .refused(let refusal): throw refusal
            case .marked(let field):
                let marked = try await rewritten(ByteBuffer(string: field), content)
                await draft.discard()
                return Taken(
                    draft: marked, size: size + field.utf8.count, header: header, screened: screened)
            case .cleaned(let bytes, _):
                let cleaned = try await rewritten(ByteBuffer(bytes: bytes), nil)
                await draft.discard()
                return Taken(draft: cleaned, size: bytes.count, header: header, screened: screened)
            }
        } catch {
            await draft.discard()
            throw error
        }
    }

    private func newDraft() async throws -> any MessageDraft {
        do { return try await spool.draft() } catch {
            throw ExchangeRefusal(spool: error)
        }
    }

    /// A draft that begins otherwise.
    private func rewritten(_ start: ByteBuffer, _ rest: SMTPContent?) async throws -> any MessageDraft {
        let draft = try await newDraft()
        do {
            try await draft.append(start)
            try await rest?.forEachChunk { try await draft.append($0) }
            return draft
        } catch {
            await draft.discard()
            throw ExchangeRefusal(spool: error)
        }
    }

    private func read<Body: AsyncSequence>(
        _ body: Body, into draft: any MessageDraft, _ request: Request
    ) async throws -> (Int, HeaderBlock) where Body.Element == ByteBuffer {
        var splitter = HeadSplitter()
        var mender = LineEndMender()
        var header: HeaderBlock?
        var received = 0
        var kept = 0
        var lastByte: UInt8?
        func keep(_ piece: ByteBuffer) async throws {
            guard piece.readableBytes > 0 else { return }
            kept += piece.readableBytes
            do { try await draft.append(piece) } catch {
                throw ExchangeRefusal(spool: error)
            }
        }
        func take(_ piece: ByteBuffer) async throws {
            lastByte = piece.readableBytesView.last ?? lastByte
            switch splitter.feed(piece) {
            case .more: break
            case .tooLarge: throw ExchangeRefusal.headerTooLarge
            case .head(let bytes, let rest):
                let block = Message(bytes).header
                header = block
                try await keep(ByteBuffer(bytes: try request.head(bytes, block)))
                try await keep(rest)
            case .body(let piece): try await keep(piece)
            }
        }
        for try await piece in body {
            received += piece.readableBytes
            // EX_GBM_4410: as sent, attachments encoded.
            guard received <= request.limit else { throw ExchangeRefusal.tooLarge(limit: request.limit) }
            try await take(request.mendsLineEnds ? mender.mend(piece) : piece)
        }
        if request.mendsLineEnds { try await take(mender.finish(lastByte: lastByte)) }
        if let bytes = splitter.finish() {
            let block = Message(bytes).header
            header = block
            try await keep(ByteBuffer(bytes: try request.head(bytes, block)))
        }
        return (kept, header ?? Message([]).header)
    }
}
