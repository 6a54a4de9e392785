import MSSCore
import MSSDNS
import MSSSMTP

/// `entree`: where other operators come in.
public struct InboundSettings: SettingsSection {
    /// Where to listen.
    public var address = SettingsAddress.tcp(host: "0.0.0.0", port: 25)
    /// Connections in all.
    public var connections = SMTPServerLimits().connections
    /// Connections of one peer.
    public var connectionsPerPeer = SMTPServerLimits().connectionsPerPeer
    /// How long what is under way may go on after a stop.
    public var grace: Duration = .seconds(30)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<InboundSettings>] = [
        SettingsField(
            "adresse", \.address, .address,
            "Adresse d'écoute ; systemd:NOM prend la socket passée par systemd (port 25 sans privilège)."),
        SettingsField("connexions", \.connections, .number(1...100_000), "Connexions simultanées, au plus."),
        SettingsField(
            "connexions_par_pair", \.connectionsPerPeer, .number(1...100_000), "Connexions d'un même pair, au plus."),
        SettingsField(
            "delai_arret", \.grace, .duration(.seconds(1)...(.seconds(3600))),
            "Temps laissé aux échanges en cours à l'arrêt."),
    ]
}

/// `sortie`: how messages leave.
public struct OutboundSettings: SettingsSection {
    /// The port of other operators.
    public var port = 25
    /// Whether IPv6 addresses are tried.
    public var usesIPv6 = true
    /// Addresses of the operator itself.
    public var ownAddresses: [String] = []
    /// Attempts under way in all.
    public var attempts = DestinationLimits().total
    /// Attempts under way for one destination.
    public var attemptsPerDestination = DestinationLimits().perDestination
    /// The wait after the first failure.
    public var firstRetry = RetrySchedule.standard.first
    /// The longest wait.
    public var longestRetry = RetrySchedule.standard.longest
    /// When a message is given up.
    public var lifetime = RetrySchedule.standard.lifetime
    /// When the sender is told of a delay.
    public var delayNotice: Duration = .seconds(4 * 3600)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<OutboundSettings>] = [
        SettingsField("port", \.port, .number(1...65_535), "Port des serveurs des autres opérateurs."),
        SettingsField("ipv6", \.usesIPv6, .flag, "Les adresses IPv6 sont joignables depuis cette machine."),
        SettingsField(
            "adresses_propres", \.ownAddresses, list: .ipAddress,
            "Adresses de l'opérateur lui-même : aucun message n'y est envoyé."),
        SettingsField("tentatives", \.attempts, .number(1...10_000), "Remises simultanées, au plus."),
        SettingsField(
            "tentatives_par_destination", \.attemptsPerDestination, .number(1...1000),
            "Remises simultanées vers un même domaine, au plus."),
        SettingsField(
            "premiere_relance", \.firstRetry, .duration(.milliseconds(100)...(.seconds(3600))),
            "Attente après un premier échec, doublée ensuite."),
        SettingsField(
            "relance_maximale", \.longestRetry, .duration(.milliseconds(100)...(.seconds(86_400))),
            "Attente la plus longue entre deux tentatives ; cinq minutes au plus pour les BAL de l'opérateur."),
        SettingsField(
            "abandon", \.lifetime, .duration(.seconds(1)...(.seconds(30 * 86_400))),
            "Âge auquel un message est rendu à son émetteur (RFC 5321 : quatre à cinq jours)."),
        SettingsField(
            "avis_retard", \.delayNotice, .duration(.seconds(1)...(.seconds(30 * 86_400))),
            "Âge auquel l'émetteur est averti du retard (RE_SSI_5010 : quatre heures)."),
    ]
}

/// `dns`: who is asked.
public struct DNSSettings: SettingsSection {
    /// Resolvers, `address` or `address@port`; none for the system's.
    public var resolvers: [String] = []
    /// Time for one question.
    public var timeout: Duration = .seconds(15)
    /// The longest time an answer is kept.
    public var longestTimeToLive: Duration = .seconds(3600)

    /// The defaults.
    public init() {}

    static let fields: [SettingsField<DNSSettings>] = [
        SettingsField(
            "serveurs", \.resolvers, list: .resolver, "Résolveurs (adresse ou adresse@port) ; aucun : ceux du système."),
        SettingsField(
            "delai", \.timeout, .duration(.milliseconds(100)...(.seconds(120))), "Temps laissé à une question."),
        SettingsField(
            "conservation", \.longestTimeToLive, .duration(.seconds(1)...(.seconds(86_400))),
            "Une réponse est gardée au plus ce temps."),
    ]
}

extension SettingsCodec<String> {
    /// A network address.
    static let ipAddress = SettingsCodec("une adresse IP", example: "192.0.2.25", write: { $0 }) { text, _ in
        IPAddress(text) == nil ? nil : text
    }
}
