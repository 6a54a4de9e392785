import MSSCore
public import NIOCore

/// A transaction: MAIL, RCPT, the message, the answers.
extension SMTPClientSession {
    /// Begins a transaction. What the server is known not to take is refused here, without a word to it.
    ///
    /// - Parameters:
    ///   - envelope: the envelope.
    ///   - size: the size of the content, when known.
    ///   - lineEnds: what is done about a CR or LF alone.
    public mutating func begin(
        _ envelope: OutgoingEnvelope, size: Int?, lineEnds: SMTPLineEnds, at now: NIODeadline
    ) {
        guard state == .ready else {
            let failure = SMTPClientFailure(.network, .idle, .closed)
            var result = SMTPTransactionResult(envelope.recipients, failure)
            result.repeatable = Array(envelope.recipients.indices)
            return actions.append(.finished(result))
        }
        state = .transaction
        transactions += 1
        let chunking = configuration.usesChunking && offer.offers(.chunking)
        var transaction = SMTPClientTransaction(
            envelope: envelope, size: size, latest: now + TimeAmount(configuration.timeouts.transaction),
            usesChunking: chunking, passesNotices: offer.offers(.dsn),
            framer: SMTPContentFramer(doublesDots: !chunking, lineEnds: lineEnds),
            outcomes: Array(repeating: nil, count: envelope.recipients.count))
        refuseLocally(&transaction)
        let recipients = transaction.undecided
        transaction.toSend = recipients.isEmpty ? [] : [.mail]
        for index in recipients { transaction.toSend.append(.recipient(index)) }
        if !chunking, !recipients.isEmpty { transaction.toSend.append(.data) }
        self.transaction = transaction
        if recipients.isEmpty { finishTransaction(nil) } else { sendCommands(at: now) }
    }

    /// Decides what needs no server.
    private func refuseLocally(_ transaction: inout SMTPClientTransaction) {
        let envelope = transaction.envelope
        if let size = transaction.size, let limit = offer.maximumSize, size > limit {
            transaction.decide(SMTPClientFailure(.permanent, .mail, .tooLarge(limit: limit)))
        }
        if envelope.isEightBit, !offer.offers(.eightBitMIME) {
            transaction.decide(SMTPClientFailure(.permanent, .mail, .notOffered("8BITMIME")))
        }
        if !offer.offers(.smtpUTF8) {
            let failure = SMTPClientFailure(.permanent, .mail, .notOffered("SMTPUTF8"))
            if envelope.hasInternationalHeader || envelope.sender?.needsSMTPUTF8 ?? false {
                transaction.decide(failure)
            }
            // The domain has its ASCII form (RFC 5890), the local part has none.
            for index in transaction.undecided where envelope.recipients[index].address.needsSMTPUTF8 {
                transaction.outcomes[index] = .failure(failure)
            }
        }
        if let most = offer.limits.recipients, transaction.undecided.count > most {
            for index in transaction.undecided.dropFirst(most) {
                transaction.outcomes[index] = .failure(SMTPClientFailure(.transient, .recipient, .tooManyRecipients))
            }
        }
    }

    // MARK: Commands

    /// Sends what may be sent: all of it with PIPELINING, else one command after the other's answer.
    private mutating func sendCommands(at now: NIODeadline) {
        let together = configuration.usesPipelining && offer.offers(.pipelining)
        var bytes = ByteBuffer()
        while let command = transaction?.toSend.first, together || expected.isEmpty {
            transaction!.toSend.removeFirst()
            switch command {
            case .mail:
                bytes.writeString(mailCommand.wire)
                expect(.mail, at: now)
            case .recipient(let index):
                bytes.writeString(recipientCommand(index).wire)
                expect(.recipient(index), at: now)
            case .data:
                bytes.writeString(SMTPCommand.data.wire)
                expect(.data, at: now)
            }
        }
        write(bytes)
    }

    private var mailCommand: SMTPCommand {
        let envelope = transaction!.envelope
        var parameters = MailParameters()
        if offer.offersSize { parameters.size = transaction!.size }
        if offer.offers(.eightBitMIME), envelope.isEightBit { parameters.body = .eightBit }
        if offer.offers(.smtpUTF8) {
            let addresses = envelope.recipients.map(\.address) + (envelope.sender.map { [$0] } ?? [])
            parameters.smtpUTF8 = envelope.hasInternationalHeader || addresses.contains { $0.needsSMTPUTF8 }
        }
        if offer.offers(.dsn) {
            parameters.dsnReturn = envelope.returned
            parameters.envelopeID = envelope.envelopeID
        }
        return .mail(envelope.sender.map { .address($0) } ?? .null, parameters)
    }

    private func recipientCommand(_ index: Int) -> SMTPCommand {
        let recipient = transaction!.envelope.recipients[index]
        var parameters = RecipientParameters()
        if offer.offers(.dsn) {
            parameters.notify = recipient.notify
            // Without SMTPUTF8 another encoding of the address would be needed (RFC 6533 §3): it is left out.
            parameters.originalRecipient = recipient.original.flatMap {
                $0.address.utf8.allSatisfy { $0 < 0x80 } ? $0 : nil
            }
        }
        return .rcpt(.address(recipient.address), parameters)
    }

    // MARK: Replies

    mutating func takeInTransaction(_ reply: SMTPReply, _ expectation: Expectation, at now: NIODeadline) {
        let severity = reply.code.severity
        // RFC 5321 §4.3.2: only DATA is answered by 3yz, and only by that when it goes well.
        if case .data = expectation {
            if severity == .completed { return violated(reply) }
        } else if severity == .intermediate {
            return violated(reply)
        }
        switch expectation {
        case .mail: takeMail(reply)
        case .recipient(let index): takeRecipient(reply, index)
        case .data: return takeData(reply, at: now)
        case .chunk(let isLast): return takeChunk(reply, isLast: isLast, at: now)
        case .endOfContent(let index): takeEnd(reply, index)
        case .reset: return takeReset(reply)
        default: return violated(reply)
        }
        advance(at: now)
    }

