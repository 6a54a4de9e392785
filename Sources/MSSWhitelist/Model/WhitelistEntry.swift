public import MSSCore

/// One `Domaine` element of the whitelist (Référentiel §6.6, table 43): a domain and a certificate that speaks for it.
///
/// One reference wide: a lookup that returns an entry copies no text.
public struct WhitelistEntry: Sendable, Hashable {
    private let fields: Fields

    /// `Nom`: the mail domain.
    public var domain: Domain { fields.domain }
    /// `DNCertificatOperateur`: the subject of the certificate.
    public var certificateName: DistinguishedName { fields.certificateName }
    /// `Description`, without surrounding white space.
    public var summary: String { fields.summary }
    /// `ResponsableContact`; empty in published lists.
    public var responsibleContact: String { fields.responsibleContact }
    /// `SupportContact`; empty in published lists.
    public var supportContact: String { fields.supportContact }
    /// `DateMAJ`; `nil` when missing or unreadable, which a diagnostic tells.
    public var updated: Timestamp? { fields.updated }

    /// An entry from its fields.
    public init(
        domain: Domain, certificateName: DistinguishedName, summary: String = "", responsibleContact: String = "",
        supportContact: String = "", updated: Timestamp? = nil
    ) {
        fields = Fields(domain, certificateName, summary, responsibleContact, supportContact, updated)
    }

    /// Whether all fields are equal.
    public static func == (left: WhitelistEntry, right: WhitelistEntry) -> Bool {
        left.fields === right.fields
            || left.domain == right.domain && left.certificateName == right.certificateName
                && left.summary == right.summary && left.responsibleContact == right.responsibleContact
                && left.supportContact == right.supportContact && left.updated == right.updated
    }

    /// Feeds what tells entries of one list apart: the domain and the certificate name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(domain)
        hasher.combine(certificateName)
    }

    private final class Fields: Sendable {
        let domain: Domain
        let certificateName: DistinguishedName
        let summary: String
        let responsibleContact: String
        let supportContact: String
        let updated: Timestamp?

        init(
            _ domain: Domain, _ certificateName: DistinguishedName, _ summary: String, _ responsibleContact: String,
            _ supportContact: String, _ updated: Timestamp?
        ) {
            self.domain = domain
            self.certificateName = certificateName
            self.summary = summary
            self.responsibleContact = responsibleContact
            self.supportContact = supportContact
            self.updated = updated
        }
    }
}

extension WhitelistEntry: CustomStringConvertible {
    /// Domain and certificate name.
    public var description: String { "\(domain): \(certificateName)" }
}
