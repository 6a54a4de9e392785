public import MSSAccounts
public import MSSCore
public import MSSSMTP
public import MSSTraces

/// A message handed over by somebody of this operator: a user, later through the API LPS, an administrator, a job.
public struct Submission: Sendable {
    /// Who hands it over.
    public enum Origin: Sendable, Hashable {
        /// A person or an application, known and authenticated, who must have the right to send as the mailbox.
        case user(Actor, TraceAuthor, TraceAuthentication)
        /// An administrator at the command line, by name (EX_SSI_5155). May send as a test mailbox and as the operator's
        /// own mailbox; as any mailbox only in the trust space of tests.
        case administrator(TracePerson)
        /// A job of the operator, by its name; as an administrator.
        case job(String)
    }

    /// Who hands it over.
    public var origin: Origin
    /// The mailbox that sends.
    public var sender: MailAddress
    /// The recipients.
    public var recipients: [OutgoingEnvelope.Recipient]
    /// How much of the message comes back with a notice of failure.
    public var returned: DSNReturn?
    /// The sender's own name for this sending, given back in notices.
    public var envelopeID: String?
    /// Whether the recipients that are accepted get the message when others are refused.
    public var acceptsPart: Bool
    /// Whether the message leaves without a return path, as disposition notifications do (RFC 8098 §3); the sender is
    /// still the mailbox that writes it.
    public var hasNullPath = false
    /// The technical means, for the trace.
    public var means: TraceMeans
    /// The session that it comes from, when it comes by SMTP.
    var session: SMTPSessionFacts?

    /// A submission.
    public init(
        _ origin: Origin, sender: MailAddress, recipients: [OutgoingEnvelope.Recipient], returned: DSNReturn? = nil,
        envelopeID: String? = nil, acceptsPart: Bool = true, means: TraceMeans = TraceMeans(channel: "console")
    ) {
        self.origin = origin
        self.sender = sender
        self.recipients = recipients
        self.returned = returned
        self.envelopeID = envelopeID
        self.acceptsPart = acceptsPart
        self.means = means
    }
}

/// What became of a submission.
public struct SubmissionResult: Sendable, Hashable {
    /// What became of one recipient.
    public enum Outcome: Sendable, Hashable {
        /// Taken; a mailbox of this operator.
        case acceptedHere
        /// Taken; another operator's.
        case acceptedElsewhere
        /// Not taken, for this reason.
        case refused(ExchangeRefusal)
        /// Not taken, because the message was not: for another recipient's sake, or its own.
        case notSent

        /// Whether the recipient gets the message.
        public var isAccepted: Bool { self == .acceptedHere || self == .acceptedElsewhere }
    }

    /// The message's name; `nil` when it was not taken.
    public var id: DeliveryID?
    /// Why the message as a whole was not taken; `nil` when it was.
    public var refusal: ExchangeRefusal?
    /// One outcome for each recipient, in the order given.
    public var outcomes: [(recipient: MailAddress, outcome: Outcome)]
    /// Attachments taken out because of malware: their names as the message gave them, empty for none.
    public var removedAttachments: [String]

    /// A result.
    public init(
        id: DeliveryID?, refusal: ExchangeRefusal? = nil, outcomes: [(recipient: MailAddress, outcome: Outcome)],
        removedAttachments: [String] = []
    ) {
        self.id = id
        self.refusal = refusal
        self.outcomes = outcomes
        self.removedAttachments = removedAttachments
    }

    /// Whether two results say the same.
    public static func == (left: SubmissionResult, right: SubmissionResult) -> Bool {
        left.id == right.id && left.refusal == right.refusal && left.removedAttachments == right.removedAttachments
            && left.outcomes.elementsEqual(right.outcomes) { $0 == $1 }
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(refusal)
        for (recipient, outcome) in outcomes {
            hasher.combine(recipient)
            hasher.combine(outcome)
        }
        hasher.combine(removedAttachments)
    }
}
