public import MSSConnector

/// `antivirus`: the scanner and what is done with its answers.
public struct AntivirusSettings: SettingsSection {
    /// Where clamd listens; `nil` only where every message is scanned elsewhere on its way.
    public var address: SettingsAddress?
    /// Its `StreamMaxLength`.
    public var maximumSize = 100 << 20
    /// Time for one scan.
    public var timeout: Duration = .seconds(120)
    /// What is done about malware.
    public var infected = ScreeningPolicy().infected
    /// What is done when clamd cannot be had.
    public var unavailable = ScreeningPolicy().unavailable
    /// What is done about what clamd finds too large.
    public var tooLarge = ScreeningPolicy().tooLarge

    /// Values to be set.
    public init() {}

    private static let unscanned: [(String, ScreeningPolicy.Unscanned)] = [
        ("differer", .postpone), ("refuser", .refuse), ("livrer_marque", .deliverMarked),
    ]

    static let fields: [SettingsField<AntivirusSettings>] = [
        SettingsField(
            "clamd", \.address, .scanner,
            "Adresse de clamd (hôte:port ou socket), ou « ailleurs » si chaque message est analysé par un autre service.",
            required: true),
        SettingsField(
            "taille_maximale", \.maximumSize, .size(10_000_000...1 << 30), "StreamMaxLength de clamd.conf."),
        SettingsField("delai", \.timeout, .duration(.seconds(1)...(.seconds(3600))), "Temps laissé à une analyse."),
        SettingsField(
            "infecte", \.infected, .choice([("refuser", .refuse), ("retirer", .removeAttachments)]),
            "Message infecté : refuser, ou retirer les pièces jointes et informer les deux côtés."),
        SettingsField(
            "indisponible", \.unavailable, .choice(unscanned),
            "clamd ne répond pas : differer (4xx), refuser, ou livrer_marque."),
        SettingsField(
            "trop_grand", \.tooLarge, .choice(unscanned),
            "Message trop grand pour clamd : differer, refuser ou livrer_marque."
        ),
    ]
}

extension SettingsCodec<SettingsAddress?> {
    /// Where clamd is, or that there is none here.
    static let scanner = SettingsCodec(
        "l'adresse de clamd (hôte:port ou socket) ou « ailleurs »", example: "/run/clamav/clamd.ctl",
        write: { $0?.text ?? "ailleurs" }
    ) { text, place in
        if text == "ailleurs" { return .some(nil) }
        guard let address = SettingsAddress(text, folder: place.folder) else { return nil }
        if case .systemd = address { return nil }
        return .some(address)
    }
}
