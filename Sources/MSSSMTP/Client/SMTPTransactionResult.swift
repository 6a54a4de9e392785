public import MSSCore

/// What became of one recipient.
public struct SMTPRecipientOutcome: Sendable, Hashable {
    /// The recipient.
    public var recipient: MailAddress
    /// The server's answer when it took the message for this recipient; otherwise why not.
    public var result: Result<SMTPReply, SMTPClientFailure>

    /// An outcome.
    public init(_ recipient: MailAddress, _ result: Result<SMTPReply, SMTPClientFailure>) {
        self.recipient = recipient
        self.result = result
    }

    /// Why the recipient failed, if it did.
    public var failure: SMTPClientFailure? { if case .failure(let failure) = result { failure } else { nil } }
}

/// What became of a transaction: one outcome for each recipient, in the order of the envelope.
public struct SMTPTransactionResult: Sendable, Hashable {
    /// The outcomes.
    public var outcomes: [SMTPRecipientOutcome]
    /// Whether the server took over the duty to send notices (it offers DSN).
    public var passedNotices: Bool
    /// Recipients, by their place, who failed only because the session ended before the end of the message was sent:
    /// for them the message can be sent again on another connection without being doubled.
    public var repeatable: [Int]

    /// A result.
    public init(outcomes: [SMTPRecipientOutcome], passedNotices: Bool = false, repeatable: [Int] = []) {
        self.outcomes = outcomes
        self.passedNotices = passedNotices
        self.repeatable = repeatable
    }

    /// The same failure for every recipient.
    init(_ recipients: [OutgoingEnvelope.Recipient], _ failure: SMTPClientFailure) {
        self.init(outcomes: recipients.map { SMTPRecipientOutcome($0.address, .failure(failure)) })
    }

    /// Recipients for whom the server took the message.
    public var delivered: [MailAddress] { outcomes.filter { $0.failure == nil }.map(\.recipient) }
    /// The failures, one for each recipient that failed.
    public var failures: [SMTPClientFailure] { outcomes.compactMap(\.failure) }
}
