public import MSSAccounts
public import MSSCore
public import MSSProSanteConnect

/// Why a login opens nothing. The client reads EX_LPS_0710's answer whatever it was, or that it may come back when
/// ``isTemporary``; traces and logs say which it was.
public enum AccessRefusal: ExplainedFailure, Hashable {
    /// The token does not hold, or Pro Santé Connect cannot be asked.
    case token(TokenFailure)
    /// Password or code are wrong, or too much is asked at once.
    case alternative(AlternativeLoginFailure)
    /// The mechanism is not one of the entry point.
    case mechanism
    /// The login names no mailbox.
    case noMailbox
    /// No client certificate that was verified.
    case noCertificate
    /// The certificate is a server's: ORG AUTH_CLI is asked for.
    case notAClientCertificate
    /// The certificate does not name one structure in `OU`.
    case noStructure
    /// The person is not one of the operator's users.
    case unknownPerson
    /// The mailbox is of a kind that the other entry point serves.
    case otherEntryPoint
    /// The rights of the accounts refuse.
    case rights(AccessDenial)
    /// Something here does not work; English, for the log.
    case localFailure(String)

    /// Whether the same login may succeed later.
    public var isTemporary: Bool {
        switch self {
        case .token(let failure): failure.isTemporary
        case .alternative(let failure): failure.isTemporary
        case .rights(let denial): denial.isTemporary
        case .localFailure: true
        case .mechanism, .noMailbox, .noCertificate, .notAClientCertificate, .noStructure, .unknownPerson,
            .otherEntryPoint:
            false
        }
    }

    /// The requirement that is enforced.
    public var requirement: RequirementID? {
        switch self {
        case .token(let failure): failure.requirement
        case .alternative: "RE_LPS_0100"
        case .mechanism: "EX_LPS_0700"
        case .noMailbox, .unknownPerson, .otherEntryPoint: "EX_LPS_0900"
        case .noCertificate, .notAClientCertificate: "EX_LPS_1100"
        case .noStructure: "EX_LPS_1200"
        case .rights(let denial): denial.requirement
        case .localFailure: nil
        }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .token(let failure): failure.explanation
        case .alternative(.busy), .localFailure: "La connexion ne peut pas être vérifiée pour le moment : réessayez."
        case .alternative(.resting): "Trop d'échecs de connexion : patientez avant de réessayer."
        case .alternative: "Identifiant, mot de passe ou code à usage unique incorrect."
        case .mechanism: "Ce mode d'authentification n'est pas proposé par ce point d'entrée."
        case .noMailbox: "L'identifiant de connexion n'est pas l'adresse d'une boîte aux lettres."
        case .noCertificate, .notAClientCertificate:
            "Un certificat ORG AUTH_CLI de l'IGC-Santé est exigé pour ce point d'entrée."
        case .noStructure: "Le certificat présenté ne désigne pas une structure dans son champ OU."
        case .unknownPerson: "Vous n'êtes pas connu de ce service."
        case .otherEntryPoint: "Cette boîte aux lettres n'est pas accessible par ce point d'entrée."
        case .rights(let denial): denial.explanation
        }
    }

    /// English, for logs: nothing of the credentials.
    public var description: String {
        switch self {
        case .token(let failure): failure.description
        case .alternative(let failure): "alternative login: \(failure)"
        case .mechanism: "mechanism not offered here"
        case .noMailbox: "no mailbox in the login"
        case .noCertificate: "no client certificate"
        case .notAClientCertificate: "not an ORG AUTH_CLI certificate"
        case .noStructure: "no structure in the certificate's OU"
        case .unknownPerson: "unknown person"
        case .otherEntryPoint: "mailbox of the other entry point"
        case .rights(let denial): denial.description
        case .localFailure(let detail): "local failure: \(detail)"
        }
    }
}
