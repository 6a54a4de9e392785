public import MSSCore

/// A mailbox of the operator.
public struct Mailbox: Sendable, Hashable {
    /// The number in the base.
    public var id: MailboxID
    /// The kind.
    public var kind: MailboxKind
    /// The address: never changed, a new address is a new mailbox.
    public var address: DirectoryMailAddress
    /// The responsible: the holder of a personal mailbox (§2.4.3).
    public var responsible: PersonID
    /// The co-holders of an organisational mailbox.
    public var coHolders: [PersonID] = []
    /// The delegations.
    public var delegations: [Delegation] = []
    /// The structure it is attached to.
    public var structure: StructureIdentifier?
    /// True when several geographic entities share it, which lets a juridical FINESS stand (EX_PBA_5011).
    public var isShared = false
    /// The service, for the directory.
    public var service = ""
    /// The description, for the directory.
    public var summary = ""
    /// The telephone number, for the directory.
    public var phone = ""
    /// True when the user asked for liste rouge; never by default (EX_PBA_5040).
    public var isUnlistedByChoice = false
    /// Octets allowed; `nil` for no quota.
    public var quota: Int64?
    /// Octets in use when last measured.
    public var used: Int64 = 0
    /// The state.
    public var state = State.active
    /// The creation.
    public var createdAt: Timestamp
    /// Since when its users can connect: the creation, or the end of the last suspension.
    public var usableSince: Timestamp
    /// The last connection of an end user, or of the application.
    public var lastConnection: Timestamp?
    /// The automatic reply, while there is one.
    public var automaticReply: AutomaticReply?
    /// Where messages are forwarded to (EX_GBM_4480).
    public var forwarding: DirectoryMailAddress?
    /// Days after which sent messages are purged (EX_GBP_3050).
    public var purgesSentAfterDays: Int?
    /// True for a test mailbox (§5.1.2).
    public var isTest = false
    /// True for the automatic-reply mailbox of its domain (§5.1.3).
    public var isAutomaticReply = false
    /// What the life cycle has done to it.
    public var marks = LifecycleMarks()

    /// A mailbox; set the other properties where they differ from the ordinary.
    public init(
        id: MailboxID, kind: MailboxKind, address: DirectoryMailAddress, responsible: PersonID, createdAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.address = address
        self.responsible = responsible
        self.createdAt = createdAt
        usableSince = createdAt
    }

    /// The states of §5.1.4 that are facts and not measures.
    public enum State: Sendable, Hashable {
        /// Usable.
        case active
        /// Kept, without access and without mail, for this reason (RE_GBM_4420).
        case suspended(reason: String, since: Timestamp)
        /// Gone: what remains is who had which address when.
        case deleted(at: Timestamp)
    }

    /// True unless deleted.
    public var exists: Bool { if case .deleted = state { false } else { true } }
}

/// The access of a delegate (§5.4.2).
public struct Delegation: Sendable, Hashable {
    /// Who may use the mailbox.
    public var delegate: PersonID
    /// On whose behalf: the responsible or a co-holder.
    public var principal: PersonID
    /// From when.
    public var from: Timestamp
    /// Until when; `nil` until removed.
    public var until: Timestamp?
    /// May read.
    public var mayRead: Bool
    /// May send.
    public var maySend: Bool

    /// A delegation.
    public init(
        delegate: PersonID, principal: PersonID, from: Timestamp, until: Timestamp? = nil, mayRead: Bool = true,
        maySend: Bool = true
    ) {
        self.delegate = delegate
        self.principal = principal
        self.from = from
        self.until = until
        self.mayRead = mayRead
        self.maySend = maySend
    }

    /// True when it allows nothing, at no time, that the other does not.
    func isWithin(_ other: Delegation) -> Bool {
        let ends = other.until.map { end in until.map { $0 <= end } ?? false } ?? true
        return (!mayRead || other.mayRead) && (!maySend || other.maySend) && from >= other.from && ends
    }

    /// True during the period.
    public func isInForce(at time: Timestamp) -> Bool { from <= time && until.map { time < $0 } ?? true }
}

/// An automatic reply (EX_GBM_4471).
public struct AutomaticReply: Sendable, Hashable {
    /// The text.
    public var text: String
    /// From when.
    public var from: Timestamp
    /// Until when; `nil` until removed.
    public var until: Timestamp?

    /// A reply.
    public init(text: String, from: Timestamp, until: Timestamp? = nil) {
        self.text = text
        self.from = from
        self.until = until
    }
}

/// What the life cycle has done to a mailbox. Days are counted since 1970-01-01.
public struct LifecycleMarks: Sendable, Hashable {
    /// The day the users were warned of the unpublication.
    public var unpublicationWarning: Int32?
    /// The day it was unpublished for inactivity.
    public var unpublished: Int32?
    /// The day the users were warned of the deletion.
    public var deletionWarning: Int32?
    /// The quota level that the users were told, in hundredths.
    public var quotaLevel: Int32 = 0
    /// The day they were told.
    public var quotaNotice: Int32?
    /// The last day of a purge.
    public var purged: Int32?

    /// Nothing yet.
    public init() {}

    /// True when no day lies after a time.
    func all(notAfter time: Timestamp) -> Bool {
        [unpublicationWarning, unpublished, deletionWarning, quotaNotice, purged].allSatisfy { day in
            day.map { Int64($0) * 86_400 <= time.seconds } ?? true
        }
    }
}

/// An address that is kept from others for a time after its mailbox was deleted (RE_GBM_4330).
public struct AddressReservation: Sendable, Hashable {
    /// The address.
    public var address: DirectoryMailAddress
    /// The last responsible, who may have it back.
    public var formerHolder: PersonID
    /// Until when.
    public var until: Timestamp

    /// A reservation.
    public init(address: DirectoryMailAddress, formerHolder: PersonID, until: Timestamp) {
        self.address = address
        self.formerHolder = formerHolder
        self.until = until
    }
}

/// A professional's request to have a personal mailbox deleted after leaving (EX_GBM_6021, 1.7 draft).
public struct DeletionRequest: Sendable, Hashable {
    /// The mailbox.
    public var mailbox: MailboxID
    /// Who asked.
    public var person: PersonID
    /// When.
    public var at: Timestamp
    /// When it was done; `nil` while it waits.
    public var doneAt: Timestamp?

    /// A request.
    public init(mailbox: MailboxID, person: PersonID, at: Timestamp, doneAt: Timestamp? = nil) {
        self.mailbox = mailbox
        self.person = person
        self.at = at
        self.doneAt = doneAt
    }
}
