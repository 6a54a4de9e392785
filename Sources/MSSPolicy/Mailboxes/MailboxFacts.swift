public import MSSCore

/// What the rules on kinds, attachments and publication need to know of a mailbox.
public struct MailboxFacts: Sendable, Hashable {
    /// The address.
    public var address: DirectoryMailAddress
    /// The kind.
    public var kind: MailboxKind
    /// The responsible: the holder of a personal mailbox.
    public var responsible: Responsible
    /// How many co-holders it has, the responsible not counted.
    public var coHolderCount = 0
    /// True when every co-holder is entitled by law to exchange health data.
    public var areCoHoldersEntitled = true
    /// How many delegations it has.
    public var delegateCount = 0
    /// The structure it is attached to.
    public var structure: StructureFacts?
    /// The description for the directory.
    public var description = ""
    /// The service for the directory.
    public var service = ""
    /// The telephone number for the directory.
    public var phone = ""
    /// Its state (§5.1.4).
    public var state = State.active
    /// True when the user asked for liste rouge (EX_PBA_5040).
    public var isUnlistedByChoice = false
    /// True when the operator unpublished it for inactivity (EX_GBM_4440).
    public var isUnlistedByInactivity = false
    /// True for a test mailbox.
    public var isTest = false
    /// True when the address spreads to several mailboxes (EX_PBA_5030).
    public var isDistributionList = false
    /// False once the domain was taken off the whitelist: then all its mailboxes leave the directory (EX_PBA_5010).
    public var isDomainListed = true
    /// True while the mailbox is being created: what only new mailboxes must do applies.
    public var isNew = false

    /// Facts; set the other properties where they differ from the ordinary.
    public init(address: DirectoryMailAddress, kind: MailboxKind, responsible: Responsible) {
        self.address = address
        self.kind = kind
        self.responsible = responsible
    }

    /// The states of a mailbox in the operator's base.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Usable.
        case active
        /// Kept, without access and without mail (§5.5).
        case suspended
        /// Gone.
        case deleted
    }

    /// The person responsible for a mailbox (§2.4.3).
    public struct Responsible: Sendable, Hashable {
        /// The national identifier, or the mailbox's address for who has none (type 10).
        public var identifier: PersonIdentifier?
        /// True when the person has an RPPS or ADELI number, known to the operator.
        public var hasNationalIdentifier: Bool
        /// True when identified by the directory or by a local identity provider.
        public var isIdentified: Bool
        /// True when entitled by law to exchange health data (R. 1110-2 CSP).
        public var isEntitled: Bool
        /// True when the person is the structure's legal representative or acts in its name.
        public var actsForStructure: Bool
        /// True when the person works in a health or social structure (EX_PBA_5220).
        public var worksInStructure: Bool

        /// A responsible.
        public init(
            identifier: PersonIdentifier?, hasNationalIdentifier: Bool, isIdentified: Bool = true,
            isEntitled: Bool = true,
            actsForStructure: Bool = false, worksInStructure: Bool = false
        ) {
            self.identifier = identifier
            self.hasNationalIdentifier = hasNationalIdentifier
            self.isIdentified = isIdentified
            self.isEntitled = isEntitled
            self.actsForStructure = actsForStructure
            self.worksInStructure = worksInStructure
        }
    }

    /// The structure that a mailbox is attached to.
    public struct StructureFacts: Sendable, Hashable {
        /// The identifier that is given to the directory.
        public var identifier: StructureIdentifier
        /// What a FINESS identifier designates.
        public var entity: FINESS.Entity?
        /// True when the structure is registered in FINESS, whatever identifier is given.
        public var hasFINESS: Bool
        /// True when several geographic entities share the mailbox (EX_PBA_5011).
        public var isShared: Bool

        /// A structure.
        public init(
            identifier: StructureIdentifier, entity: FINESS.Entity? = nil, hasFINESS: Bool = false,
            isShared: Bool = false
        ) {
            self.identifier = identifier
            self.entity = entity
            self.hasFINESS = hasFINESS
            self.isShared = isShared
        }

        var isFINESS: Bool { if case .finess = identifier { true } else { false } }
    }
}
