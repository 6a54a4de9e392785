public import MSSCore

/// A person who uses or manages mailboxes: the operator's list of authorised users (EX_GBM_4230, EX_SSI_5130).
public struct Person: Sendable, Hashable {
    /// The number in the base.
    public var id: PersonID
    /// By what the person is known and authenticated.
    public var identity: PersonIdentity
    /// The given name.
    public var givenName: String
    /// The family name.
    public var familyName: String
    /// True when entitled by law to exchange health data (R. 1110-2 CSP).
    public var isEntitled = false
    /// True when the legal representative of a structure or acting in its name (EX_GBM_4220).
    public var actsForStructure = false
    /// The professions, as codes of the directory.
    public var professions: [String] = []
    /// The structures where the person works.
    public var structures: [StructureIdentifier] = []
    /// The structures whose mailboxes the person manages (§2.4.3, « gestionnaire des BAL »): never reads them for that.
    public var managedStructures: [StructureIdentifier] = []
    /// Where the person wants to be warned, outside the trust space; as the notification channel reads it.
    public var contact: String?
    /// Whether the service is open to the person (EX_SSI_5130).
    public var isAuthorised = true
    /// The last review of the authorisation (EX_SSI_5130, 1.7 draft).
    public var reviewedAt: Timestamp?
    /// The last authentication (EX_GBM_6010).
    public var lastAuthentication: Timestamp?
    /// The terms accepted last (EX_DCU_5030).
    public var acceptedTerms: TermsAcceptance?

    /// A person; set the other properties where they differ from the ordinary.
    public init(id: PersonID, identity: PersonIdentity, givenName: String, familyName: String) {
        self.id = id
        self.identity = identity
        self.givenName = givenName
        self.familyName = familyName
    }
}

/// An acceptance of the terms of use (EX_DCU_5030).
public struct TermsAcceptance: Sendable, Hashable {
    /// The version of the terms.
    public var version: String
    /// When.
    public var at: Timestamp

    /// An acceptance.
    public init(version: String, at: Timestamp) {
        self.version = version
        self.at = at
    }
}

extension Person: CustomStringConvertible {
    /// The number alone: names stay out of logs.
    public var description: String { id.description }
}
