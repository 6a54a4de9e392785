import MSSCore
public import NIOCore

extension SMTPServerSession {
    /// Takes the backend's answer to the open question. After the session has ended, answers are ignored.
    public mutating func answer(_ answer: Answer, at now: NIODeadline) {
        if case .closed = phase { return }
        switch phase {
        case .waiting(let waiting):
            lastActivity = now
            answered(answer, waiting)
        case .deciding:
            lastActivity = now
            decide(answer)
        case .command, .sasl, .data, .chunk, .discarding:
            // About a message whose end has not come: it can only be no (RFC 5321 §6.1: nothing is promised before).
            precondition(content != nil && content!.answer == nil, "an answer without a question")
            content!.isRefusedByBackend = content!.isOpen
            content!.isOpen = false
            content!.pending = ByteBuffer()
            switch answer {
            case .refused(let refusal): content!.refusal = content!.refusal ?? refusal.reply
            default: content!.refusal = content!.refusal ?? replies.localError
            }
            content!.answer = answer
        case .idle, .startingTLS, .closed: preconditionFailure("an answer without a question")
        }
    }

    private mutating func answered(_ answer: Answer, _ waiting: Waiting) {
        switch waiting {
        case .session: sessionAnswered(answer)
        case .hello(let isExtended): helloAnswered(answer, isExtended: isExtended)
        case .authenticate(let mechanism):
            phase = .command
            switch answer {
            case .authenticated(let identity):
                facts.identity = identity
                nameProtocol()
                reply(replies.authenticated)
            case .refused(let refusal): rejected(refusal.reply, mechanism)
            case .accepted, .senderAccepted, .taken: preconditionFailure("an answer to another question")
            }
        case .sender(let envelope): senderAnswered(answer, envelope)
        case .recipient(let recipient): recipientAnswered(answer, recipient)
        }
    }

    private mutating func sessionAnswered(_ answer: Answer) {
        if case .refused(let refusal) = answer {
            // RFC 5321 §3.1: 554 instead of the greeting; then only QUIT makes sense, which nobody waits for.
            return end(refusal.reply)
        }
        // A client must wait for the greeting (RFC 5321 §3.1); one that speaks first is no mail server.
        if configuration.checksSynchronisation, input.readableBytes > 0 { return end(replies.synchronisation) }
        phase = .command
        actions.append(
            .reply(SMTPReply(code: 220, text: "\(configuration.serverName) \(isLMTP ? "LMTP" : replies.greeting)")))
    }

    mutating func helloAnswered(_ answer: Answer, isExtended: Bool) {
        phase = .command
        if case .refused(let refusal) = answer {
            isGreeted = false
            return refuse(refusal.reply)
        }
        isGreeted = true
        self.isExtended = isExtended
        nameProtocol()
        reply(isExtended ? capabilities.reply : SMTPReply(code: 250, text: configuration.serverName))
    }

    /// `with` of the Received field (RFC 3848, RFC 6531 §4.3 aside: that is the message's).
    private mutating func nameProtocol() {
        guard isExtended || isLMTP else {
            facts.protocolName = "SMTP"
            return
        }
        facts.protocolName =
            (isLMTP ? "LMTP" : "ESMTP") + (facts.tls == nil ? "" : "S") + (facts.identity == nil ? "" : "A")
    }
}
