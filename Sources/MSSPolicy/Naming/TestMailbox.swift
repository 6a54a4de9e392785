public import MSSCore

/// Test mailboxes of the production trust space (§5.1.2 and §5.1.3).
public enum TestMailbox {
    /// Most test mailboxes an operator may have in production (§5.1.2). The automatic-reply mailboxes that EX_GBM_4020
    /// imposes, one a domain, are not counted (Decision 0131).
    public static let maximumInProduction = 25
    /// The local part of the automatic-reply mailbox of every domain (EX_GBM_4020).
    public static let automaticReplyLocalPart = "reponse.automatique-test"

    /// True when a local part says that its mailbox is a test mailbox (EX_GBM_4000): one of its words is `test`,
    /// digits apart.
    ///
    /// Of other operators' mailboxes nothing but the name is known, and a family name such as Testard must not open
    /// the circle of EX_GBM_4010 to health data: `test` counts only as a word of its own.
    public static func isNamed(_ localPart: some StringProtocol) -> Bool {
        NameFolding.words(localPart).contains { word in
            let letters = NameFolding.withoutDigits(word)
            return letters == "test" || letters == "tests"
        }
    }

    /// The automatic-reply mailbox of a domain (EX_GBM_4020).
    public static func automaticReplyAddress(of domain: Domain) -> DirectoryMailAddress? {
        try? DirectoryMailAddress("\(automaticReplyLocalPart)@\(domain.ascii)")
    }

    /// The domains that lack their automatic-reply mailbox (EX_GBM_4020).
    public static func domainsWithoutAutomaticReply(
        _ domains: [Domain], existing: Set<DirectoryMailAddress>
    ) -> [Domain] {
        domains.filter { domain in automaticReplyAddress(of: domain).map { !existing.contains($0) } ?? true }
    }
}
