public import MSSCore

/// One `Domaine` element of the whitelist (Référentiel §6.6, table 43): a domain and a certificate that speaks for it.
public struct WhitelistEntry: Sendable, Hashable {
    /// `Nom`: the mail domain.
    public let domain: Domain
    /// `DNCertificatOperateur`: the subject of the certificate.
    public let certificateName: DistinguishedName
    /// `Description`, without surrounding white space.
    public let summary: String
    /// `ResponsableContact`; empty in published lists.
    public let responsibleContact: String
    /// `SupportContact`; empty in published lists.
    public let supportContact: String
    /// `DateMAJ`; `nil` when missing or unreadable, which a diagnostic tells.
    public let updated: Timestamp?

    /// An entry from its fields.
    public init(
        domain: Domain, certificateName: DistinguishedName, summary: String = "", responsibleContact: String = "",
        supportContact: String = "", updated: Timestamp? = nil
    ) {
        self.domain = domain
        self.certificateName = certificateName
        self.summary = summary
        self.responsibleContact = responsibleContact
        self.supportContact = supportContact
        self.updated = updated
    }
}

extension WhitelistEntry: CustomStringConvertible {
    /// Domain and certificate name.
    public var description: String { "\(domain): \(certificateName)" }
}
