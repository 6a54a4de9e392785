/// The kind of an MSSanté mailbox, as the directory writes it (RG_CTR_003).
public enum MailboxKind: String, Sendable, Hashable, CaseIterable {
    /// A person's.
    case person = "PER"
    /// A team's, attached to a structure.
    case organization = "ORG"
    /// A team's, attached to a practice without FINESS.
    case practice = "CAB"
    /// A software's.
    case application = "APP"

    /// The kind with this code, in any case.
    public init?(code: some StringProtocol) { self.init(rawValue: code.uppercased()) }

    /// The only names that users may see (EX_GBM_3040): `CAB` and `ORG` have the same.
    public var userFacingName: String {
        switch self {
        case .person: "personnelle"
        case .organization, .practice: "organisationnelle"
        case .application: "applicative"
        }
    }
}

extension MailboxKind: CustomStringConvertible {
    /// The directory's code.
    public var description: String { rawValue }
}
