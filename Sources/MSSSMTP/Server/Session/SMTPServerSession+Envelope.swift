import MSSCore
import NIOCore

extension SMTPServerSession {
    mutating func mail(_ path: ReversePath, _ parameters: MailParameters) {
        guard isGreeted else { return fault(replies.helloFirst) }
        guard transaction == nil, content == nil else { return fault(replies.badSequence) }
        guard !configuration.requiresAuthentication || facts.identity != nil else {
            return fault(replies.authenticationRequired)
        }
        guard offers(parameters) else { return fault(replies.unknownParameter) }
        guard transactions < limits.transactions else { return reply(replies.tooManyTransactions) }
        // RFC 1870 §6.1: at once, so that nothing is sent for nothing. The backend may allow more, so it is asked
        // first; what nobody would allow is not.
        let envelope = SMTPEnvelope(sender: path, parameters: parameters)
        phase = .waiting(.sender(envelope))
        actions.append(.ask(.sender(envelope)))
    }

    /// Whether all parameters belong to extensions offered (RFC 5321 §4.1.1.11); after `HELO` none does.
    private func offers(_ parameters: MailParameters) -> Bool {
        guard isExtended else { return parameters == MailParameters() }
        return parameters.unknown.isEmpty && parameters.body != .binary
            && (configuration.offersSMTPUTF8 || !parameters.smtpUTF8)
            && (configuration.offersDSN || parameters.dsnReturn == nil && parameters.envelopeID == nil)
            && (!configuration.mechanisms.isEmpty || parameters.submitter == nil)
    }

    mutating func senderAnswered(_ answer: Answer, _ envelope: SMTPEnvelope) {
        phase = .command
        switch answer {
        case .refused(let refusal): refuse(refusal.reply)
        case .accepted: begin(envelope, .standard)
        case .senderAccepted(let allowance): begin(envelope, allowance)
        case .authenticated, .taken: preconditionFailure("an answer to another question")
        }
    }

    private mutating func begin(_ envelope: SMTPEnvelope, _ allowance: SMTPAllowance) {
        if let size = envelope.parameters.size, size > allowance.messageSize ?? limits.messageSize {
            return refuse(replies.messageTooLarge)
        }
        transactions += 1
        transaction = Transaction(envelope: envelope, allowance: allowance)
        reply(replies.senderAccepted)
    }

    mutating func recipient(_ recipient: SMTPRecipient) {
        guard isGreeted else { return fault(replies.helloFirst) }
        guard let transaction, content == nil else { return fault(replies.badSequence) }
        let parameters = recipient.parameters
        guard parameters.unknown.isEmpty,
            configuration.offersDSN && isExtended || parameters == RecipientParameters()
        else { return fault(replies.unknownParameter) }
        // EX_GBM_4420, unless the backend knows better.
        guard transaction.envelope.recipients.count < transaction.allowance.recipients ?? limits.recipients else {
            return reply(replies.tooManyRecipients)
        }
        phase = .waiting(.recipient(recipient))
        actions.append(.ask(.recipient(recipient, transaction.envelope)))
    }

    mutating func recipientAnswered(_ answer: Answer, _ recipient: SMTPRecipient) {
        phase = .command
        transaction?.named += 1
        if case .refused(let refusal) = answer {
            // RFC 5321 §4.5.3.1.10: too many recipients end no transaction, and cost those accepted nothing.
            return refusal.reply.code.number == 452 ? reply(refusal.reply) : refuse(refusal.reply)
        }
        transaction?.envelope.recipients.append(recipient)
        reply(replies.recipientAccepted)
    }
}
