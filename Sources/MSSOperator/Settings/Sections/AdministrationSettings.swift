/// `administration`: the socket of administrators, and who they are.
public struct AdministrationSettings: SettingsSection {
    /// The socket.
    public var socket = "/run/mssante/admin.sock"
    /// Whether the group of the socket may use it too (0660 instead of 0600).
    public var opensToGroup = false
    /// The administrators.
    public var administrators: [AdministratorSettings] = []

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<AdministrationSettings>] = [
        SettingsField("socket", \.socket, .socket, "Socket Unix de « mss-operator »."),
        SettingsField(
            "groupe", \.opensToGroup, .flag,
            "La socket est ouverte au groupe du service (0660), et non au service seul (0600)."),
        SettingsField(
            "administrateurs", sections: \.administrators,
            "Administrateurs nommés (EX_SSI_5155) ; sans liste, le compte du service et root le sont, sous le nom qu'ils déclarent.",
            live: true),
    ]
}

/// One of `administrateurs`.
public struct AdministratorSettings: SettingsSection {
    /// The account on the machine.
    public var account = ""
    /// The identifier in traces; the account when it is not given.
    public var identifier = ""
    /// The name in traces.
    public var name: String?
    /// What the account is for; all of it when nothing is given.
    public var duties: [AdministrationDuty] = []

    /// Values to be set.
    public init() {}

    static let fields: [SettingsField<AdministratorSettings>] = [
        SettingsField("compte", \.account, .name, "Compte sur la machine.", required: true),
        SettingsField(
            "identifiant", \.identifier, .name, "Identifiant personnel écrit dans les traces.", required: true),
        SettingsField("nom", \.name, optional: .text, "Nom écrit dans les traces."),
        SettingsField(
            "droits", \.duties, list: .choice(AdministrationDuty.allCases.map { ($0.rawValue, $0) }),
            "Droits : \(AdministrationDuty.allCases.map(\.rawValue).joined(separator: ", ")) ; aucun : tous."),
    ]
}

/// What an administrator may be allowed: the parts of the operation of the service (EX_SSI_5155).
public enum AdministrationDuty: String, Sendable, Hashable, CaseIterable, Codable {
    /// See the state of the service.
    case observation = "etat"
    /// Handle the queue, and send as the operator.
    case queue = "file"
    /// Refresh the whitelist.
    case whitelist = "liste_blanche"
    /// Structures and persons.
    case persons = "personnes"
    /// Mailboxes and who has them.
    case mailboxes = "bal"
    /// Suspend mailboxes, reactivate them, export them.
    case suspensions = "suspensions"
    /// Search and export traces, declare incidents.
    case traces
    /// Back up.
    case backups = "sauvegardes"
    /// What was blocked by the scanner.
    case quarantine = "quarantaine"
}

extension SettingsCodec<String> {
    /// A Unix socket.
    static let socket = SettingsCodec(
        "un chemin de socket de moins de 108 octets", example: "/run/mssante/admin.sock", write: { $0 }
    ) { text, place in
        guard case .unix(let path)? = SettingsAddress(text.contains("/") ? text : "./\(text)", folder: place.folder)
        else { return nil }
        return path
    }
}
