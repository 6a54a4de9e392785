public import MSSCore
public import MSSPolicy

/// `operateur`: who the operator is.
public struct IdentitySettings: SettingsSection {
    /// The name of its server: the host of its MX records.
    public var serverName = Placeholder.domain
    /// The domains it serves.
    public var domains: [Domain] = []
    /// The operator's own mailbox, which answers for `postmaster`.
    public var postmaster = Placeholder.mailbox
    /// The trust space.
    public var trustSpace = PolicyContext.TrustSpace.production
    /// The version of the Référentiel.
    public var version = ReferentialVersion.v1_6
    /// Whether the operator itself is registered in FINESS.
    public var hasFINESS = false
    /// The name shown as the author of notices.
    public var authorName = "Service de messagerie MSSanté"
    /// Whether notices of other mail systems are explained in French to the people who receive them (RE_GBM_4410).
    public var dressesNotices = true
    /// The number of the person who answers for the automatic-reply mailboxes (EX_GBM_4020); without one they are not
    /// opened by themselves.
    public var automaticReplyResponsible: Int?
    /// The structure of these mailboxes.
    public var automaticReplyStructure: StructureIdentifier?
    /// The largest message taken.
    public var maximumSize = 10_485_760

    /// Values to be set.
    public init() {}

    static let fields: [SettingsField<IdentitySettings>] = [
        SettingsField(
            "nom_serveur", \.serverName, .domain, "Nom du serveur, tel que publié dans les enregistrements MX.",
            required: true),
        SettingsField("domaines", \.domains, list: .domain, atLeast: 1, "Domaines de messagerie.", required: true),
        SettingsField(
            "exploitation", \.postmaster, .mailbox, "BAL de l'exploitant, qui répond aussi pour postmaster.",
            required: true),
        SettingsField(
            "espace", \.trustSpace, .choice([("production", .production), ("test", .test)]), "Espace de confiance."),
        SettingsField(
            "referentiel", \.version, .choice([("1.6", .v1_6), ("1.7-projet", .v1_7draft)]),
            "Version du Référentiel appliquée."),
        SettingsField("finess", \.hasFINESS, .flag, "L'opérateur est lui-même enregistré dans FINESS."),
        SettingsField("auteur_avis", \.authorName, .text, "Auteur affiché des avis de remise et de non-remise."),
        SettingsField(
            "habillage_avis", \.dressesNotices, .flag,
            "Une explication en français précède les avis d'autres systèmes, sauf dans les BAL applicatives (RE_GBM_4410)."
        ),
        SettingsField(
            "responsable_bal_test", \.automaticReplyResponsible, optional: .number(1...Int(Int32.max)),
            "Numéro de la personne responsable des BAL de réponse automatique (EX_GBM_4020), créées pour chaque domaine."
        ),
        SettingsField(
            "structure_bal_test", \.automaticReplyStructure, optional: .structure,
            "Structure de rattachement de ces BAL."),
        SettingsField(
            "taille_message", \.maximumSize, .size(10_000_000...100 << 20),
            "Taille maximale d'un message, pièces jointes encodées comprises (EX_GBM_4410)."),
    ]
}

/// Values that stand where one is required until it is set; `.invalid` is nobody's (RFC 2606).
public enum Placeholder {
    /// A domain.
    public static let domain = (try? Domain("a-definir.invalid"))!  // a constant of allowed characters
    /// A mailbox.
    public static let mailbox = (try? DirectoryMailAddress("exploitation@a-definir.invalid"))!  // as above
}
