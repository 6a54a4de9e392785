import MSSCore
public import NIOCore

/// A transaction: its beginning, MAIL and RCPT, its end.
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
    mutating func sendCommands(at now: NIODeadline) {
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
