public import MSSTLS
import MSSWhitelist

/// `confiance`: whose certificates are believed.
public struct TrustSettings: SettingsSection {
    /// PEM files of authorities: IGC-Santé's.
    public var authorities: [String] = []

    /// Values to be set.
    public init() {}

    static let fields: [SettingsField<TrustSettings>] = [
        SettingsField(
            "autorites", \.authorities, list: .path, atLeast: 1,
            "Fichiers PEM des autorités de l'IGC-Santé (racine et intermédiaires), EX_OPE_5040.", required: true)
    ]
}

/// `liste_blanche`: the signed list.
public struct WhitelistSettings: SettingsSection {
    /// Its address; `nil` for the one of the trust space.
    public var url: String?
    /// PEM files of the authorities of its HTTPS server; none for the system's.
    public var serverAuthorities: [String] = []
    /// Time between two fetches.
    public var interval: Duration = .seconds(24 * 3600)
    /// The wait after a first failure.
    public var firstRetry: Duration = .seconds(60)
    /// When an unconfirmed list raises an alert.
    public var staleAfter: Duration = .seconds(48 * 3600)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<WhitelistSettings>] = [
        SettingsField(
            "url", \.url, optional: .secureURL, "Adresse de la liste ; par défaut celle de l'espace de confiance."),
        SettingsField(
            "autorites_https", \.serverAuthorities, list: .path,
            "Fichiers PEM des autorités du serveur HTTPS ; aucune : celles du système."),
        SettingsField(
            "intervalle", \.interval, .duration(.seconds(1)...(.seconds(24 * 3600))),
            "Temps entre deux téléchargements, un jour au plus (EX_2.2_5010)."),
        SettingsField(
            "relance", \.firstRetry, .duration(.milliseconds(100)...(.seconds(3600))), "Attente après un premier échec."
        ),
        SettingsField(
            "alerte", \.staleAfter, .duration(.seconds(1)...(.seconds(30 * 86_400))),
            "Une liste non confirmée depuis ce temps est signalée."),
    ]
}

/// `revocation`: how non-revocation is settled.
public struct RevocationSettings: SettingsSection {
    /// Which sources are asked.
    public var order = RevocationPolicy.Order.crlThenOCSP
    /// What happens when nobody tells.
    public var onUnknown = RevocationPolicy.UnknownChoice.refuse
    /// Addresses of revocation lists; none for those that the authorities name.
    public var lists: [String] = []
    /// An OCSP responder instead of the one that certificates name.
    public var responder: String?
    /// Time between two fetches of a list.
    public var interval: Duration = .seconds(6 * 3600)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<RevocationSettings>] = [
        SettingsField(
            "sources", \.order,
            .choice([
                ("crl_puis_ocsp", .crlThenOCSP), ("ocsp_puis_crl", .ocspThenCRL), ("crl", .crlOnly),
                ("ocsp", .ocspOnly), ("agrafe", .preferStaple), ("aucune", .none),
            ]), "Sources interrogées : crl_puis_ocsp, ocsp_puis_crl, crl, ocsp, agrafe ou aucune."),
        SettingsField(
            "inconnu", \.onUnknown, .choice([("refuser", .refuse), ("accepter", .softFail)]),
            "Quand aucune source ne répond : refuser, ou accepter en le signalant."),
        SettingsField(
            "crl", \.lists, list: .url,
            "Adresses des CRL, complètes avant delta ; aucune : celles nommées par les autorités."
        ),
        SettingsField(
            "ocsp", \.responder, optional: .url, "Répondeur OCSP ; par défaut celui nommé par les certificats."),
        SettingsField(
            "intervalle", \.interval, .duration(.seconds(1)...(.seconds(24 * 3600))),
            "Temps entre deux téléchargements."),
    ]
}
