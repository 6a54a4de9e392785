import MSSCore
import NIOCore

/// What the server answers within a transaction.
extension SMTPClientSession {
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
    mutating func conclude(at now: NIODeadline) {
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
}
