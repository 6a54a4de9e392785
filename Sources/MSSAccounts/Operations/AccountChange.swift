public import MSSCore

/// What an operation changed, or was refused: the trace that EX_GDT_5030 asks for.
public struct AccountChange: Sendable, Hashable {
    /// One field, before and after; `nil` when it was or became absent.
    public struct Field: Sendable, Hashable {
        /// The name of the field.
        public var name: String
        /// Before.
        public var before: String?
        /// After.
        public var after: String?

        /// A field.
        public init(_ name: String, before: String?, after: String?) {
            self.name = name
            self.before = before
            self.after = after
        }
    }

    /// What came of it.
    public enum Outcome: Sendable, Hashable {
        /// Done.
        case done
        /// Refused, by this requirement and for this reason.
        case refused(RequirementID?, String)
    }

    /// The number in the base, 0 until it is kept: the journal knows by it what it has already.
    public var number: Int64 = 0
    /// When.
    public var at: Timestamp
    /// Who.
    public var actor: String
    /// The operation's name.
    public var operation: String
    /// The mailbox.
    public var mailbox: MailboxID?
    /// Its address.
    public var address: String?
    /// The person concerned.
    public var person: PersonID?
    /// What changed.
    public var fields: [Field]
    /// What came of it.
    public var outcome: Outcome

    /// A change.
    public init(
        at: Timestamp, actor: String, operation: String, mailbox: MailboxID? = nil, address: String? = nil,
        person: PersonID? = nil, fields: [Field] = [], outcome: Outcome = .done
    ) {
        self.at = at
        self.actor = actor
        self.operation = operation
        self.mailbox = mailbox
        self.address = address
        self.person = person
        self.fields = fields
        self.outcome = outcome
    }
}

/// What the accounts need of a journal: to keep what happened. The floor above connects it with the traces.
public protocol AccountJournal: Sendable {
    /// Keeps changes, in order. It returns once they are durable; a change whose number it has already is dropped.
    func record(_ changes: [AccountChange]) async throws
}

/// What the accounts need of rules: to judge a change before it is made. The floor above connects it with the policy.
public protocol AccountRules: Sendable {
    /// What the rules find in a change; it is refused when any finding refuses.
    func findings(on proposal: MailboxProposal, reader: any AccountReader) throws -> [AccountFinding]
}

/// A rule's finding.
public struct AccountFinding: ExplainedFailure, Hashable {
    /// The rule.
    public let requirement: RequirementID?
    /// Whether it refuses or only advises.
    public let refuses: Bool
    /// The French sentence for the reader.
    public let explanation: String

    /// A finding.
    public init(requirement: RequirementID?, refuses: Bool, explanation: String) {
        self.requirement = requirement
        self.refuses = refuses
        self.explanation = explanation
    }

    /// The rule's id.
    public var description: String { "\(requirement?.rawValue ?? "rule") broken" }
}

/// A change of a mailbox before it is made.
public struct MailboxProposal: Sendable {
    /// The mailbox as it is; `nil` for a new one.
    public var before: Mailbox?
    /// The mailbox as it would be.
    public var after: Mailbox
    /// The responsible it would have.
    public var responsible: Person
    /// The co-holders it would have.
    public var coHolders: [Person]
    /// The structure it would be attached to.
    public var structure: Structure?
    /// The test mailboxes there would be, automatic-reply mailboxes apart.
    public var testMailboxCount: Int
    /// When.
    public var at: Timestamp
}
