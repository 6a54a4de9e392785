public import MSSCore
import MSSIMAP
import MSSSMTP

/// `api_lps`: the entry points of client software (§6.8).
public struct APILPSSettings: SettingsSection {
    /// Submission for persons.
    public var submissionPSC = LPSEntryPointSettings()
    /// Submission for applications.
    public var submissionCertificate = LPSEntryPointSettings()
    /// Reading for persons.
    public var imapPSC = LPSEntryPointSettings()
    /// Reading for applications.
    public var imapCertificate = LPSEntryPointSettings()
    /// What the entry points show of themselves; none: the operator's first certificate.
    public var certificates: [CertificateSettings] = []
    /// Pro Santé Connect.
    public var psc = ProSanteConnectSettings()
    /// Whether the operator's own method stands beside it (RE_LPS_0100).
    public var offersAlternative = false
    /// Submission sessions in all.
    public var submissionSessions = SMTPServerLimits().connections
    /// Reading sessions in all.
    public var readingSessions = IMAPServerLimits().connections
    /// Where `config-v1.1.xml` is served.
    public var autoconfiguration: SettingsAddress?

    /// The defaults: nothing is opened.
    public init() {}

    static let fields: [SettingsField<APILPSSettings>] = [
        SettingsField(
            "envoi_psc", section: \.submissionPSC,
            "Envoi depuis les boîtes personnelles et organisationnelles, par Pro Santé Connect (TM5.2P)."),
        SettingsField(
            "envoi_certificat", section: \.submissionCertificate,
            "Envoi depuis les boîtes applicatives, par certificat ORG AUTH_CLI (TM5.4P)."),
        SettingsField(
            "lecture_psc", section: \.imapPSC,
            "Consultation des boîtes personnelles et organisationnelles, par Pro Santé Connect (TM5.3P)."),
        SettingsField(
            "lecture_certificat", section: \.imapCertificate,
            "Consultation des boîtes applicatives, par certificat ORG AUTH_CLI (TM5.4P)."),
        SettingsField(
            "certificats", sections: \.certificates,
            "Certificats présentés aux logiciels, au nom des serveurs ci-dessus (rechargés par SIGHUP) ; aucun : le premier de l'opérateur.",
            live: true),
        SettingsField("psc", section: \.psc, "Pro Santé Connect (EX_LPS_0900)."),
        SettingsField(
            "methode_alternative", \.offersAlternative, .flag,
            "Mot de passe et code à usage unique à côté de Pro Santé Connect (RE_LPS_0100) ; voir « mss-operator acces »."
        ),
        SettingsField("sessions_envoi", \.submissionSessions, .number(1...100_000), "Sessions d'envoi, au plus."),
        SettingsField(
            "sessions_lecture", \.readingSessions, .number(1...100_000), "Sessions de consultation, au plus."),
        SettingsField(
            "autoconfiguration", \.autoconfiguration, optional: .address,
            "Adresse HTTPS où config-v1.1.xml est servi aux logiciels qui le demandent."),
    ]

    /// The four entry points, with their keys.
    var entryPoints: [(key: String, settings: LPSEntryPointSettings)] {
        [
            ("envoi_psc", submissionPSC), ("envoi_certificat", submissionCertificate), ("lecture_psc", imapPSC),
            ("lecture_certificat", imapCertificate),
        ]
    }

    /// Whether anything is opened.
    public var isOpen: Bool { entryPoints.contains { $0.settings.address != nil } }

    /// What is wrong though each value is right by itself.
    func contradictions() -> [SettingsFault] {
        var faults: [SettingsFault] = []
        for (key, point) in entryPoints where point.address != nil && point.host == nil {
            faults.append(
                SettingsFault(
                    key: "api_lps.\(key).serveur", problem: "le nom du serveur manque",
                    remedy: "donnez celui que l'enregistrement SRV publie (EX_LPS_0300)"))
        }
        var seen: Set<SettingsAddress> = []
        for (key, point) in entryPoints {
            guard let address = point.address, address.isFixed, !seen.insert(address).inserted else { continue }
            faults.append(
                SettingsFault(
                    key: "api_lps.\(key).adresse", problem: "un autre point d'entrée écoute déjà \(address.text)",
                    remedy: "chacun des quatre a son adresse ou son port (§6.8.1)"))
        }
        if autoconfiguration != nil, !isOpen || entryPoints.contains(where: { $0.settings.host == nil }) {
            faults.append(
                SettingsFault(
                    key: "api_lps.autoconfiguration",
                    problem: "les quatre points d'entrée ne sont pas tous nommés, ou aucun n'est ouvert",
                    remedy: "donnez le « serveur » de chacun : le document les annonce tous"))
        }
        return faults
    }
}

extension SettingsAddress {
    /// Whether two that are the same cannot both be listened at; port 0 is another port each time.
    fileprivate var isFixed: Bool {
        if case .tcp(_, 0) = self { false } else { true }
    }
}

/// One entry point of `api_lps`.
public struct LPSEntryPointSettings: SettingsSection {
    /// The host that the SRV record names.
    public var host: Domain?
    /// Where to listen; `nil` does not open it.
    public var address: SettingsAddress?
    /// The port that the SRV record names; 0 for the Référentiel's.
    public var publishedPort = 0

    /// Not opened.
    public init() {}

    /// An entry point.
    public init(host: Domain, address: SettingsAddress?, publishedPort: Int = 0) {
        self.host = host
        self.address = address
        self.publishedPort = publishedPort
    }

    static let fields: [SettingsField<LPSEntryPointSettings>] = [
        SettingsField("serveur", \.host, optional: .domain, "Nom publié dans l'enregistrement SRV (EX_LPS_0300)."),
        SettingsField(
            "adresse", \.address, optional: .address,
            "Adresse d'écoute ; systemd:NOM prend la socket passée par systemd ; sans adresse, rien n'est ouvert."),
        SettingsField(
            "port", \.publishedPort, .number(0...65_535),
            "Port publié dans l'enregistrement SRV ; 0 : 587 (envoi) ou 143 (consultation)."),
    ]
}

/// `api_lps.psc`: whose tokens are taken.
public struct ProSanteConnectSettings: SettingsSection {
    /// The issuer; `nil` for the one of the trust space.
    public var issuer: String?
    /// PEM files of the authorities of its HTTPS servers; none for the system's.
    public var serverAuthorities: [String] = []
    /// The client software admitted, by `azp`; none admits all.
    public var clients: [String] = []
    /// Time for one answer.
    public var timeout: Duration = .seconds(10)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<ProSanteConnectSettings>] = [
        SettingsField(
            "emetteur", \.issuer, optional: .secureURL,
            "Émetteur des jetons ; par défaut Pro Santé Connect, ou son bac à sable dans l'espace de test."),
        SettingsField(
            "autorites_https", \.serverAuthorities, list: .path,
            "Fichiers PEM des autorités de ses serveurs HTTPS ; aucune : celles du système."),
        SettingsField(
            "logiciels", \.clients, list: .text,
            "Logiciels admis, par leur client_id ; aucun : tous ceux que Pro Santé Connect admet (EX_LPS_0110)."),
        SettingsField(
            "delai", \.timeout, .duration(.milliseconds(100)...(.seconds(60))), "Temps laissé à une réponse."),
    ]
}
