public import MSSCore

/// Where the accounts live.
///
/// A write is one transaction: all that its body saves is kept, or nothing is when it throws. Bodies may not keep the
/// reader or writer beyond their end.
public protocol AccountRepository: Sendable {
    /// Reads one state of the base: no write of another becomes visible halfway.
    func read<Result: Sendable>(_ body: @Sendable (any AccountReader) throws -> Result) async throws -> Result
    /// Writes, alone.
    func write<Result: Sendable>(_ body: @Sendable (any AccountWriter) throws -> Result) async throws -> Result
}

/// What can be asked of the base.
public protocol AccountReader {
    /// A structure.
    func structure(_ identifier: StructureIdentifier) throws -> Structure?
    /// A person by number.
    func person(_ id: PersonID) throws -> Person?
    /// A person by identity.
    func person(known identity: PersonIdentity) throws -> Person?
    /// A mailbox by number, deleted ones included.
    func mailbox(_ id: MailboxID) throws -> Mailbox?
    /// The mailbox that has an address now.
    func mailbox(at address: DirectoryMailAddress) throws -> Mailbox?
    /// The mailboxes, not deleted, that a person has a role in (EX_GBM_4230), in order.
    func mailboxes(of person: PersonID) throws -> [MailboxID]
    /// The test mailboxes, not deleted, automatic-reply mailboxes apart.
    func testMailboxCount() throws -> Int
    /// The structures, in the order of their identifiers.
    func structures() throws -> [Structure]
    /// At most `limit` persons with numbers above `id`, in order.
    func persons(after id: PersonID, limit: Int) throws -> [Person]
    /// At most `limit` mailboxes with numbers above `id`, deleted ones included, in order.
    func mailboxes(after id: MailboxID, limit: Int) throws -> [Mailbox]
    /// The reservation of an address.
    func reservation(of address: DirectoryMailAddress) throws -> AddressReservation?
    /// Every acceptance of terms by a person, oldest first.
    func acceptances(by person: PersonID) throws -> [TermsAcceptance]
    /// The requests for deletion that wait, oldest first.
    func pendingDeletionRequests() throws -> [DeletionRequest]
    /// The number of the last write.
    func revision() throws -> Int64
    /// Persons saved by writes after a revision.
    func persons(changedAfter revision: Int64) throws -> [Person]
    /// Mailboxes saved by writes after a revision.
    func mailboxes(changedAfter revision: Int64) throws -> [Mailbox]
    /// At most `limit` changes that no journal has taken yet, oldest first.
    func pendingChanges(limit: Int) throws -> [AccountChange]
    /// At most `limit` informations numbered above `number` that no channel has taken yet, in order.
    func pendingInformation(after number: Int64, limit: Int) throws -> [AccessInformation]
    /// Whether a person was told, at her first use of a mailbox, what holds under these terms (EX_GDT_5020).
    func wasTold(_ person: PersonID, of mailbox: MailboxID, under terms: String) throws -> Bool
    /// The reservations of addresses, in the order of these.
    func reservations() throws -> [AddressReservation]
    /// What the clock said at the last operation.
    func latestTime() throws -> Timestamp?
}

/// What can be changed in the base.
public protocol AccountWriter: AccountReader {
    /// A number that no mailbox had.
    func nextMailboxID() throws -> MailboxID
    /// A number that no person had.
    func nextPersonID() throws -> PersonID
    /// Keeps a structure, new or changed.
    func save(_ structure: Structure) throws
    /// Keeps a person, new or changed.
    func save(_ person: Person) throws
    /// Keeps a mailbox, new or changed.
    func save(_ mailbox: Mailbox) throws
    /// Keeps an address from others.
    func save(_ reservation: AddressReservation) throws
    /// Lets an address go.
    func removeReservation(of address: DirectoryMailAddress) throws
    /// Keeps an acceptance of terms, beside ``Person/acceptedTerms``.
    func append(_ acceptance: TermsAcceptance, by person: PersonID) throws
    /// Keeps a request for deletion, new or done.
    func save(_ request: DeletionRequest) throws
    /// Keeps a change until the journal has taken it; its number is given here.
    func append(_ change: AccountChange) throws
    /// Drops the changes up to this number: the journal has them.
    func removeChanges(through number: Int64) throws
    /// Keeps an information until a channel has taken it; its number is given here.
    func append(_ information: AccessInformation) throws
    /// Drops an information: a channel has taken it.
    func removeInformation(_ number: Int64) throws
    /// Notes that a person is told, at her first use of a mailbox, what holds under these terms (EX_GDT_5020).
    func noteTold(_ person: PersonID, of mailbox: MailboxID, under terms: String, at time: Timestamp) throws
    /// Keeps what the clock says.
    func save(latestTime: Timestamp) throws
}

/// Why the base refuses or fails.
public enum AccountStoreError: Error, Sendable, Hashable {
    /// Two mailboxes would have one address.
    case addressTaken
    /// Two persons would have one identity.
    case identityTaken
    /// Something refers to what does not exist.
    case danglingReference
    /// The file is not a base of accounts.
    case foreignFile
    /// The file is a base, and damaged: restore it.
    case corrupt(String)
    /// A row cannot be read; the value names its table.
    case damagedRow(String)
    /// The base was written by a later version of this library.
    case tooNew
    /// No room: nothing of the write was kept.
    case full
    /// The user's share of the disk is used up (EDQUOT): nothing of the write was kept.
    case quotaExceeded
    /// A file of the base would outgrow what the process may write (EFBIG): nothing of the write was kept.
    case fileTooLarge
    /// Another process holds the base longer than allowed.
    case busy
    /// The file cannot be read or written.
    case unavailable(String)
}

extension AccountStoreError: ExplainedFailure {
    /// EX_GBM_4230.
    public var requirement: RequirementID? { "EX_GBM_4230" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .addressTaken: "Cette adresse est déjà attribuée."
        case .identityTaken: "Cette identité est déjà celle d'une autre personne."
        case .danglingReference: "Une personne, une structure ou une boîte désignée n'existe pas."
        case .foreignFile: "Ce fichier n'est pas une base de comptes."
        case .corrupt, .damagedRow: "La base des comptes est endommagée : restaurez une sauvegarde."
        case .tooNew: "La base des comptes vient d'une version plus récente du logiciel."
        case .full: "Le disque est plein : rien n'a été enregistré."
        case .quotaExceeded: "Le quota de disque du service est épuisé : rien n'a été enregistré."
        case .fileTooLarge: "La base des comptes a atteint la taille de fichier permise : rien n'a été enregistré."
        case .busy: "La base des comptes est occupée par un autre traitement."
        case .unavailable: "La base des comptes ne peut être ni lue ni écrite."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .addressTaken: "address taken"
        case .identityTaken: "identity taken"
        case .danglingReference: "dangling reference"
        case .foreignFile: "not a base of accounts"
        case .corrupt(let detail): "base of accounts corrupt: \(detail)"
        case .damagedRow(let table): "damaged row in \(table)"
        case .tooNew: "base of accounts from a later version"
        case .full: "no room for the base of accounts"
        case .quotaExceeded: "disk quota exceeded"
        case .fileTooLarge: "limit on file sizes reached"
        case .busy: "base of accounts busy"
        case .unavailable(let detail): "base of accounts unavailable: \(detail)"
        }
    }
}