    private mutating func violated(_ reply: SMTPReply) {
        end(SMTPClientFailure(.network, phase, .unexpectedReply(reply.code)))
    }

    private mutating func takeMail(_ reply: SMTPReply) {
        if reply.code.severity == .completed {
            transaction!.needsReset = true
        } else {
            transaction!.decide(SMTPClientFailure(.mail, reply))
            transaction!.toSend.removeAll()
        }
    }

    private mutating func takeRecipient(_ reply: SMTPReply, _ index: Int) {
        guard transaction!.outcomes[index] == nil else { return }  // MAIL was refused, its words count
        if reply.code.severity == .completed {
            transaction!.accepted.append(index)
        } else {
            transaction!.outcomes[index] = .failure(SMTPClientFailure(.recipient, reply))
        }
    }

    private mutating func takeData(_ reply: SMTPReply, at now: NIODeadline) {
        switch (reply.code.severity, transaction!.accepted.isEmpty) {
        case (.intermediate, false): provideContent(at: now)
        case (.intermediate, true):
            // RFC 2920 §3.1: DATA went out before the refusals came; a dot alone takes it back.
            transaction!.stage = .draining
            transaction!.needsReset = false
            write(ByteBuffer(string: ".\r\n"))
            expect(.endOfContent(nil), at: now)
        default:
            transaction!.decide(SMTPClientFailure(.data, reply))
            advance(at: now)
        }
    }

    private mutating func takeChunk(_ reply: SMTPReply, isLast: Bool, at now: NIODeadline) {
        transaction!.unanswered -= 1
        if transaction!.stage != .draining {
            if reply.code.severity != .completed {
                transaction!.decide(SMTPClientFailure(isLast ? .endOfContent : .content, reply))
                transaction!.stage = .draining
            } else if isLast {
                transaction!.needsReset = false
                takeEnd(reply, nil)
            } else if expected.isEmpty {
                actions.append(.provideContent)
            }
        }
        advance(at: now)
    }

    private mutating func takeEnd(_ reply: SMTPReply, _ index: Int?) {
        guard transaction!.stage == .ended else { return }
        transaction!.needsReset = false
        let outcome: Result<SMTPReply, SMTPClientFailure> =
            reply.code.severity == .completed ? .success(reply) : .failure(SMTPClientFailure(.endOfContent, reply))
        for index in index.map({ [$0] }) ?? transaction!.accepted where transaction!.outcomes[index] == nil {
            transaction!.outcomes[index] = outcome
        }
    }

    private mutating func takeReset(_ reply: SMTPReply) {
        transaction?.needsReset = false
        guard reply.code.severity == .completed else { return violated(reply) }
        finishTransaction(nil)
    }

    /// Goes on once an answer is dealt with.
    private mutating func advance(at now: NIODeadline) {
        guard state == .transaction, let transaction else { return }
        // Not pipelined: the last RCPT is answered, and nobody is left to send DATA for.
        if case .data? = transaction.toSend.first, transaction.accepted.isEmpty, expected.isEmpty {
            self.transaction!.toSend.removeAll()
        }
        sendCommands(at: now)
        guard expected.isEmpty else { return }
        if self.transaction!.undecided.isEmpty {
            conclude(at: now)
        } else if transaction.stage == .envelope, transaction.usesChunking {
            provideContent(at: now)
        } else if transaction.stage == .envelope || transaction.stage == .ended {
            end(SMTPClientFailure(.network, phase, .closed))  // cannot happen; never a hang
        }
    }

    /// Every recipient is decided: leave the server in a clean state.
    private mutating func conclude(at now: NIODeadline) {
        if transaction!.needsReset {
            transaction!.stage = .draining
            say(.rset, .reset, at: now)
        } else {
            finishTransaction(nil)
        }
    }

    private mutating func provideContent(at now: NIODeadline) {
        transaction!.stage = .content
        actions.append(.provideContent)
        setContentDeadline(at: now)
    }

    // MARK: Content

    /// Whether the next part of the message may be given: not while a BDAT chunk awaits its answer, unless the server
    /// takes commands together, and then not more than a few of them.
    public var wantsContent: Bool {
        guard let transaction, transaction.stage == .content else { return false }
        let most = configuration.usesPipelining && offer.offers(.pipelining) ? 4 : 1
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

    // MARK: End

    /// Reports the transaction. `failure` is that of the session, for recipients not decided yet.
    mutating func finishTransaction(_ failure: SMTPClientFailure?) {
        guard var transaction else { return }
        self.transaction = nil
        let endWasSent = transaction.stage == .ended
        let left = transaction.undecided
        if var failure {
            // RFC 1047: the server may have taken the message, and its answer was lost. Its word 421 says it has not.
            failure.mayHaveBeenDelivered = endWasSent && failure.reply == nil && !left.isEmpty
            transaction.decide(failure)
        }
        let recipients = transaction.envelope.recipients
        let outcomes = zip(recipients, transaction.outcomes).map { recipient, outcome in
            SMTPRecipientOutcome(
                recipient.address, outcome ?? .failure(SMTPClientFailure(.network, .idle, .closed)))
        }
        let result = SMTPTransactionResult(
            outcomes: outcomes, passedNotices: transaction.passesNotices,
            repeatable: failure.map { !endWasSent && $0.isLostConnection } ?? false ? left : [])
        if state == .transaction { state = .ready }
        if failure == nil { deadline = nil }
        actions.append(.finished(result))
    }
}
