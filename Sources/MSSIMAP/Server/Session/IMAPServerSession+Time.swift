public import NIOCore

extension IMAPServerSession {
    // MARK: Answers

    /// Takes the answer to the open question.
    public mutating func answer(_ answer: Answer, at now: NIODeadline) {
        lastProgress = now
        let refusal: IMAPRefusal? = if case .refused(let refusal) = answer { refusal } else { nil }
        switch phase {
        case .waiting(.authenticate(let tag, let mechanism)):
            if case .authenticated(let identity) = answer { return authenticated(identity, tag) }
            rejected(refusal ?? .internalFault, tag, mechanism)
        case .waiting(.draft(let appending, let literal)): draftAnswered(refusal, appending, literal)
        case .waiting(.piece(let appending)): pieceAnswered(refusal, appending)
        case .waiting(.execute(let tag)):
            phase = .command
            lastCommand = max(lastCommand, now)  // a client that reads a long answer is not idle
            finished(answer, tag)
        case .waiting(.idle(let tag, let isLost)):
            phase = .command
            if isLost { return bad(tag, "Expected DONE") }
            finished(answer, tag)
        case .idling: bye(refusal?.code ?? .unavailable, refusal?.text ?? "The mailbox cannot be watched any longer")
        default: break
        }
    }

    private mutating func finished(_ answer: Answer, _ tag: String) {
        let outcome: IMAPOutcome =
            switch answer {
            case .done(let outcome): outcome
            case .refused(let refusal): IMAPOutcome(refusal)
            case .accepted, .authenticated: IMAPOutcome(.internalFault)
            }
        switch outcome.transition {
        case .selected: state = .selected
        case .unselected: state = .authenticated
        case .none: break
        }
        if outcome.status == .bad { return bad(tag, outcome.text, outcome.code) }
        send(tag, outcome.status, outcome.code, outcome.text)
    }

    // MARK: Time

    /// When ``expire(at:)`` is due; `nil` when the session waits for nothing that is bounded here (TLS bounds itself).
    public var deadline: NIODeadline? {
        let whole = started + limits.session
        switch phase {
        case .command, .sasl:
            // A literal that was announced, a line that has begun.
            var due = min(whole, lastCommand + limits.idle)
            if framer.isWithinCommand || input.readableBytes > 0 { due = min(due, lastProgress + limits.literalStall) }
            return state == .notAuthenticated ? min(due, started + limits.login) : due
        case .appending, .discarding: return min(whole, lastProgress + limits.literalStall)
        case .idling: return min(whole, lastCommand + limits.idle, lastKeepalive + limits.keepalive)
        // The backend is heard out even past the end of the session: it may just be keeping a message.
        case .waiting: return lastProgress + limits.backendAnswer
        case .startingTLS: return whole
        case .unborn, .closed: return nil
        }
    }

    /// Ends the session when its time has come, or tells an idling client that the connection lives.
    public mutating func expire(at now: NIODeadline) {
        guard let deadline, deadline <= now else { return }
        switch phase {
        case .waiting: return bye(.unavailable, "No answer from the message store")
        case .startingTLS: return close()
        default: break
        }
        // EX_LPS_1000: 4 hours, 15 minutes without a command.
        if now >= started + limits.session {
            bye(nil, "Session has lasted \(Self.text(limits.session)), please log in again (EX_LPS_1000)")
        } else if now >= lastCommand + limits.idle {
            bye(nil, "No command for \(Self.text(limits.idle)), please log in again (EX_LPS_1000)")
        } else if case .idling = phase {
            lastKeepalive = now
            send(nil, .ok, nil, "Still here")
        } else if state == .notAuthenticated, now >= started + limits.login {
            bye(nil, "No authentication for \(Self.text(limits.login))")
        } else {
            bye(nil, "What was announced did not come")
        }
    }

    private static func text(_ time: TimeAmount) -> String {
        let seconds = time.nanoseconds / 1_000_000_000
        if seconds % 3600 == 0 { return "\(seconds / 3600) hours" }
        return seconds % 60 == 0 ? "\(seconds / 60) minutes" : "\(seconds) seconds"
    }

    /// The client reads, or the backend puts out: it is not stalled.
    public mutating func progressed(at now: NIODeadline) { lastProgress = max(lastProgress, now) }

    /// The client has gone.
    public mutating func disconnected() { close() }

    /// The server will stop: the client is told between two commands.
    public mutating func shutDown() {
        isShuttingDown = true
        if case .idling = phase { bye(.unavailable, "Server shutting down") }
    }
}
