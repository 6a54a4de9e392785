import MSSCore
public import MSSSASL
import MSSTLS
public import NIOCore

/// A client's SMTP or LMTP session as a value: what happened goes in, what to do comes out of ``nextAction()``, time is
/// passed in. ``SMTPConnection`` runs it over a socket.
///
/// Whatever the server sends, memory stays bounded, every wait has an end, each transaction ends with one outcome for
/// each recipient, and nothing of an envelope is said before TLS and the peer check.
public struct SMTPClientSession: Sendable {
    /// What the channel is to do next.
    public enum Action: Sendable {
        /// Send these octets; report with ``wrote(_:at:)`` when they have gone.
        case write(ByteBuffer)
        /// Put TLS in place; report with ``tlsEstablished(at:)``.
        case startTLS
        /// Look at the server's certificate; report with ``peerChecked(_:at:)``.
        case checkPeer
        /// Get the credentials; report with ``authenticate(with:at:)``.
        case obtainCredentials
        /// The session is open: ``begin(_:size:lineEnds:at:)`` may be called.
        case opened
        /// The server waits for the message: give it with ``content(_:at:)``.
        case provideContent
        /// The transaction is over.
        case finished(SMTPTransactionResult)
        /// The session is over; `nil` after ``quit(at:)``. Close the connection.
        case ended(SMTPClientFailure?)
    }

    enum State {
        case idle
        case greeting
        case hello
        case handshake
        case peerCheck
        case credentials
        case authentication
        case ready
        case transaction
        case quitting
        case closed
    }

    enum Expectation {
        case greeting, hello, helo, startTLS, authentication, mail, recipient(Int), data, chunk(isLast: Bool)
        /// The answer after the message: of all recipients, or of one in LMTP.
        case endOfContent(Int?)
        case reset, quit
    }

    /// The configuration.
    public let configuration: SMTPClientSessionConfiguration
    /// What the server offers, since the last EHLO.
    public internal(set) var offer = SMTPCapabilities(serverName: "")
    /// Whether TLS is in place and the peer was accepted.
    public internal(set) var isSecure = false
    /// When the session ends unless something happens before; call ``tick(at:)`` then.
    public internal(set) var deadline: NIODeadline?
    /// Transactions begun.
    public internal(set) var transactions = 0

    var state = State.idle
    var expected = CircularBuffer<Expectation>()
    var transaction: SMTPClientTransaction?
    var actions = CircularBuffer<Action>()
    var reader = SMTPReplyReader()
    /// What is answered to the challenges of AUTH that may still come.
    var answers: [SASLMessage] = []
    var cancelledExchange = false

    /// A session that has not begun.
    public init(_ configuration: SMTPClientSessionConfiguration) { self.configuration = configuration }

    /// What to do next; `nil` when there is nothing but to wait.
    public mutating func nextAction() -> Action? { actions.popFirst() }

    /// Whether a transaction may begin.
    public var isReady: Bool { state == .ready }

    /// Whether the session is over.
    public var isClosed: Bool { state == .closed }

    /// Whether another transaction may begin after this one (LIMITS MAILMAX).
    public var isReusable: Bool {
        !isClosed && state != .quitting && offer.limits.transactions.map { transactions < $0 } ?? true
    }

    // MARK: What happened

    /// The connection is made.
    public mutating func start(at now: NIODeadline) {
        guard state == .idle else { return }
        state = .greeting
        expect(.greeting, at: now)
    }

    /// Octets came.
    public mutating func receive(_ bytes: inout ByteBuffer, at now: NIODeadline) {
        guard state != .closed else { return }
        if state == .handshake { return end(SMTPClientFailure(.policy, .startTLS, .clearBytesAfterStartTLS)) }
        reader.append(&bytes)
        do {
            // Between the answer to STARTTLS and TLS, nothing may come in clear.
            while state != .closed, state != .handshake, let reply = try reader.next() { take(reply, at: now) }
        } catch { end(SMTPClientFailure(.network, phase, .malformedReply(error))) }
    }

    /// The server ended the connection, or it broke.
    public mutating func connectionEnded(_ cause: SMTPClientFailure.Cause) {
        guard state != .closed else { return }
        if state == .quitting { return close(nil) }
        var kind = SMTPClientFailure.Kind.network
        // What TLS refuses is a matter of policy; that the connection broke meanwhile is not.
        if case .tls(let failure) = cause,
            ![.closedDuringHandshake, .handshakeTimeout, .truncated].contains(failure.kind)
        {
            kind = .policy
        }
        end(SMTPClientFailure(kind, phase, cause))
    }

    /// Time passed: call it at ``deadline``.
    public mutating func tick(at now: NIODeadline) {
        guard let deadline, now >= deadline, state != .closed else { return }
        if state == .quitting { return close(nil) }
        end(SMTPClientFailure(.network, phase, .timedOut))
    }

    /// Octets of a ``Action/write(_:)`` have gone.
    public mutating func wrote(_ count: Int, at now: NIODeadline) {
        guard transaction?.stage == .content else { return }
        transaction!.unwritten = max(0, transaction!.unwritten - count)
        setContentDeadline(at: now)
    }

