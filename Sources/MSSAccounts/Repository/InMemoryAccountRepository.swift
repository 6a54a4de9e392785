import MSSCore

/// Accounts in memory: for tests, and for an operator whose base is elsewhere. It behaves as the SQLite one does.
public final class InMemoryAccountRepository: AccountRepository {
    private let base = Guarded(MemoryBase())

    /// An empty base.
    public init() {}

    /// Reads.
    public func read<Result: Sendable>(
        _ body: @Sendable (any AccountReader) throws -> Result
    ) async throws -> Result {
        try base.withLock { base in
            let session = MemorySession(base)
            return try body(session)
        }
    }

    /// Writes; a body that throws leaves everything as it was.
    public func write<Result: Sendable>(
        _ body: @Sendable (any AccountWriter) throws -> Result
    ) async throws -> Result {
        try base.withLock { base in
            // The session owns the only copy while it writes, so that nothing is copied; what it replaced it remembers.
            let session = MemorySession(base)
            base = MemoryBase()
            defer { base = session.base }
            do {
                let result = try body(session)
                try session.commit()
                return result
            } catch {
                session.rollBack()
                throw error
            }
        }
    }
}

/// The tables.
struct MemoryBase {
    var structures: [StructureIdentifier: Structure] = [:]
    var persons: [Int64: Person] = [:]
    var identities: [PersonIdentity: PersonID] = [:]
    var mailboxes: [Int64: Mailbox] = [:]
    var addresses: [String: MailboxID] = [:]
    var reservations: [String: AddressReservation] = [:]
    var acceptances: [PersonID: [TermsAcceptance]] = [:]
    var requests: [MailboxID: DeletionRequest] = [:]
    var changes: [Int64: AccountChange] = [:]
    var personRevisions: [PersonID: Int64] = [:]
    var mailboxRevisions: [MailboxID: Int64] = [:]
    var revision: Int64 = 0
    var lastPerson: Int64 = 0
    var lastMailbox: Int64 = 0
    var lastChange: Int64 = 0
    var information: [Int64: AccessInformation] = [:]
    var lastInformation: Int64 = 0
    var told: [Told: Timestamp] = [:]
    var latestTime: Timestamp?

    /// Who was told of what.
    struct Told: Hashable {
        var person: PersonID
        var mailbox: MailboxID
        var terms: String
    }
}

/// One read or write. Confined to the body it was made for, which runs under the lock.
final class MemorySession: AccountWriter {
    var base: MemoryBase
    private var undo: [(inout MemoryBase) -> Void] = []

    init(_ base: MemoryBase) { self.base = base }

    private func set<Key: Hashable, Value>(
        _ table: WritableKeyPath<MemoryBase, [Key: Value]>, _ key: Key, _ value: Value?
    ) {
        let old = base[keyPath: table][key]
        undo.append { $0[keyPath: table][key] = old }
        base[keyPath: table][key] = value
    }

    private func set<Value>(_ field: WritableKeyPath<MemoryBase, Value>, _ value: Value) {
        let old = base[keyPath: field]
        undo.append { $0[keyPath: field] = old }
        base[keyPath: field] = value
    }

    func rollBack() {
        for step in undo.reversed() { step(&base) }
        undo = []
    }

    func commit() throws { if !undo.isEmpty { base.revision += 1 } }

    // MARK: Reading

    func structure(_ identifier: StructureIdentifier) -> Structure? { base.structures[identifier] }
    func person(_ id: PersonID) -> Person? { base.persons[id.rawValue] }
    func person(known identity: PersonIdentity) -> Person? {
        base.identities[identity].flatMap { base.persons[$0.rawValue] }
    }
    func mailbox(_ id: MailboxID) -> Mailbox? { base.mailboxes[id.rawValue] }
    func mailbox(at address: DirectoryMailAddress) -> Mailbox? {
        base.addresses[address.key].flatMap { base.mailboxes[$0.rawValue] }
    }

    func mailboxes(of person: PersonID) -> [MailboxID] {
        base.mailboxes.values.filter { mailbox in
            mailbox.exists
                && (mailbox.responsible == person || mailbox.coHolders.contains(person)
                    || mailbox.delegations.contains { $0.delegate == person })
        }.map(\.id).sorted()
    }

    func testMailboxCount() -> Int {
        base.mailboxes.values.count { $0.exists && $0.isTest && !$0.isAutomaticReply }
    }

    func structures() -> [Structure] { base.structures.values.sorted { $0.identifier.text < $1.identifier.text } }

    func persons(after id: PersonID, limit: Int) -> [Person] {
        page(base.lastPerson, after: id.rawValue, limit: limit) { base.persons[$0] }
    }

    func mailboxes(after id: MailboxID, limit: Int) -> [Mailbox] {
        page(base.lastMailbox, after: id.rawValue, limit: limit) { base.mailboxes[$0] }
    }

    /// Numbers are dense: walking them is cheaper than sorting the keys of every page.
    private func page<Value>(_ last: Int64, after: Int64, limit: Int, _ find: (Int64) -> Value?) -> [Value] {
        var values: [Value] = []
        var number = max(0, after)
        while number < last, values.count < limit {
            number += 1
            if let value = find(number) { values.append(value) }
        }
        return values
    }

