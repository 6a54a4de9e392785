import MSSConnector
import MSSCore
import MSSDNS
import MSSStore
import MSSTLS
import MSSTraces
import MSSWhitelist

/// How the parts of an operator are.
public struct Health: Sendable, Hashable, Codable {
    /// How one part is.
    public enum State: String, Sendable, Hashable, Codable, Comparable {
        /// As it should be.
        case ok
        /// At work, with something to be looked at.
        case warning = "alerte"
        /// Not at work.
        case failure = "panne"

        private var rank: Int { self == .ok ? 0 : self == .warning ? 1 : 2 }
        /// The worse is the greater.
        public static func < (left: State, right: State) -> Bool { left.rank < right.rank }
    }

    /// One part.
    public struct Component: Sendable, Hashable, Codable {
        /// How it is.
        public var state: State
        /// What there is to say, in French.
        public var explanation: String

        /// A part.
        public init(_ state: State, _ explanation: String) {
            self.state = state
            self.explanation = explanation
        }

        enum CodingKeys: String, CodingKey {
            case state = "etat"
            case explanation = "explication"
        }
    }

    /// The worst of all parts.
    public var state: State
    /// The parts by name.
    public var components: [String: Component]

    /// Health from its parts.
    public init(_ components: [String: Component]) {
        self.components = components
        state = components.values.map(\.state).max() ?? .ok
    }

    enum CodingKeys: String, CodingKey {
        case state = "etat"
        case components = "composants"
    }
}

extension OperatorNode {
    /// How the parts are, looked at now; what must be asked (clamd) is asked for five seconds at most.
    public func health() async -> Health {
        async let scanner = scannerHealth()
        var parts: [String: Health.Component] = [
            "liste_blanche": whitelistHealth(), "crl": revocationHealth(), "certificats": certificateHealth(),
            "file": queueHealth(), "disque": diskHealth(), "entree": entryHealth(),
        ]
        if settings.apiLPS.isOpen { parts["api_lps"] = clientHealth() }
        parts["traces"] = await tracesHealth()
        parts["ronde"] = await roundHealth()
        parts["antivirus"] = await scanner
        return Health(parts)
    }

    private func whitelistHealth() -> Health.Component {
        let status = trust.whitelist.status
        guard status.record != nil, let age = status.sinceConfirmation else {
            let why = status.lastFailure?.explanation ?? "Le premier téléchargement est en cours."
            return .init(.failure, "Aucune liste blanche vérifiée : aucun échange n'est possible. \(why)")
        }
        let missing = settings.identity.domains.filter { !isListed($0) }
        guard missing.isEmpty else {
            return .init(
                .failure,
                "La liste blanche n'autorise aucun certificat de l'opérateur pour : "
                    + missing.map(\.ascii).joined(separator: ", ") + ".")
        }
        if age > settings.whitelist.staleAfter {
            return .init(.warning, "La liste blanche n'a pas été confirmée depuis \(age.frenchAge).")
        }
        return .init(.ok, "Confirmée il y a \(age.frenchAge).")
    }

    private func revocationHealth() -> Health.Component {
        let policy = trust.verifier.revocation.policy
        guard policy.order != .none else { return .init(.warning, "La révocation n'est pas vérifiée (EX_OPE_5050).") }
        guard policy.order != .ocspOnly else { return .init(.ok, "OCSP seul.") }
        let (lists, now) = (trust.crls.lists, clock.now())
        guard !lists.isEmpty else {
            return .init(policy.order == .crlOnly ? .failure : .warning, "Aucune CRL chargée.")
        }
        let stale = lists.filter { $0.nextUpdate < now }.count
        if stale > 0 { return .init(.warning, "\(stale) CRL périmées sur \(lists.count).") }
        return .init(.ok, "\(lists.count) CRL à jour.")
    }

    private func certificateHealth() -> Health.Component {
        let known = certificates.withLock { $0 }.map { (label: $0.name, certificate: $0.certificate) }
        guard let worst = ExpiryWatch.warnings(for: known, at: clock.now(), days: [30]).first else {
            return .init(.ok, "Aucun certificat n'expire avant 30 jours.")
        }
        return .init(worst.timeLeft < .zero ? .failure : .warning, worst.explanation)
    }

    private func queueHealth() -> Health.Component {
        let (destinations, now) = (spool.destinations(), clock.now())
        let target = Duration.seconds(Int64(ConnectorMetrics.deliveryTarget))
        let late = destinations.filter { now - $0.oldest > target && $0.held < $0.messages }
        guard let worst = late.min(by: { $0.oldest < $1.oldest }) else {
            return .init(.ok, "\(spool.count) messages en attente.")
        }
        return .init(
            .warning,
            "\(late.count) destinations en retard de plus de quatre heures, dont \(worst.domain) (RE_SSI_5010).")
    }

    private func diskHealth() -> Health.Component {
        guard let space = layout.space else { return .init(.failure, "Le disque des données ne répond pas.") }
        let text = "\(space.free >> 20) Mio libres sur \(space.total >> 20)."
        return .init(space.free < UInt64(settings.observation.freeSpace) ? .warning : .ok, text)
    }

    private func entryHealth() -> Health.Component {
        guard connector.address != nil else { return .init(.failure, "Le point d'entrée n'écoute pas.") }
        return .init(.ok, "\(connector.connections) connexions.")
    }

    private func tracesHealth() async -> Health.Component {
        do {
            let count = try await traces.heads().reduce(0) { $0 + $1.sequence }
            return await connector.keepsTraces
                ? .init(.ok, "\(count) traces.")
                : .init(.failure, "Des traces attendent d'être écrites : aucun message n'est pris d'ici là.")
        } catch { return .init(.failure, "Le journal des traces ne répond pas.") }
    }

    private func roundHealth() async -> Health.Component {
        guard let round = try? await connector.roundStatus() else {
            return .init(.failure, "Le registre des tâches ne répond pas.")
        }
        if let doubt = round.doubt { return .init(.warning, "\(doubt.explanation) \(RoundCommands.remedy)") }
        let last = round.last.map { "Dernière ronde due le \($0.shown)." } ?? "Pas encore de ronde."
        return round.failures > 0 ? .init(.warning, "\(last) Échecs depuis : \(round.failures).") : .init(.ok, last)
    }

    private func scannerHealth() async -> Health.Component {
        guard let scanner else { return .init(.ok, "L'analyse est faite par un autre service.") }
        let asked = ClamAVScanner(scanner.address, connectTimeout: .seconds(5), timeout: .seconds(5))
        do { return .init(.ok, try await asked.version()) } catch {
            return .init(
                .failure, "clamd ne répond pas : la politique « \(settings.antivirus.unavailableWord) » s'applique.")
        }
    }
}

extension AntivirusSettings {
    fileprivate var unavailableWord: String {
        switch unavailable {
        case .postpone: "differer"
        case .refuse: "refuser"
        case .deliverMarked: "livrer_marque"
        }
    }
}

extension Duration {
    /// An age as a reader takes it in at a glance.
    var frenchAge: String {
        let seconds = max(0, components.seconds)
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) jours"
        }
    }

    /// Seconds, for metrics.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
