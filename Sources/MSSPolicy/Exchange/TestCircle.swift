public import MSSCore

/// The closed circle of test mailboxes (EX_GBM_4010).
public struct ExchangeFacts: Sendable, Hashable {
    /// One end of an exchange.
    public struct Party: Sendable, Hashable {
        /// The address.
        public var address: MailAddress
        /// Whether it is a test mailbox; `nil` for another operator's, told by its name (EX_GBM_4000).
        public var isKnownTest: Bool?

        /// A party.
        public init(_ address: MailAddress, isKnownTest: Bool? = nil) {
            self.address = address
            self.isKnownTest = isKnownTest
        }

        var isTest: Bool { isKnownTest ?? TestMailbox.isNamed(address.localPart) }
    }

    /// The sender.
    public var sender: Party
    /// The recipient.
    public var recipient: Party

    /// An exchange.
    public init(sender: Party, recipient: Party) {
        self.sender = sender
        self.recipient = recipient
    }

    /// The rules on who may write to whom.
    public static let rules = [
        PolicyRule<ExchangeFacts>(
            "EX_GBM_4010",
            statement: "Les boîtes aux lettres de test n'échangent qu'avec des boîtes aux lettres de test."
        ) { facts, context in
            // The trust space of tests holds nothing but tests.
            guard context.trustSpace == .production else { return nil }
            return switch (facts.sender.isTest, facts.recipient.isTest) {
            case (true, false): "Une boîte aux lettres de test ne peut écrire qu'à une boîte aux lettres de test."
            case (false, true): "Cette boîte aux lettres de test ne reçoit que les messages d'autres boîtes de test."
            default: nil
            }
        }
    ]
}
