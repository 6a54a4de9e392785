import MSSCore
public import NIOCore

extension SMTPServerSession {
    /// When ``expire(at:)`` is due; `nil` when the session waits for nothing that is bounded here (TLS bounds itself).
    public var deadline: NIODeadline? {
        let whole = started + limits.session
        switch phase {
        case .command, .sasl: return min(whole, lastActivity + limits.idle)
        case .data, .chunk, .discarding: return min(whole, lastActivity + limits.dataStall)
        // The backend is heard out even past the end of the session: it may just have stored the message.
        case .waiting, .deciding: return lastActivity + limits.backendAnswer
        case .startingTLS: return whole
        case .idle, .closed: return nil
        }
    }

    /// Ends the session when its time has come (EX_LPS_1000).
    public mutating func expire(at now: NIODeadline) {
        guard let deadline, deadline <= now else { return }
        switch phase {
        case .waiting, .deciding: end(replies.localErrorClosing)
        case .startingTLS: close()
        default: end(now >= started + limits.session ? replies.sessionTimeout : replies.idleTimeout)
        }
    }

    /// The client has gone.
    public mutating func disconnected() { close() }

    /// The server will stop: a client between transactions is told now, another after its transaction.
    public mutating func shutDown() { isShuttingDown = true }

    /// Times of waiting for the client count from now: the server was busy, or its reader slow.
    public mutating func resumeClock(at now: NIODeadline) { lastActivity = max(lastActivity, now) }

    /// The backend has not read the message for as long as it may take for an answer.
    public mutating func backendStalled() { end(replies.localErrorClosing) }
}

extension SMTPReplies {
    /// The backend did not answer in time.
    var localErrorClosing: SMTPReply {
        SMTPReply(code: 421, enhanced: "4.3.0", text: localError.lines.joined(separator: " "))
    }
}