    /// Ends the session in good order. Outside a transaction only.
    public mutating func quit(at now: NIODeadline) {
        switch state {
        case .ready:
            state = .quitting
            say(.quit, .quit, at: now)
        case .transaction, .quitting, .closed: break
        default: close(nil)
        }
    }

    /// Ends the session at once, from this side.
    public mutating func abandon(_ failure: SMTPClientFailure) {
        guard state != .closed else { return }
        end(failure)
    }

    // MARK: Replies

    private mutating func take(_ reply: SMTPReply, at now: NIODeadline) {
        // RFC 5321 §3.8: 421 may answer anything, and the server closes behind it.
        if reply.code.number == 421, state != .quitting {
            let kind: SMTPClientFailure.Kind = state == .transaction ? .transient : .network
            return end(SMTPClientFailure(kind, phase, .reply(reply)))
        }
        guard let expectation = expected.popFirst() else { return takeUnexpected(reply) }
        switch expectation {
        case .greeting: greeted(reply, at: now)
        case .hello, .helo: introduced(reply, byHELO: expectation.isHELO, at: now)
        case .startTLS: takeStartTLS(reply, at: now)
        case .authentication: takeAuthentication(reply, at: now)
        case .quit: return close(nil)
        default: takeInTransaction(reply, expectation, at: now)
        }
        guard state != .closed else { return }
        if let next = expected.first { setDeadline(timeout(of: next), at: now) } else { waitForNothing(at: now) }
    }

    private mutating func takeUnexpected(_ reply: SMTPReply) {
        // A refusal in the middle of the message ends it: the rest cannot be taken back otherwise.
        if transaction?.stage == .content, [.transientFailure, .permanentFailure].contains(reply.code.severity) {
            return end(SMTPClientFailure(.content, reply))
        }
        end(SMTPClientFailure(.network, phase, .unexpectedReply(reply.code)))
    }

    // MARK: Ends

    /// Ends the session by a failure; a transaction ends with it.
    mutating func end(_ failure: SMTPClientFailure) {
        if transaction != nil { finishTransaction(failure) }
        close(failure)
    }

    mutating func close(_ failure: SMTPClientFailure?) {
        guard state != .closed else { return }
        state = .closed
        expected.removeAll()
        deadline = nil
        reader = SMTPReplyReader()
        answers = []
        actions.append(.ended(failure))
    }

    // MARK: Sending and waiting

    mutating func say(_ command: SMTPCommand, _ expectation: Expectation, at now: NIODeadline) {
        write(ByteBuffer(string: command.wire))
        expect(expectation, at: now)
    }

    mutating func write(_ bytes: ByteBuffer) {
        if bytes.readableBytes > 0 { actions.append(.write(bytes)) }
    }

    mutating func expect(_ expectation: Expectation, at now: NIODeadline) {
        if expected.isEmpty { setDeadline(timeout(of: expectation), at: now) }
        expected.append(expectation)
    }

    mutating func setDeadline(_ timeout: Duration, at now: NIODeadline) {
        let deadline = now + TimeAmount(timeout)
        self.deadline = transaction.map { min($0.latest, deadline) } ?? deadline
    }

    private mutating func waitForNothing(at now: NIODeadline) {
        switch state {
        case .transaction: setContentDeadline(at: now)
        case .handshake, .peerCheck, .credentials: break
        default: deadline = nil
        }
    }

    /// While the message is sent: nothing is due from the server unless it is slow to take what was written.
    mutating func setContentDeadline(at now: NIODeadline) {
        guard let transaction, transaction.stage == .content, expected.isEmpty else { return }
        if transaction.unwritten > 0 {
            setDeadline(configuration.timeouts.block, at: now)
        } else {
            deadline = transaction.latest
        }
    }

    private func timeout(of expectation: Expectation) -> Duration {
        let timeouts = configuration.timeouts
        return switch expectation {
        case .greeting: timeouts.greeting
        case .hello, .helo, .startTLS, .authentication, .reset: timeouts.command
        case .mail: timeouts.mail
        case .recipient: timeouts.recipient
        case .data: timeouts.data
        case .chunk(isLast: false): timeouts.block
        case .chunk(isLast: true), .endOfContent: timeouts.endOfData
        case .quit: timeouts.quit
        }
    }

    /// The part of the session under way.
    var phase: SMTPClientFailure.Phase {
        switch state {
        case .idle: .connecting
        case .greeting: .greeting
        case .hello: if case .startTLS? = expected.first { .startTLS } else { .hello }
        case .handshake: .startTLS
        case .peerCheck: .peerCheck
        case .credentials, .authentication: .authentication
        case .ready, .quitting, .closed: .idle
        case .transaction:
            switch expected.first {
            case .mail?: .mail
            case .recipient?: .recipient
            case .data?: .data
            case .chunk(isLast: true)?, .endOfContent?: .endOfContent
            default: .content
            }
        }
    }
}

extension SMTPClientSession.Expectation {
    var isHELO: Bool { if case .helo = self { true } else { false } }
}
