public import MSSCore

/// One of `certificats`: a certificate of the operator with its key.
public struct CertificateSettings: SettingsSection {
    /// Its name in commands and logs.
    public var name = ""
    /// PEM file: the certificate, then its intermediates.
    public var certificate = ""
    /// PEM file of the private key, mode 0600.
    public var key = ""
    /// A file that holds the passphrase of the key, mode 0600.
    public var passphrase: String?
    /// The server names answered with it; the first certificate answers for all others.
    public var serverNames: [Domain] = []

    /// Values to be set.
    public init() {}

    /// A certificate.
    public init(name: String, certificate: String, key: String, serverNames: [Domain] = []) {
        self.name = name
        self.certificate = certificate
        self.key = key
        self.serverNames = serverNames
    }

    static let fields: [SettingsField<CertificateSettings>] = [
        SettingsField("nom", \.name, .name, "Nom dans les commandes et les journaux.", required: true),
        SettingsField(
            "certificat", \.certificate, .path, "Fichier PEM : le certificat, puis l'autorité intermédiaire.",
            required: true),
        SettingsField(
            "cle", \.key, .path, "Fichier PEM de la clé privée, lisible par le service seul (0600).", required: true),
        SettingsField("phrase", \.passphrase, optional: .path, "Fichier contenant la phrase secrète de la clé (0600)."),
        SettingsField("serveurs", \.serverNames, list: .domain, "Noms de serveur (MX) présentés avec ce certificat."),
    ]
}
