public import MSSCore

/// What the naming rules need to know of a mailbox about to be created or renamed.
public struct NamingFacts: Sendable, Hashable {
    /// The address asked for, as written.
    public var address: String
    /// The kind of mailbox.
    public var kind: MailboxKind
    /// True for a test mailbox (§5.1.2).
    public var isTest = false
    /// The holder of a personal mailbox.
    public var holder: PersonName?
    /// The natural persons of the operator that a shared or test mailbox could be named after: its responsible, its
    /// co-holders, the users of the structure.
    public var persons: [PersonName] = []
    /// The name of the structure, whose words are no personal data even when they are a person's (`Institut Pasteur`).
    public var structureName: String?
    /// The description and the service, read under the same rule as the address (EX_GBM_4310).
    public var descriptions: [String] = []
    /// True when another person of the domain already has `prenom.nom`.
    public var hasHomonym = false
    /// True for a mailbox opened before the operator conformed to version 1.6: EX_GBM_4311 does not reach it.
    public var isOlderThanVersion1_6 = false

    /// Facts; set the other properties where they differ from the ordinary.
    public init(address: String, kind: MailboxKind) {
        self.address = address
        self.kind = kind
    }

    var localPart: Substring { address.prefix(upTo: address.lastIndex(of: "@") ?? address.endIndex) }
}
