import MSSAccounts
import MSSCore
import MSSConnector
import MSSPolicy
import MSSWhitelist

/// Made-up names and values of the tests.
enum Samples {
    static let epoch = Timestamp(seconds: 1_770_000_000)

    static func domain(_ text: String) -> Domain { try! Domain(text) }  // a literal
    static func address(_ text: String) -> MailAddress { try! MailAddress(text) }
    static func directory(_ text: String) -> DirectoryMailAddress { try! DirectoryMailAddress(text) }

    static func name(_ commonName: String) -> DistinguishedName {
        DistinguishedName([
            .init(.countryName, "FR"), .init(.organizationName, "HOPITAL"), .init(.commonName, commonName),
        ])
    }

    static func whitelist(_ pairs: [(String, DistinguishedName)]) -> WhitelistSnapshot {
        WhitelistSnapshot(
            generated: epoch, entries: pairs.map { WhitelistEntry(domain: domain($0.0), certificateName: $0.1) })
    }

    static func rules(_ trustSpace: PolicyContext.TrustSpace = .production) -> ExchangeRules {
        ExchangeRules(
            domains: [domain("alpha.mssante.fr"), domain("alpha-bis.mssante.fr")],
            postmaster: directory("exploitation@alpha.mssante.fr"),
            context: PolicyContext(trustSpace: trustSpace))
    }

    static func mailbox(_ text: String, id: Int64 = 1) -> Mailbox {
        Mailbox(
            id: MailboxID(id), kind: .person, address: directory(text), responsible: PersonID(1), createdAt: epoch)
    }
}

/// No verified list is there.
struct NoWhitelist: Whitelist {
    func entries(for domain: Domain) -> WhitelistEntries { WhitelistEntries() }
    func entries(for certificateName: DistinguishedName) -> WhitelistEntries { WhitelistEntries() }
    func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision { .refused(.noList) }
}
