public import MSSCore

/// The inventory of personal mailboxes under an identifier of type 10 that the 1.7 draft asks for (EX_GBM_4312).
public struct TypeTenInventory: Sendable, Hashable {
    /// What must become of a mailbox.
    public enum Outcome: Sendable, Hashable {
        /// The holder has this RPPS number: the mailbox moves to it.
        case migrate(to: RPPS)
        /// No RPPS number is known: the holder is on the list for the ANS.
        case report
    }

    /// One mailbox of type 10.
    public struct Entry: Sendable, Hashable {
        /// The address.
        public let address: DirectoryMailAddress
        /// What must become of it.
        public let outcome: Outcome
    }

    /// The mailboxes, in the order given.
    public let entries: [Entry]

    /// Takes stock.
    ///
    /// - Parameter rpps: the RPPS number of the holder of a mailbox, `nil` when none is known.
    public init(_ mailboxes: some Sequence<MailboxFacts>, rpps: (MailboxFacts) throws -> RPPS?) rethrows {
        entries = try mailboxes.compactMap { facts in
            guard facts.kind == .person, facts.state != .deleted, case .mailbox = facts.responsible.identifier else {
                return nil
            }
            return Entry(address: facts.address, outcome: try rpps(facts).map { .migrate(to: $0) } ?? .report)
        }
    }
}
