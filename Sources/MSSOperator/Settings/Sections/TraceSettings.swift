public import MSSTraces

/// `traces`: the journal.
public struct TraceSettings: SettingsSection {
    /// PEM file of the certificate that seals; `nil` for the first of `certificats`.
    public var certificate: String?
    /// PEM file of its key.
    public var key: String?
    /// Folders where the heads of the journal are noted, on other disks.
    public var anchors: [String] = []
    /// What becomes of patients' addresses.
    public var patientAddresses = PatientAddressHandling.redacted
    /// Years that functional traces are kept.
    public var functionalYears = 10
    /// Years that technical traces are kept.
    public var technicalYears = 1
    /// When the day's traces are sealed and what is over its time is erased.
    public var sealing = SettingsTime(hour: 0, minute: 10)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<TraceSettings>] = [
        SettingsField(
            "certificat", \.certificate, optional: .path,
            "Certificat de scellement (PEM) ; par défaut le premier de « certificats »."),
        SettingsField("cle", \.key, optional: .path, "Clé de ce certificat (0600)."),
        SettingsField(
            "ancrages", \.anchors, list: .path, "Dossiers, sur un autre disque, où la tête du journal est notée."),
        SettingsField(
            "adresses_patients", \.patientAddresses, .choice([("masquees", .redacted), ("conservees", .kept)]),
            "Adresses des patients dans les traces : masquees ou conservees."),
        SettingsField(
            "annees_fonctionnelles", \.functionalYears, .number(1...100),
            "Conservation des traces fonctionnelles (EX_GDT_5070)."),
        SettingsField(
            "annees_techniques", \.technicalYears, .number(1...100), "Conservation des traces techniques (EX_GDT_5070)."
        ),
        SettingsField("scellement", \.sealing, .time, "Heure du scellement quotidien."),
    ]
}
