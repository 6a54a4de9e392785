public import MSSCore

/// The accounts in memory, for decisions at the pace of sessions: a base is read once, then only what changed.
///
/// It answers from the state of its last ``refresh()``. Given to ``Accounts``, it is refreshed after each of their
/// operations; with a ``Freshness`` it also takes over the changes of other processes by itself, and denies everything
/// once it could not do so for too long: a right withdrawn ends (Decision 0148).
public final class RightsIndex: Sendable {
    /// How an index keeps up with the base.
    public struct Freshness: Sendable, Hashable {
        /// How often it asks the base.
        public var interval: Duration
        /// How long it answers without having reached the base.
        public var limit: Duration

        /// A freshness.
        public init(interval: Duration = .seconds(1), limit: Duration = .seconds(60)) {
            self.interval = max(interval, .milliseconds(1))
            self.limit = limit
        }
    }

    private struct State {
        var refreshed = ContinuousClock.now
        var revision: Int64 = 0
        var mailboxes: [MailboxID: Mailbox] = [:]
        var addresses: [String: MailboxID] = [:]
        var persons: [PersonID: Person] = [:]
        var identities: [PersonIdentity: PersonID] = [:]
    }

    private let repository: any AccountRepository
    /// Who may do what.
    public let rights: RightsRules
    private let freshness: Freshness?
    private let state: Guarded<State>
    private let upkeep = Guarded<Task<Void, Never>?>(nil)

    /// An index, filled from a base.
    ///
    /// - Parameter freshness: how it keeps up by itself; `nil` when ``refresh()`` is called by others.
    public init(
        _ repository: any AccountRepository, rights: RightsRules = RightsRules(), freshness: Freshness? = nil
    ) async throws {
        self.repository = repository
        self.rights = rights
        self.freshness = freshness
        state = Guarded(State())
        try await refresh()
        guard let freshness else { return }
        let task = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: freshness.interval)
                guard let self else { return }
                // A base out of reach shows in the age of what is known.
                _ = try? await self.refresh()
            }
        }
        upkeep.withLock { $0 = task }
    }

    deinit { upkeep.withLock { $0?.cancel() } }

    /// Takes over what changed since the last time.
    ///
    /// - Returns: how many persons and mailboxes were taken over.
    @discardableResult
    public func refresh() async throws -> Int {
        let began = ContinuousClock.now
        let known = state.withLock { $0.revision }
        let (revision, persons, mailboxes) = try await repository.read { reader in
            let revision = try reader.revision()
            guard revision != known else { return (revision, [Person](), [Mailbox]()) }
            return (revision, try reader.persons(changedAfter: known), try reader.mailboxes(changedAfter: known))
        }
        state.withLock { state in
            state.refreshed = max(state.refreshed, began)
            // Of two refreshes at once the later state stays.
            guard revision > state.revision else { return }
            for person in persons {
                if let old = state.persons.updateValue(person, forKey: person.id), old.identity != person.identity {
                    state.identities[old.identity] = nil
                }
                state.identities[person.identity] = person.id
            }
            for mailbox in mailboxes {
                state.mailboxes[mailbox.id] = mailbox
                if mailbox.exists {
                    state.addresses[mailbox.address.key] = mailbox.id
                } else if state.addresses[mailbox.address.key] == mailbox.id {
                    state.addresses[mailbox.address.key] = nil
                }
            }
            state.revision = revision
        }
        return persons.count + mailboxes.count
    }

    /// The person whom an authentication names.
    public func person(known identity: PersonIdentity) -> PersonID? { state.withLock { $0.identities[identity] } }

    /// What is known of a person.
    public func person(_ id: PersonID) -> Person? { state.withLock { $0.persons[id] } }

    /// The mailbox at an address.
    public func mailbox(at address: DirectoryMailAddress) -> Mailbox? {
        state.withLock { state in state.addresses[address.key].flatMap { state.mailboxes[$0] } }
    }

    /// Decides whether an actor may do something to the mailbox at an address.
    public func decide(
        _ actor: Actor, _ action: MailboxAction, at address: DirectoryMailAddress, time: Timestamp
    ) -> AccessDecision {
        state.withLock { state in
            if let freshness, ContinuousClock.now - state.refreshed > freshness.limit { return .denied(.unverifiable) }
            guard let id = state.addresses[address.key], let mailbox = state.mailboxes[id] else {
                return .denied(.unknownMailbox)
            }
            return rights.decide(actor, action, on: mailbox, at: time) { state.persons[$0] }
        }
    }
}
