import MSSAccounts
import MSSConnector
import MSSCore
import MSSIMAP
import MSSStore

/// The mail store's mailboxes as grants name them. One that has not had a message yet is made when it is first opened.
struct StoredMailboxes: MailboxBackend {
    private let store: MailStore
    private let clock: any WallClock
    private let backend: MailStoreBackend

    init(_ store: MailStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
        backend = MailStoreBackend(store) { identity in
            // The number in the accounts' base, as the connector's deliveries have it.
            guard let grant = identity.grant as? AccessGrant else {
                throw IMAPRefusal.authenticationFailed(cause: "no grant")
            }
            return MailboxName("\(grant.mailbox.id.rawValue)")
        }
    }

    func open(_ identity: IMAPIdentity, _ facts: IMAPSessionFacts) async throws -> any MailboxAccount {
        if let grant = identity.grant as? AccessGrant {
            let name = MailboxName("\(grant.mailbox.id.rawValue)")
            if try await store.status(name) == nil {
                do { try await store.create(name, at: clock.now()) } catch StoreError.mailboxExists {}
            }
        }
        return try await backend.open(identity, facts)
    }
}
