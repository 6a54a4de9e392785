public import Logging

/// `observation`: metrics, health and logs.
public struct ObservationSettings: SettingsSection {
    /// Where metrics and health are served, on this machine only.
    public var address = SettingsAddress.tcp(host: "127.0.0.1", port: 9125)
    /// The least serious log line written.
    public var logLevel = Logger.Level.info
    /// Free room on the disk below which health is in doubt.
    public var freeSpace = 1 << 30

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<ObservationSettings>] = [
        SettingsField("adresse", \.address, .address, "Adresse locale de /metrics et /health."),
        SettingsField(
            "journal", \.logLevel,
            .choice([
                ("debug", .debug), ("info", .info), ("notice", .notice), ("warning", .warning), ("error", .error),
            ]), "Niveau des journaux (JSON sur la sortie d'erreur) : debug, info, notice, warning ou error.", live: true
        ),
        SettingsField(
            "disque_libre", \.freeSpace, .size(1 << 20...1 << 50), "Place libre sous laquelle le disque est signalé."),
    ]
}

/// `taches`: when jobs are done.
public struct TaskSettings: SettingsSection {
    /// The daily round through the mailboxes.
    public var dailyRound = SettingsTime(hour: 3, minute: 30)
    /// How often changes of the accounts by other processes are taken over.
    public var accountRefresh: Duration = .seconds(1)
    /// How long rights are decided without having reached the base.
    public var accountLimit: Duration = .seconds(60)
    /// The longest time between two looks at the queue.
    public var queuePoll: Duration = .seconds(30)
    /// A file that takes the notices to users outside the trust space, one JSON line each.
    public var noticeFile: String?
    /// A service that takes them by `POST`.
    public var noticeURL: String?

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<TaskSettings>] = [
        SettingsField(
            "ronde", \.dailyRound, .time, "Heure de la ronde quotidienne des BAL (EX_GBM_4440, EX_GBM_6010)."),
        SettingsField(
            "lecture_comptes", \.accountRefresh, .duration(.milliseconds(10)...(.seconds(60))),
            "Temps entre deux lectures des changements de comptes."),
        SettingsField(
            "droits_sans_base", \.accountLimit, .duration(.seconds(1)...(.seconds(3600))),
            "Temps pendant lequel les droits connus valent sans la base des comptes."),
        SettingsField(
            "lecture_file", \.queuePoll, .duration(.milliseconds(10)...(.seconds(3600))),
            "Temps le plus long entre deux lectures de la file d'attente."),
        SettingsField(
            "avis_fichier", \.noticeFile, optional: .path,
            "Fichier recevant les avis aux usagers hors MSSanté (une ligne JSON chacun), que vos outils envoient."),
        SettingsField(
            "avis_url", \.noticeURL, optional: .secureURL, "Service recevant ces avis par POST, au lieu du fichier."),
    ]
}
