public import MSSAccounts
public import MSSCore

/// What the mail flow asks of the accounts, at the pace of sessions.
///
/// `RightsIndex` answers from memory. A hospital whose accounts live in a directory of its own answers from there; the
/// jobs and commands that change accounts go through `Accounts`.
public protocol AccountDirectory: Sendable {
    /// The mailbox at an address now; `nil` when there is none, deleted ones included.
    func mailbox(at address: DirectoryMailAddress) async throws -> MSSAccounts.Mailbox?

    /// Decides whether an actor may do something to the mailbox at an address.
    func decide(
        _ actor: Actor, _ action: MailboxAction, at address: DirectoryMailAddress, time: Timestamp
    ) async throws -> AccessDecision

    /// The person whom an authentication names; `nil` when she is none of the operator's users.
    func person(known identity: PersonIdentity) async throws -> PersonID?

    /// By what a person is known: for traces.
    func identity(of person: PersonID) async throws -> PersonIdentity?

    /// Takes over what changed; called after changes of the connector's own. What other processes change a directory takes
    /// over by itself: `RightsIndex` with a `Freshness` (decision 0148).
    func refresh() async throws
}

extension AccountDirectory {
    /// Does nothing: for directories that answer from the source itself.
    public func refresh() async throws {}
}

/// `RightsIndex` as a directory.
public struct IndexedAccounts: AccountDirectory {
    private let index: RightsIndex

    /// A directory over an index.
    public init(_ index: RightsIndex) { self.index = index }

    /// The mailbox at an address.
    public func mailbox(at address: DirectoryMailAddress) async throws -> MSSAccounts.Mailbox? {
        index.mailbox(at: address)
    }

    /// Decides whether an actor may do something.
    public func decide(
        _ actor: Actor, _ action: MailboxAction, at address: DirectoryMailAddress, time: Timestamp
    ) async throws -> AccessDecision {
        index.decide(actor, action, at: address, time: time)
    }

    /// The person whom an authentication names.
    public func person(known identity: PersonIdentity) async throws -> PersonID? { index.person(known: identity) }

    /// By what a person is known.
    public func identity(of person: PersonID) async throws -> PersonIdentity? { index.person(person)?.identity }

    /// Takes over what changed in the base.
    public func refresh() async throws { try await index.refresh() }
}
