import MSSStore

/// `donnees`: where data lie and what encrypts them.
public struct DataSettings: SettingsSection {
    /// The folder of everything that the operator keeps.
    public var folder = "/var/lib/mssante"
    /// The file of the master key.
    public var masterKey: String?
    /// A command that prints the master key, and its arguments.
    public var masterKeyCommand: [String] = []
    /// The most that the queue may take on the disk.
    public var queueLimit: Int?
    /// Bytes of the files that queue and mailboxes write in advance.
    public var fileSize = 16 << 20
    /// Days that messages stay in mailboxes; `nil` for as long as their holder wants.
    public var messageDays: Int?
    /// Days that what was blocked stays in quarantine.
    public var quarantineDays = 30

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<DataSettings>] = [
        SettingsField("dossier", \.folder, .path, "Dossier des données, sur un disque local (0700)."),
        SettingsField(
            "cle_maitresse", \.masterKey, optional: .path,
            "Fichier de la clé maîtresse (0600), à sauvegarder à part : sans elle rien n'est lisible."),
        SettingsField(
            "commande_cle_maitresse", \.masterKeyCommand, list: .text,
            "Commande qui écrit la clé maîtresse sur sa sortie (coffre), au lieu du fichier."),
        SettingsField(
            "plafond_file", \.queueLimit, optional: .size(1 << 20...1 << 50),
            "Place que la file d'attente peut occuper."),
        SettingsField(
            "taille_fichiers", \.fileSize, .size(1 << 20...1 << 30),
            "Taille des fichiers que la file et les boîtes écrivent d'avance : cinq en tout au repos. 64Mio convient au "
                + "delà d'un million de messages par jour."),
        SettingsField(
            "jours_messages", \.messageDays, optional: .number(30...36_500),
            "Conservation des messages dans les BAL, selon le responsable de traitement (EX_GDT_5070) ; par défaut sans "
                + "limite. Passé ce temps, la ronde les détruit, lus ou non : informez les utilisateurs avant."),
        SettingsField(
            "jours_quarantaine", \.quarantineDays, .number(1...3650),
            "Conservation de ce que l'antivirus a bloqué (EX_GDT_5070)."),
    ]
}

extension DataSettings {
    var spool: SpoolConfiguration { SpoolConfiguration(segmentSize: fileSize, diskLimit: queueLimit) }
    var mail: MailStoreConfiguration { MailStoreConfiguration(volumeSize: fileSize) }
    var quarantine: QuarantineConfiguration {
        QuarantineConfiguration(retention: .seconds(quarantineDays * 86_400))
    }
}
