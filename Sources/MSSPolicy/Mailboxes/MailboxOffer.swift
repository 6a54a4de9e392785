public import MSSCore

/// The kinds of mailbox that an operator offers, and how many test mailboxes it has.
public struct MailboxOffer: Sendable, Hashable {
    /// The kinds offered.
    public var kinds: Set<MailboxKind>
    /// The test mailboxes that are not deleted, automatic-reply mailboxes apart.
    public var testMailboxCount: Int

    /// An offer.
    public init(kinds: Set<MailboxKind>, testMailboxCount: Int = 0) {
        self.kinds = kinds
        self.testMailboxCount = testMailboxCount
    }

    /// The rules on the offer.
    public static let rules = [
        PolicyRule<MailboxOffer>(
            "EX_GBM_3010", statement: "L'opérateur propose des boîtes personnelles, organisationnelles ou les deux."
        ) { offer, _ in
            // A structure without FINESS gets the same organisational mailbox, published as CAB.
            offer.kinds.isDisjoint(with: [.person, .organization, .practice])
                ? "L'offre doit comprendre des boîtes personnelles ou des boîtes organisationnelles." : nil
        },
        PolicyRule<MailboxOffer>(
            "EX_GBM_4010", statement: "L'opérateur a au plus 25 boîtes aux lettres de test en production."
        ) { offer, context in
            context.trustSpace == .production && offer.testMailboxCount > TestMailbox.maximumInProduction
                ? "L'espace de confiance de production n'admet que \(TestMailbox.maximumInProduction) boîtes de test"
                    + " par opérateur." : nil
        },
    ]
}
