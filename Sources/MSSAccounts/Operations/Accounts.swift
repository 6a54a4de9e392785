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
    let informer: (any AccountInformer)?
    /// Refreshed after every operation, so that what was changed here holds at once.
    public let index: RightsIndex?
    /// Changes leave the base once, however many operations end at the same time; so do informations.
    private let changesTurn = Turn()
    let informationTurn = Turn()
    /// Who may do what.
    public let rights: RightsRules
    /// What users are told at their first use; `nil` tells nothing.
    public let firstUse: FirstUseInformation?
    /// How long the address of a deleted mailbox is kept from others (RE_GBM_4330). The text leaves it to the operator.
    public let reservation: Duration

    /// The reservation by default: a year, as long as EX_GBM_6010 takes to call a mailbox forgotten.
    public static let defaultReservation = Duration.seconds(365 * 86_400)

    /// Accounts.
    ///
    /// - Parameters:
    ///   - informer: tells holders of new accesses (§2.4.3); without one the information waits in the base.
    ///   - firstUse: what users are told at their first use (EX_GDT_5020); `nil` where they are told otherwise.
    public init(
        repository: any AccountRepository, rules: any AccountRules, journal: any AccountJournal,
        informer: (any AccountInformer)? = nil, index: RightsIndex? = nil, rights: RightsRules = RightsRules(),
        firstUse: FirstUseInformation? = nil, clock: any WallClock = SystemWallClock(),
        reservation: Duration = Accounts.defaultReservation
    ) {
        self.repository = repository
        self.rules = rules
        self.journal = journal
        self.informer = informer
        self.index = index
        self.rights = rights
        self.firstUse = firstUse
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
        /// The holders who are told of an access that was opened (§2.4.3).
        public var informed: [PersonID] = []
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
                try rights.require(operation.duty, of: actor)
                if !operation.isBookkeeping { try Accounts.noteClock(now, writer) }
                return try Performance(accounts: self, actor: actor, now: now, writer: writer).run(operation)
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
        await handOver(informing: !outcome.informed.isEmpty)
        return outcome
    }

    /// What follows a change once it is kept: none of it may undo the change, all of it is tried again later.
    ///
    /// - Parameter informing: whether an access was opened: those who could not be reached before are tried again with it,
    ///   or by ``deliverInformation()``, not by every operation.
    func handOver(informing: Bool) async {
        _ = try? await index?.refresh()
        if informing, informer != nil { _ = try? await deliverInformation() }
        _ = try? await deliverChanges()
    }

    /// A clock that went back is a change of its own, with both times: nothing is refused, nothing goes unnoticed.
    static func noteClock(_ now: Timestamp, _ writer: any AccountWriter) throws {
        let latest = try writer.latestTime()
        if latest != now { try writer.save(latestTime: now) }
        // The base keeps nanoseconds; a clock corrected by less than a second is a clock that is kept right.
        guard let latest, latest - now >= .seconds(1) else { return }
        try writer.append(
            AccountChange(
                at: now, actor: Actor.system.text, operation: "clockWentBack",
                fields: [AccountChange.Field("clock", before: latest.xsdDateTime, after: now.xsdDateTime)]))
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
    public func deliverChanges() async throws -> Int { try await changesTurn.run { try await handChangesOver() } }

    private func handChangesOver() async throws -> Int {
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
