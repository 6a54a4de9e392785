public import MSSCore

/// The accounts in memory, for decisions at the pace of sessions: a base is read once, then only what changed.
///
/// It answers from the state of its last ``refresh()``. ``Accounts/perform(_:by:)`` does not refresh it: the server does,
/// after its own operations and at an interval for those of other processes (Decision 0133).
public final class RightsIndex: Sendable {
    private struct State {
        var revision: Int64 = 0
        var mailboxes: [MailboxID: Mailbox] = [:]
        var addresses: [String: MailboxID] = [:]
        var persons: [PersonID: Person] = [:]
        var identities: [PersonIdentity: PersonID] = [:]
    }

    private let repository: any AccountRepository
    /// Who may do what.
    public let rights: RightsRules
    private let state: Guarded<State>

    /// An index, filled from a base.
    public init(_ repository: any AccountRepository, rights: RightsRules = RightsRules()) async throws {
        self.repository = repository
        self.rights = rights
        state = Guarded(State())
        try await refresh()
    }

    /// Takes over what changed since the last time.
    ///
    /// - Returns: how many persons and mailboxes were taken over.
    @discardableResult
    public func refresh() async throws -> Int {
        let known = state.withLock { $0.revision }
        let (revision, persons, mailboxes) = try await repository.read { reader in
            let revision = try reader.revision()
            guard revision != known else { return (revision, [Person](), [Mailbox]()) }
            return (revision, try reader.persons(changedAfter: known), try reader.mailboxes(changedAfter: known))
        }
        state.withLock { state in
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

    /// The mailbox at an address.
    public func mailbox(at address: DirectoryMailAddress) -> Mailbox? {
        state.withLock { state in state.addresses[address.key].flatMap { state.mailboxes[$0] } }
    }

    /// Decides whether an actor may do something to the mailbox at an address.
    public func decide(
        _ actor: Actor, _ action: MailboxAction, at address: DirectoryMailAddress, time: Timestamp
    ) -> AccessDecision {
        state.withLock { state in
            guard let id = state.addresses[address.key], let mailbox = state.mailboxes[id] else {
                return .denied(.unknownMailbox)
            }
            return rights.decide(actor, action, on: mailbox, at: time) { state.persons[$0] }
        }
    }
}
