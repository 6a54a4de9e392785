import MSSCore

/// Everything that an operator is run with, as one YAML file says it.
///
/// Secrets are never in it, only the paths of the files that hold them. ``yaml`` writes the whole file with a comment for
/// each key and each default shown; ``init(yaml:file:)`` reads it and tells everything that is wrong at once.
public struct OperatorSettings: SettingsSection {
    /// Names, domains, version.
    public var identity = IdentitySettings()
    /// The certificates shown to other operators.
    public var certificates: [CertificateSettings] = []
    /// Where other operators come in.
    public var inbound = InboundSettings()
    /// How messages leave.
    public var outbound = OutboundSettings()
    /// Where client software comes in.
    public var apiLPS = APILPSSettings()
    /// What users accept and are told.
    public var terms = TermsSettings()
    /// Who is asked for MX records.
    public var dns = DNSSettings()
    /// Whose certificates are believed.
    public var trust = TrustSettings()
    /// The whitelist.
    public var whitelist = WhitelistSettings()
    /// Revocation.
    public var revocation = RevocationSettings()
    /// The scanner.
    public var antivirus = AntivirusSettings()
    /// Where data lie.
    public var data = DataSettings()
    /// Traces.
    public var traces = TraceSettings()
    /// The socket of administrators.
    public var administration = AdministrationSettings()
    /// Metrics, health, logs.
    public var observation = ObservationSettings()
    /// When jobs are done.
    public var tasks = TaskSettings()

    /// The defaults; what is required is still to be set.
    public init() {}

    static let fields: [SettingsField<OperatorSettings>] = [
        SettingsField("operateur", section: \.identity, "L'opérateur : son serveur, ses domaines.", required: true),
        SettingsField(
            "certificats", sections: \.certificates,
            "Certificats SERV SSL présentés aux autres opérateurs, le principal en premier (rechargés par SIGHUP).",
            required: true, live: true),
        SettingsField("entree", section: \.inbound, "Point d'entrée des autres opérateurs (TM3.1P)."),
        SettingsField("sortie", section: \.outbound, "Émission vers les autres opérateurs (TM3.2P)."),
        SettingsField("api_lps", section: \.apiLPS, "Points d'entrée des logiciels de santé (API LPS, §6.8)."),
        SettingsField(
            "conditions", section: \.terms, "Conditions d'utilisation et information des usagers (EX_DCU_5030)."),
        SettingsField("dns", section: \.dns, "Résolution des noms."),
        SettingsField("confiance", section: \.trust, "Autorités de certification reconnues.", required: true),
        SettingsField("liste_blanche", section: \.whitelist, "Liste blanche MSSanté (EX_2.2_5010)."),
        SettingsField("revocation", section: \.revocation, "Non-révocation des certificats (EX_OPE_5050)."),
        SettingsField("antivirus", section: \.antivirus, "Antivirus (EX_SSI_5090).", required: true),
        SettingsField("donnees", section: \.data, "Données de l'opérateur.", required: true),
        SettingsField("traces", section: \.traces, "Journal des traces (EX_GDT_5010 à 5070)."),
        SettingsField("administration", section: \.administration, "Administration locale (EX_SSI_5155)."),
        SettingsField("observation", section: \.observation, "Métriques, santé et journaux (EX_SSI_5080)."),
        SettingsField("taches", section: \.tasks, "Rythme des traitements."),
    ]

    // MARK: Files

    /// Reads settings from YAML.
    ///
    /// - Parameters:
    ///   - file: the file's path, for messages; relative paths in it start from its folder.
    /// - Throws: ``SettingsError`` with everything that is wrong.
    public init(yaml: String, file: String = "-") throws(SettingsError) {
        let node: SettingsNode
        switch SettingsNode.parse(yaml) {
        case .success(let root): node = root
        case .failure(let fault): throw SettingsError(file: file, faults: [fault])
        }
        let folder = file.contains("/") ? file.split(separator: "/").dropLast().joined(separator: "/") : ""
        let place = SettingsPlace(key: "", line: nil, folder: file.hasPrefix("/") ? "/" + folder : folder)
        var (settings, faults) = SettingsReading.section(OperatorSettings.self, node, place)
        // What cannot be read has no sense to be compared.
        if faults.isEmpty { faults = settings.contradictions() }
        guard faults.isEmpty else {
            throw SettingsError(
                file: file, faults: faults.sorted { ($0.line ?? Int.max, $0.key) < ($1.line ?? Int.max, $1.key) })
        }
        self = settings
    }

    /// The whole file: every key with its comment; defaults are commented out.
    public var yaml: String {
        let head = """
            # Configuration de mss-operator.
            # Toutes les clés sont ici ; une ligne commentée « #clé: valeur » montre la valeur par défaut.
            # Les secrets ne sont jamais dans ce fichier : seulement les chemins des fichiers qui les contiennent.
            # Vérifier : mss-operator check. Prendre en compte : systemctl reload mss-operator (SIGHUP).

            """
        return ([head] + SettingsWriting.lines(SettingsWriting.section(self))).joined(separator: "\n") + "\n"
    }

    /// The keys that differ in other settings, and whether a reload is enough to apply each.
    public func differences(from other: OperatorSettings) -> [(key: String, isLive: Bool)] {
        OperatorSettings.fields.flatMap { $0.differences(other, self) }
    }

    // MARK: Contradictions

    /// What is wrong though each value is right by itself.
    private func contradictions() -> [SettingsFault] {
        var faults: [SettingsFault] = []
        if !identity.domains.contains(identity.postmaster.address.domain) {
            faults.append(
                SettingsFault(
                    key: "operateur.exploitation",
                    problem: "l'adresse n'est pas d'un domaine de l'opérateur",
                    remedy: "choisissez une adresse d'un domaine de « operateur.domaines »"))
        }
        faults += repeated(identity.domains.map(\.ascii), "operateur.domaines")
        faults += apiLPS.contradictions()
        faults += terms.contradictions()
        faults += repeated((certificates + apiLPS.certificates).map(\.name), "certificats")
        faults += repeated(certificates.flatMap(\.serverNames).map(\.ascii), "certificats")
        faults += repeated(administration.administrators.map(\.account), "administration.administrateurs")
        faults += repeated(administration.administrators.map(\.identifier), "administration.administrateurs")
        if (data.masterKey == nil) == data.masterKeyCommand.isEmpty {
            faults.append(
                SettingsFault(
                    key: "donnees.cle_maitresse",
                    problem: data.masterKey == nil
                        ? "la clé maîtresse manque" : "la clé maîtresse est donnée deux fois",
                    remedy: "donnez « cle_maitresse » (un fichier) ou « commande_cle_maitresse », l'un des deux"))
        }
        if !observation.address.isLocal {
            faults.append(
                SettingsFault(
                    key: "observation.adresse", problem: "l'adresse n'est pas sur la boucle locale",
                    remedy: "écrivez 127.0.0.1:9125 ; un collecteur distant passe par un relais authentifié"))
        }
        if (traces.certificate == nil) != (traces.key == nil) {
            faults.append(
                SettingsFault(
                    key: "traces.certificat", problem: "le certificat et la clé de scellement vont ensemble",
                    remedy: "donnez « certificat » et « cle », ou aucun des deux"))
        }
        return faults
    }

    private func repeated(_ values: [String], _ key: String) -> [SettingsFault] {
        var seen: Set<String> = []
        return values.filter { !seen.insert($0).inserted }.map {
            SettingsFault(key: key, problem: "« \($0) » y est deux fois", remedy: "retirez l'un des deux")
        }
    }
}
