import MSSCore
public import NIOCore

/// The message on its way: by DATA or in chunks.
extension SMTPClientSession {
    /// Whether the next part of the message may be given: not while a BDAT chunk awaits its answer, unless the server
    /// takes commands together, and then not more than a few of them.
    public var wantsContent: Bool {
        guard let transaction, transaction.stage == .content else { return false }
        // LMTP answers the last chunk for each recipient, but once only where an earlier one was refused: that must be known
        // before.
        let pipelines = configuration.usesPipelining && offer.offers(.pipelining) && configuration.mode != .lmtp
        let most = pipelines ? 4 : 1
        return transaction.unanswered < most
    }

    /// The next part of the message. Ignored when the transaction is over.
    public mutating func content(_ bytes: ByteBuffer, at now: NIODeadline) {
        guard transaction?.stage == .content else { return }
        do {
            var framed = try transaction!.framer.frame(bytes)
            guard transaction!.usesChunking else { return sendContent(framed, at: now) }
            transaction!.gathered.writeBuffer(&framed)
            if transaction!.gathered.readableBytes >= configuration.chunkSize { sendChunk(isLast: false, at: now) }
        } catch { abortContent(SMTPClientFailure(.permanent, .content, .unfit(error.faults)), at: now) }
    }

    /// The message is complete.
    public mutating func endContent(at now: NIODeadline) {
        guard transaction?.stage == .content else { return }
        do {
            var rest = try transaction!.framer.end()
            transaction!.stage = .ended
            if transaction!.usesChunking {
                transaction!.gathered.writeBuffer(&rest)
                return sendChunk(isLast: true, at: now)
            }
            rest.writeString(".\r\n")
            write(rest)
            let each = configuration.mode == .lmtp ? transaction!.accepted.map(Optional.some) : [nil]
            for index in each { expect(.endOfContent(index), at: now) }
        } catch { abortContent(SMTPClientFailure(.permanent, .content, .unfit(error.faults)), at: now) }
    }

    /// The message cannot be read to its end.
    ///
    /// - Parameter reason: why, in English, without personal data.
    public mutating func failContent(_ reason: String, at now: NIODeadline) {
        guard transaction?.stage == .content else { return }
        abortContent(SMTPClientFailure(.transient, .content, .content(reason)), at: now)
    }

    private mutating func sendContent(_ bytes: ByteBuffer, at now: NIODeadline) {
        let wasIdle = transaction!.unwritten == 0
        transaction!.unwritten += bytes.readableBytes
        write(bytes)
        if wasIdle { setContentDeadline(at: now) }
    }

    private mutating func sendChunk(isLast: Bool, at now: NIODeadline) {
        let chunk = transaction!.gathered
        transaction!.gathered = ByteBuffer()
        transaction!.unanswered += 1
        var bytes = ByteBuffer(string: SMTPCommand.bdat(count: chunk.readableBytes, isLast: isLast).wire)
        bytes.writeImmutableBuffer(chunk)
        write(bytes)
        guard isLast, configuration.mode == .lmtp else { return expect(.chunk(isLast: isLast), at: now) }
        // RFC 2033 §4.3: after the last chunk too, LMTP answers for each recipient.
        transaction!.unanswered -= 1
        for index in transaction!.accepted { expect(.endOfContent(index), at: now) }
    }

    /// The message cannot be finished. BDAT can be taken back by RSET; DATA only by ending the connection, since
    /// whatever is sent would be taken for the message.
    private mutating func abortContent(_ failure: SMTPClientFailure, at now: NIODeadline) {
        transaction!.decide(failure)
        guard transaction!.usesChunking else { return end(failure) }
        transaction!.stage = .draining
        if expected.isEmpty { conclude(at: now) }
    }
}
