public import MSSCore

/// How an action ended (EX_GDT_5040: "y compris en cas d'échec"); the reason stands in the reply.
public enum TraceOutcome: String, Sendable, Hashable, CaseIterable {
    /// Done.
    case success
    /// Tried and failed.
    case failure
    /// Refused by a rule.
    case refused
}

/// One action to be traced, with everything EX_GDT_5040 lists. It has no place for the content of a message, and its
/// free texts go through ``TraceText``, which masks credentials.
public struct TraceEvent: Sendable, Hashable {
    /// The kind of action, which also tells the family.
    public var action: TraceAction
    /// How it ended.
    public var outcome: TraceOutcome
    /// Who did it.
    public var author: TraceAuthor
    /// When it was done, from a synchronised clock; `nil`: when the store writes it.
    public var time: Timestamp?
    /// The mailbox concerned.
    public var mailbox: MailAddress?
    /// The technical means used.
    public var means: TraceMeans
    /// The kind of authentication (EX_GDT_5060).
    public var authentication: TraceAuthentication?
    /// What was asked.
    public var request: TraceText?
    /// What was answered.
    public var reply: TraceText?
    /// The message concerned.
    public var message: TraceMessage?
    /// Attributes before and after.
    public var changes: [TraceChange]

    /// An event.
    public init(
        _ action: TraceAction, _ outcome: TraceOutcome = .success, by author: TraceAuthor, at time: Timestamp? = nil,
        mailbox: MailAddress? = nil, means: TraceMeans = TraceMeans(), authentication: TraceAuthentication? = nil,
        request: TraceText? = nil, reply: TraceText? = nil, message: TraceMessage? = nil, changes: [TraceChange] = []
    ) {
        self.action = action
        self.outcome = outcome
        self.author = author
        self.time = time
        self.mailbox = mailbox
        self.means = means
        self.authentication = authentication
        self.request = request
        self.reply = reply
        self.message = message
        self.changes = changes
    }
}
