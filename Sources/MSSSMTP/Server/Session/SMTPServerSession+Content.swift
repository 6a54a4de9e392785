import MSSCore
import NIOCore

extension SMTPServerSession {
    /// Pieces smaller than this are joined before they go to the backend: neither dots at every line nor chunks of
    /// one octet make it work more often.
    private static let pieceSize = 16 << 10

    // MARK: DATA

    mutating func data() {
        guard isGreeted else { return fault(replies.helloFirst) }
        // No DATA after BDAT (RFC 3030 §2).
        guard let transaction, content == nil, transaction.named > 0 else { return fault(replies.badSequence) }
        guard !violatesSynchronisation() else { return }
        guard !transaction.envelope.recipients.isEmpty else {
            // RFC 2033 §4.2 wants 503 of LMTP.
            return isLMTP ? fault(replies.badSequence) : refuse(replies.noValidRecipients)
        }
        open(transaction)
        repliesMade += 1
        actions.append(.reply(replies.startContent))
        phase = .data
    }

    private mutating func open(_ transaction: Transaction) {
        content = Content()
        progress = 0
        actions.append(.ask(.message(transaction.envelope)))
    }

    mutating func readData(_ now: NIODeadline) -> Bool {
        guard input.readableBytes > 0, var content else { return false }
        self.content = nil  // one owner while its buffers change
        let octets = input
        var joined = ByteBuffer()
        var first: ByteBuffer?
        let consumed = octets.withUnsafeReadableBytes { bytes in
            content.decoder.decode(bytes) { piece in
                switch piece {
                case .input(let range):
                    let slice = octets.getSlice(at: octets.readerIndex + range.lowerBound, length: range.count)!
                    if first == nil, joined.readableBytes == 0 {
                        first = slice
                    } else {
                        if let held = first {
                            joined.writeImmutableBuffer(held)
                            first = nil
                        }
                        joined.writeImmutableBuffer(slice)
                    }
                case .octet(let octet):
                    if let held = first {
                        joined.writeImmutableBuffer(held)
                        first = nil
                    }
                    joined.writeInteger(octet)
                }
            }
        }
        input.moveReaderIndex(forwardBy: consumed)
        if input.readableBytes == 0 { input = ByteBuffer() }
        scanned = 0
        noteProgress(consumed, now)
        self.content = content
        take(first ?? joined, faults: content.decoder.faults, longestLine: content.decoder.longestLine)
        if content.decoder.isFinished {
            commandsRead += 1  // the end of the message is answered as a command is
            lastActivity = now
            finish(isAtEnd: true)
        } else {
            endIfEndless()
        }
        return true
    }

    // MARK: BDAT

    mutating func chunk(_ count: Int, isLast: Bool) {
        guard configuration.offersChunking, isExtended else { return fault(replies.notImplemented) }
        // A refused chunk follows all the same, and must be read (RFC 3030 §2).
        guard isGreeted else { return discard(count, replies.helloFirst) }
        guard let transaction, transaction.named > 0 else { return discard(count, replies.badSequence) }
        guard !transaction.envelope.recipients.isEmpty else {
            return discard(count, isLMTP ? replies.badSequence : replies.noValidRecipients)
        }
        if content == nil { open(transaction) }
        content!.chunks += 1
        commandsSinceMessage -= 1  // chunks have a limit of their own, and are many: 25 MB by 8 KB are 3,200
        if content!.chunks > limits.chunks { abort(replies.tooManyChunks) }
        let room = (transaction.allowance.messageSize ?? limits.messageSize) - content!.octets
        if count > room { abort(replies.messageTooLarge) }
        // Nobody waits for what is already too much.
        guard count <= max(room, 0) + limits.discardedOctets else {
            repliesMade += 1
            return end(replies.messageTooLarge)
        }
        phase = .chunk(remaining: count, count: count, isLast: isLast)
    }

    mutating func readChunk(_ now: NIODeadline) -> Bool {
        guard case .chunk(let remaining, let count, let isLast) = phase else { return false }
        guard remaining == 0 || input.readableBytes > 0 else { return false }
        // min() proves that so many octets are there.
        let piece = input.readSlice(length: min(remaining, input.readableBytes))!
        if input.readableBytes == 0 { input = ByteBuffer() }
        noteProgress(piece.readableBytes, now)
        phase = .chunk(remaining: remaining - piece.readableBytes, count: count, isLast: isLast)
        piece.withUnsafeReadableBytes { content!.scanner.scan($0) }
        let isComplete = remaining == piece.readableBytes
        if isComplete, isLast { content!.scanner.finish() }
        take(piece, faults: content!.scanner.faults, longestLine: content!.scanner.longestLine)
        guard isComplete else {
            endIfEndless()
            return true
        }
        lastActivity = now
        if isLast || content!.refusal != nil || content!.answer != nil {
            finish(isAtEnd: isLast)
        } else {
            phase = .command
            reply(replies.chunkReceived(count))
        }
        return true
    }

    private mutating func discard(_ count: Int, _ reply: SMTPReply) {
        guard count <= limits.discardedOctets else {
            repliesMade += 1
            return end(reply)
        }
        phase = .discarding(remaining: count, reply)
    }

