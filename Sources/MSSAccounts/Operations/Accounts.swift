public import MSSCore

/// The accounts of an operator: every change goes through ``perform(_:by:)``, which checks rights and rules, changes,
/// and leaves a trace with before and after.
///
/// The trace is kept by the transaction of the change itself and handed to the journal afterwards, again and again until
/// the journal has it: a crash between the two loses neither (Decision 0134).
public struct Accounts: Sendable {
    /// Where the accounts live.
    public let repository: any AccountRepository
    let rules: any AccountRules
    let journal: any AccountJournal
    let clock: any WallClock
    /// Who may do what.
    public let rights: RightsRules
    /// How long the address of a deleted mailbox is kept from others (RE_GBM_4330). The text leaves it to the operator.
    public let reservation: Duration

    /// The reservation by default: a year, as long as EX_GBM_6010 takes to call a mailbox forgotten.
    public static let defaultReservation = Duration.seconds(365 * 86_400)

    /// Accounts.
    public init(
        repository: any AccountRepository, rules: any AccountRules, journal: any AccountJournal,
        rights: RightsRules = RightsRules(), clock: any WallClock = SystemWallClock(),
        reservation: Duration = Accounts.defaultReservation
    ) {
        self.repository = repository
        self.rules = rules
        self.journal = journal
        self.rights = rights
        self.clock = clock
        self.reservation = reservation
    }

    /// What an operation did.
    public struct Outcome: Sendable, Hashable {
        /// The mailbox after it.
        public var mailbox: Mailbox?
        /// The person after it.
        public var person: Person?
        /// What the rules advise.
        public var advice: [AccountFinding] = []
    }

    /// Performs an operation, or refuses it whole. Both leave a trace (EX_GDT_5030, EX_GDT_5040).
    ///
    /// Throws ``AccessDenial``, ``AccountFinding``, ``AccountOperationError`` or ``AccountStoreError``. A journal that
    /// fails does not undo the operation: its trace waits in the base for ``deliverChanges()``.
    @discardableResult
    public func perform(_ operation: AccountOperation, by actor: Actor) async throws -> Outcome {
        let now = clock.now()
        let outcome: Outcome
        do {
            outcome = try await repository.write { writer in
                let outcome = try Performance(accounts: self, actor: actor, now: now, writer: writer).run(operation)
                return outcome
            }
        } catch let refusal as any ExplainedFailure {
            if !(refusal is AccountStoreError) || (refusal as? AccountStoreError) == .addressTaken {
                try await repository.write { writer in
                    try writer.append(
                        AccountChange(
                            at: now, actor: actor.text, operation: operation.name, mailbox: operation.mailbox,
                            outcome: .refused(refusal.requirement, refusal.explanation)))
                }
                _ = try? await deliverChanges()
            }
            throw refusal
        }
        _ = try? await deliverChanges()
        return outcome
    }

    /// Decides whether an actor may do something to the mailbox at an address, from the base itself. For many decisions
    /// a second see ``RightsIndex``.
    public func decide(_ actor: Actor, _ action: MailboxAction, at address: DirectoryMailAddress) async throws
        -> AccessDecision
    {
        let (rights, now) = (rights, clock.now())
        return try await repository.read { reader in
            guard let mailbox = try reader.mailbox(at: address) else { return .denied(.unknownMailbox) }
            return try rights.decide(actor, action, on: mailbox, at: now) { try reader.person($0) }
        }
    }

    /// Hands the traces that wait to the journal, oldest first.
    ///
    /// - Returns: how many were handed over.
    @discardableResult
    public func deliverChanges() async throws -> Int {
        var count = 0
        while true {
            let changes = try await repository.read { try $0.pendingChanges(limit: 1_000) }
            guard let last = changes.last else { return count }
            try await journal.record(changes)
            try await repository.write { try $0.removeChanges(through: last.number) }
            count += changes.count
        }
    }
}