    func reservation(of address: DirectoryMailAddress) -> AddressReservation? { base.reservations[address.key] }
    func acceptances(by person: PersonID) -> [TermsAcceptance] { base.acceptances[person] ?? [] }
    func pendingDeletionRequests() -> [DeletionRequest] {
        base.requests.values.filter { $0.doneAt == nil }.sorted { ($0.at, $0.mailbox) < ($1.at, $1.mailbox) }
    }
    func revision() -> Int64 { base.revision }
    func persons(changedAfter revision: Int64) -> [Person] {
        base.personRevisions.filter { $0.value > revision }.keys.sorted().compactMap { base.persons[$0.rawValue] }
    }
    func mailboxes(changedAfter revision: Int64) -> [Mailbox] {
        base.mailboxRevisions.filter { $0.value > revision }.keys.sorted().compactMap { base.mailboxes[$0.rawValue] }
    }
    func pendingChanges(limit: Int) -> [AccountChange] {
        base.changes.keys.sorted().prefix(limit).compactMap { base.changes[$0] }
    }

    func pendingInformation(after number: Int64, limit: Int) -> [AccessInformation] {
        base.information.keys.filter { $0 > number }.sorted().prefix(max(0, limit)).compactMap { base.information[$0] }
    }

    func wasTold(_ person: PersonID, of mailbox: MailboxID, under terms: String) -> Bool {
        base.told[MemoryBase.Told(person: person, mailbox: mailbox, terms: terms)] != nil
    }

    func reservations() -> [AddressReservation] { base.reservations.sorted { $0.key < $1.key }.map(\.value) }
    func latestTime() -> Timestamp? { base.latestTime }

    // MARK: Writing

    func nextMailboxID() -> MailboxID {
        set(\.lastMailbox, base.lastMailbox + 1)
        return MailboxID(base.lastMailbox)
    }

    func nextPersonID() -> PersonID {
        set(\.lastPerson, base.lastPerson + 1)
        return PersonID(base.lastPerson)
    }

    func save(_ structure: Structure) throws {
        if let parent = structure.parent, parent != structure.identifier, base.structures[parent] == nil {
            throw AccountStoreError.danglingReference
        }
        set(\.structures, structure.identifier, structure)
    }

    func save(_ person: Person) throws {
        if let other = base.identities[person.identity], other != person.id { throw AccountStoreError.identityTaken }
        for structure in person.structures + person.managedStructures where base.structures[structure] == nil {
            throw AccountStoreError.danglingReference
        }
        if let old = base.persons[person.id.rawValue], old.identity != person.identity {
            set(\.identities, old.identity, nil)
        }
        set(\.identities, person.identity, person.id)
        set(\.persons, person.id.rawValue, person)
        set(\.personRevisions, person.id, base.revision + 1)
        if person.id.rawValue > base.lastPerson { set(\.lastPerson, person.id.rawValue) }
    }

    func save(_ mailbox: Mailbox) throws {
        if mailbox.exists, let other = base.addresses[mailbox.address.key], other != mailbox.id {
            throw AccountStoreError.addressTaken
        }
        let persons =
            [mailbox.responsible] + mailbox.coHolders + mailbox.delegations.flatMap { [$0.delegate, $0.principal] }
        guard persons.allSatisfy({ base.persons[$0.rawValue] != nil }),
            mailbox.structure.map({ base.structures[$0] != nil }) ?? true
        else { throw AccountStoreError.danglingReference }
        if mailbox.exists {
            set(\.addresses, mailbox.address.key, mailbox.id)
        } else if base.addresses[mailbox.address.key] == mailbox.id {
            set(\.addresses, mailbox.address.key, nil)
        }
        set(\.mailboxes, mailbox.id.rawValue, mailbox)
        set(\.mailboxRevisions, mailbox.id, base.revision + 1)
        if mailbox.id.rawValue > base.lastMailbox { set(\.lastMailbox, mailbox.id.rawValue) }
    }

    func save(_ reservation: AddressReservation) throws {
        guard base.persons[reservation.formerHolder.rawValue] != nil else { throw AccountStoreError.danglingReference }
        set(\.reservations, reservation.address.key, reservation)
    }

    func removeReservation(of address: DirectoryMailAddress) { set(\.reservations, address.key, nil) }

    func append(_ acceptance: TermsAcceptance, by person: PersonID) throws {
        guard base.persons[person.rawValue] != nil else { throw AccountStoreError.danglingReference }
        set(\.acceptances, person, (base.acceptances[person] ?? []) + [acceptance])
    }

    func save(_ request: DeletionRequest) throws {
        guard base.mailboxes[request.mailbox.rawValue] != nil, base.persons[request.person.rawValue] != nil else {
            throw AccountStoreError.danglingReference
        }
        set(\.requests, request.mailbox, request)
    }

    func append(_ change: AccountChange) {
        set(\.lastChange, base.lastChange + 1)
        var change = change
        change.number = base.lastChange
        set(\.changes, change.number, change)
    }

    func append(_ information: AccessInformation) {
        set(\.lastInformation, base.lastInformation + 1)
        var information = information
        information.number = base.lastInformation
        set(\.information, information.number, information)
    }

    func removeInformation(_ number: Int64) { set(\.information, number, nil) }

    func noteTold(_ person: PersonID, of mailbox: MailboxID, under terms: String, at time: Timestamp) throws {
        guard base.persons[person.rawValue] != nil, base.mailboxes[mailbox.rawValue] != nil else {
            throw AccountStoreError.danglingReference
        }
        set(\.told, MemoryBase.Told(person: person, mailbox: mailbox, terms: terms), time)
    }

    func save(latestTime: Timestamp) { set(\.latestTime, latestTime) }

    func removeChanges(through number: Int64) {
        for key in base.changes.keys where key <= number { set(\.changes, key, nil) }
    }
}
