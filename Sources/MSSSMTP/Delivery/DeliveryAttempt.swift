import MSSCore

/// An attempt under way: who is decided, what was met on the way. A value without IO.
struct DeliveryAttempt: Sendable {
    private let message: SMTPOutgoingMessage
    private let domain: Domain
    /// Addresses tried.
    var addresses = 0
    /// Sessions in which transactions were begun.
    var sessions = 0
    private var decided: [DeliveryOutcome?]
    /// The last refusal for now of each recipient.
    private var refusals: [Int: DeliveryOutcome] = [:]
    /// What stood in the way of a session. A failure that may pass outweighs those that will not.
    private var obstacle: SMTPClientFailure?

    init(_ message: SMTPOutgoingMessage, _ domain: Domain) {
        self.message = message
        self.domain = domain
        decided = Array(repeating: nil, count: message.envelope.recipients.count)
    }

    /// Recipients for whom another server may be tried.
    var undecided: [Int] { decided.indices.filter { decided[$0] == nil } }

    /// Whether nothing is left to try.
    var isDone: Bool { undecided.isEmpty || obstacle?.cause == .cancelled }

    /// The message for some of the recipients.
    func message(to batch: [Int]) -> SMTPOutgoingMessage {
        var part = message
        part.envelope.recipients = batch.map { message.envelope.recipients[$0] }
        return part
    }

    /// No session with a server.
    mutating func missed(_ failure: SMTPClientFailure) {
        // Broken off by ourselves: whatever stood in the way before, the attempt was not made.
        if failure.cause == .cancelled || obstacle?.isPermanent ?? true { obstacle = failure }
    }

    /// A transaction is over. Returns the recipients to send again to the same server: those that it did not take only
    /// because they were too many (RFC 5321 §4.5.3.1.10), when it did take others.
    mutating func take(_ result: SMTPTransactionResult, of batch: [Int], from destination: SMTPDestination) -> [Int] {
        var again: [Int] = []
        let progressed = !result.delivered.isEmpty
        // Those that our own side kept back are to be named some time, also when the server takes none of the others: each
        // round asks at least one that is not asked again.
        let wasHeard = result.outcomes.contains { $0.failure?.isReply ?? true }
        for (index, outcome) in zip(batch, result.outcomes) {
            let told = DeliveryOutcome(
                message.envelope.recipients[index], outcome.result, host: destination.serverName,
                passedNotices: outcome.failure == nil && result.passedNotices)
            guard let failure = outcome.failure, !failure.isPermanent, !failure.mayHaveBeenDelivered else {
                decided[index] = told
                continue
            }
            if failure.cause == .cancelled { obstacle = failure }
            refusals[index] = told
            if failure.isTooManyRecipients, progressed || wasHeard && failure.wasNotAsked { again.append(index) }
        }
        return again
    }

    /// What was achieved so far.
    var result: DeliveryResult {
        let missing = obstacle ?? SMTPClientFailure(.permanent, .resolving, .noAddress)
        let recipients = message.envelope.recipients
        let outcomes = decided.indices.map { index in
            decided[index] ?? refusals[index] ?? DeliveryOutcome(recipients[index], .failure(missing))
        }
        // Nothing tried and no obstacle: hosts without address, which says nothing of a server's health.
        let reached: Bool? = sessions > 0 ? true : obstacle == nil || obstacle?.cause == .cancelled ? nil : false
        return DeliveryResult(outcomes: outcomes, reached: reached)
    }

    /// The same refusal for everyone, without a server.
    func refused(_ failure: SMTPClientFailure) -> DeliveryResult {
        let outcomes = message.envelope.recipients.map { DeliveryOutcome($0, .failure(failure)) }
        return DeliveryResult(outcomes: outcomes, reached: nil)
    }
}

extension SMTPClientFailure {
    /// Whether the server said it.
    fileprivate var isReply: Bool { if case .reply = cause { true } else { false } }
    /// Whether the recipient was never named to the server.
    fileprivate var wasNotAsked: Bool { if case .tooManyRecipients = cause { true } else { false } }

    /// Whether the server would take this recipient in another transaction: 452, or by its announced limit.
    var isTooManyRecipients: Bool {
        switch cause {
        case .tooManyRecipients: true
        case .reply(let reply): reply.code.number == 452 && phase == .recipient
        default: false
        }
    }
}