    mutating func discardChunk(_ now: NIODeadline) -> Bool {
        guard case .discarding(var remaining, let reply) = phase else { return false }
        let count = min(remaining, input.readableBytes)
        input.moveReaderIndex(forwardBy: count)
        if input.readableBytes == 0 { input = ByteBuffer() }
        noteProgress(count, now)
        remaining -= count
        phase = .discarding(remaining: remaining, reply)
        guard remaining == 0 else { return false }
        phase = .command
        lastActivity = now
        fault(reply)
        return true
    }

    // MARK: Both

    /// Counts a piece of the message and gives it on, or throws it away when it is refused.
    private mutating func take(_ piece: ByteBuffer, faults: LineFaults, longestLine: Int) {
        content!.octets += piece.readableBytes
        if let reply = fault(faults, longestLine) {
            abort(reply)
            // The gravest fault is told, whatever the pieces that the message came in.
            if !content!.isRefusedByBackend { content!.refusal = reply }
        }
        guard content!.isOpen else {
            content!.discarded += piece.readableBytes
            return
        }
        // Passed on as it is, unless it is a small part of the memory that it would keep: what is held is counted by octets.
        if piece.readableBytes >= SMTPServerSession.pieceSize / 4, content!.pending.readableBytes == 0,
            piece.readableBytes * 4 >= piece.storageCapacity
        {
            if piece.readableBytes > 0 { actions.append(.body(piece)) }
            return
        }
        content!.pending.writeImmutableBuffer(piece)
        if content!.pending.readableBytes >= SMTPServerSession.pieceSize { flushPending() }
    }

    private func fault(_ faults: LineFaults, _ longestLine: Int) -> SMTPReply? {
        if !faults.isDisjoint(with: [.bareCarriageReturn, .bareLineFeed]) { return replies.bareLineEnd }
        if faults.contains(.nul) { return replies.nulInContent }
        if content!.octets > transaction?.allowance.messageSize ?? limits.messageSize {
            return replies.messageTooLarge
        }
        return longestLine > limits.textLine ? replies.textLineTooLong : nil
    }

    private mutating func flushPending() {
        guard content!.pending.readableBytes > 0 else { return }
        actions.append(.body(content!.pending))
        content!.pending = ByteBuffer()
    }

    /// Notes why the message is refused, and frees the backend; the client is told at the true end.
    private mutating func abort(_ reply: SMTPReply) {
        guard content!.refusal == nil else { return }
        content!.refusal = reply
        content!.pending = ByteBuffer()
        if content!.isOpen { actions.append(.abortBody(.refused)) }
        content!.isOpen = false
    }

    /// A refused message without end is not read for ever.
    private mutating func endIfEndless() {
        guard content!.discarded > limits.discardedOctets, let reply = content!.refusal else { return }
        end(SMTPReply(code: 421, enhanced: "4.3.2", text: reply.lines.joined(separator: " ")))
    }

    /// The message has come to its end, or a chunk to its refusal.
    private mutating func finish(isAtEnd: Bool) {
        if let refusal = content!.refusal {
            phase = .deciding(.refusal(refusal, isAtEnd: isAtEnd))
        } else {
            if content!.isOpen {
                flushPending()
                actions.append(.endBody)
            }
            content!.isOpen = false
            phase = .deciding(.outcome)
        }
        if let answer = content!.answer { decide(answer) }
    }

    /// The backend has answered about the message.
    mutating func decide(_ answer: Answer) {
        guard case .deciding(let continuation) = phase else { return }
        // A transaction given up has no envelope any more, and needs none.
        let envelope = transaction?.envelope ?? SMTPEnvelope(sender: .null)
        content = nil
        transaction = nil
        phase = .command
        switch continuation {
        case .outcome: break
        case .refusal(let reply, isAtEnd: true): return repeatForLMTP(envelope) { $0.refuse(reply) }
        case .refusal(let reply, isAtEnd: false): return refuse(reply)
        case .reply, .hello, .bye: return proceed(continuation)
        }
        switch answer {
        case .refused(let refusal): repeatForLMTP(envelope) { $0.refuse(refusal.reply) }
        case .taken(let results):
            commandsSinceMessage = 0
            guard isLMTP else {
                // One word for all: the first refusal, so that nothing is promised that does not hold.
                for case .failure(let refusal) in results { return refuse(refusal.reply) }
                guard case .success(let receipt)? = results.first else { return refuse(replies.localError) }
                return reply(replies.accepted(receipt, isLMTP: false))
            }
            for index in envelope.recipients.indices {
                let result = results.count == 1 ? results[0] : index < results.count ? results[index] : nil
                switch result {
                case .success(let receipt)?: actions.append(.reply(replies.accepted(receipt, isLMTP: true)))
                case .failure(let refusal)?: actions.append(.reply(refusal.reply))
                case nil: actions.append(.reply(replies.localError))
                }
            }
            repliesMade += 1
        case .accepted, .authenticated, .senderAccepted: preconditionFailure("an answer to another question")
        }
    }

    /// By LMTP the refusal of a whole message is said once for each recipient (RFC 2033 §4.2).
    private mutating func repeatForLMTP(_ envelope: SMTPEnvelope, _ refuse: (inout SMTPServerSession) -> Void) {
        guard isLMTP else { return refuse(&self) }
        for index in envelope.recipients.indices {
            refuse(&self)
            if index > 0 { repliesMade -= 1 }
            if isClosed { return }
        }
    }

    private mutating func noteProgress(_ count: Int, _ now: NIODeadline) {
        progress += count
        guard progress >= limits.dataProgress else { return }
        progress = 0
        lastActivity = now
    }
}
