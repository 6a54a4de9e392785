public import MSSCore

/// What an attempt achieved for one recipient.
public struct DeliveryOutcome: Sendable, Hashable {
    /// The recipient.
    public var recipient: OutgoingEnvelope.Recipient
    /// The answer of the server that took the message; otherwise why none did.
    public var result: Result<SMTPReply, SMTPClientFailure>
    /// The host that decided; `nil` when none was reached.
    public var host: String?
    /// Whether that host took over the duty to send notices (RFC 3461 §5.2.2).
    public var passedNotices: Bool

    /// An outcome.
    public init(
        _ recipient: OutgoingEnvelope.Recipient, _ result: Result<SMTPReply, SMTPClientFailure>, host: String? = nil,
        passedNotices: Bool = false
    ) {
        self.recipient = recipient
        self.result = result
        self.host = host
        self.passedNotices = passedNotices
    }

    /// Why the recipient failed, if it did.
    public var failure: SMTPClientFailure? { if case .failure(let failure) = result { failure } else { nil } }
}

/// What an attempt achieved.
public struct DeliveryResult: Sendable, Hashable {
    /// One outcome for each recipient, in the order of the envelope.
    public var outcomes: [DeliveryOutcome]
    /// Whether a server of the destination took part in a transaction; `nil` when the attempt says nothing of it.
    public var reached: Bool?

    /// What an attempt achieved.
    public init(outcomes: [DeliveryOutcome], reached: Bool?) {
        self.outcomes = outcomes
        self.reached = reached
    }

    /// Whether the attempt was broken off on this side.
    public var wasInterrupted: Bool { outcomes.contains { $0.failure?.cause == .cancelled } }
}
