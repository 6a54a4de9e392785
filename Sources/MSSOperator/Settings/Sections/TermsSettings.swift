public import MSSAccounts
import MSSCore

/// `conditions`: the terms of use in force, and what users are told (EX_DCU_5030, EX_GDT_5020).
public struct TermsSettings: SettingsSection {
    /// The version in force; `nil` asks nothing of anybody.
    public var version: String?
    /// Where the text is read.
    public var address: String?
    /// Versions whose acceptance still opens the service.
    public var formerVersions: [String] = []
    /// Whom to ask; `nil` for the operator's mailbox.
    public var contact: String?
    /// Whether each user finds a notice at the first use of a mailbox.
    public var tellsAtFirstUse = true

    /// The defaults: nothing is asked, and users are told of the traces.
    public init() {}

    static let fields: [SettingsField<TermsSettings>] = [
        SettingsField(
            "version", \.version, optional: .termsVersion,
            "Version en vigueur ; sans acceptation notée, rien ne s'ouvre. Sans version, rien n'est demandé."),
        SettingsField("adresse", \.address, optional: .url, "Adresse où le texte se lit."),
        SettingsField(
            "versions_admises", \.formerVersions, list: .termsVersion,
            "Versions antérieures dont l'acceptation suffit encore, le temps de recueillir les nouvelles."),
        SettingsField(
            "contact", \.contact, optional: .text,
            "À qui s'adresser, écrit aux usagers ; par défaut operateur.exploitation."),
        SettingsField(
            "avis_premier_usage", \.tellsAtFirstUse, .flag,
            "Chaque usager trouve, à son premier usage d'une boîte, un avis : conditions, traces, durées, contact (EX_GDT_5020)."
        ),
    ]

    /// What is wrong though each value is right by itself.
    func contradictions() -> [SettingsFault] {
        guard version == nil, address != nil || !formerVersions.isEmpty else { return [] }
        return [
            SettingsFault(
                key: "conditions.version", problem: "la version en vigueur manque",
                remedy: "donnez-la : c'est elle que les acceptations nomment (EX_DCU_5030)")
        ]
    }
}

extension SettingsCodec<String> {
    /// A version of the terms: a short text that lists in files can hold.
    static let termsVersion = SettingsCodec("une version courte", example: "\"2026-11\"", write: { $0 }) { text, _ in
        TermsOfUse.isVersion(text) ? text : nil
    }
}

extension OperatorSettings {
    /// The terms in force.
    public var termsOfUse: TermsOfUse? {
        terms.version.map {
            TermsOfUse(version: $0, formerVersions: Set(terms.formerVersions), address: terms.address)
        }
    }

    /// What users are told.
    var firstUse: FirstUseInformation {
        FirstUseInformation(
            terms: termsOfUse, functionalYears: traces.functionalYears, technicalYears: traces.technicalYears,
            contact: terms.contact ?? identity.postmaster.address.text, leavesNotice: terms.tellsAtFirstUse)
    }
}
