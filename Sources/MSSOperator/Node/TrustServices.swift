import Logging
import MSSCore
import MSSHTTP
import MSSPolicy
public import MSSTLS
public import MSSWhitelist
import MSSXMLSignature

/// What decides whom the operator believes: authorities, revocation, the whitelist.
public final class TrustServices: Sendable {
    /// Judges certificates.
    public let verifier: PKIXVerifier
    /// The revocation lists held.
    public let crls: CRLStore
    /// Fetches them.
    public let refresher: CRLRefresher
    /// The whitelist.
    public let whitelist: WhitelistService
    /// Counts of what went wrong with revocation.
    let alerts = RevocationAlerts()
    private let transport: AsyncHTTPTransport

    /// Loads what earlier runs kept; nothing is fetched yet. Reads the disk.
    init(
        _ settings: OperatorSettings, _ layout: OperatorLayout, own certificates: [Certificate], clock: any WallClock,
        logger: Logger
    ) throws(OperatorFailure) {
        let trustStore = try TrustServices.authorities(settings.trust)
        let roots = try TrustServices.roots(settings.whitelist.serverAuthorities)
        do throws(HTTPTransportError) {
            transport = try AsyncHTTPTransport(HTTPTransportConfiguration(trustRoots: roots))
        } catch { throw .http(reason: error.description) }
        let (alerts, transport) = (alerts, transport)
        let report: @Sendable (RevocationAlert) -> Void = { alert in
            alerts.note(alert)
            logger.warning("revocation", metadata: ["explication": "\(alert.explanation)"])
        }
        crls = CRLStore(trustStore: trustStore, directory: layout.revocation)
        let loaded = crls.loadFromDisk(at: clock.now())
        for (file, error) in loaded.refused {
            logger.warning("revocation list not loaded", metadata: ["file": "\(file)", "reason": "\(error)"])
        }
        let policy = RevocationPolicy(
            order: settings.revocation.order, scope: .path, onUnknown: settings.revocation.onUnknown)
        let checker = RevocationChecker(
            policy: policy, crls: crls,
            ocsp: OCSPClient(transport: transport, configuration: .init(responder: settings.revocation.responder)),
            alert: report)
        verifier = PKIXVerifier(trustStore: trustStore, revocation: checker)
        // The lists that our own certificates name are the intermediates', which no authority names.
        let named = CRLRefresher.urls(namedBy: trustStore.authorities + certificates)
        refresher = CRLRefresher(
            store: crls, urls: settings.revocation.lists.isEmpty ? named : settings.revocation.lists,
            transport: transport,
            schedule: CRLRefreshSchedule(
                interval: settings.revocation.interval,
                minimumInterval: min(.seconds(300), settings.revocation.interval)),
            clock: clock, alert: report)
        var configuration = WhitelistService.Configuration()
        configuration.schedule.interval = settings.whitelist.interval
        configuration.schedule.jitter = min(configuration.schedule.jitter, settings.whitelist.interval / 12)
        configuration.schedule.firstRetry = settings.whitelist.firstRetry
        configuration.staleAfter = settings.whitelist.staleAfter
        let url =
            settings.whitelist.url
            ?? (settings.identity.trustSpace == .production
                ? HTTPWhitelistSource.productionURL : HTTPWhitelistSource.testURL)
        do {
            whitelist = WhitelistService(
                source: HTTPWhitelistSource(url: url, transport: transport),
                store: FileWhitelistStore(directory: layout.whitelist),
                verifier: try WhitelistVerifier(trustStore: trustStore, certificates: verifier),
                configuration: configuration, clock: clock, logger: logger)
        } catch { throw .authorities(reason: error.explanation) }
    }

    static func authorities(_ settings: TrustSettings) throws(OperatorFailure) -> TrustStore {
        do throws(TrustStoreError) { return try TrustStore(contentsOf: settings.authorities) } catch {
            throw .authorities(reason: error.explanation)
        }
    }

    /// Whom HTTPS servers are believed by; none: the system's authorities.
    static func roots(_ files: [String]) throws(OperatorFailure) -> HTTPTransportConfiguration.TrustRoots {
        guard !files.isEmpty else { return .system }
        do throws(TrustStoreError) {
            return .der(try TrustStore(contentsOf: files).authorities.map(\.der))
        } catch { throw .http(reason: error.explanation) }
    }

    /// How users are told things outside the trust space.
    func channel(_ settings: TaskSettings) -> (any NotificationChannel)? {
        if let url = settings.noticeURL { return WebhookNotificationChannel(transport: transport, url: url) }
        return settings.noticeFile.map { FileNotificationChannel(path: $0) }
    }

    /// Takes over authorities that changed on the disk.
    func reload(_ settings: TrustSettings) throws(OperatorFailure) {
        verifier.trustStore = try TrustServices.authorities(settings)
    }

    /// Closes the connections.
    func close() async { try? await transport.shutDown() }
}

/// Counts of revocation's alerts, by kind.
final class RevocationAlerts: Sendable {
    struct Counts: Sendable {
        var softFailed = 0
        var notFetched = 0
        var refused = 0
    }

    private let counts = Guarded(Counts())

    var snapshot: Counts { counts.withLock { $0 } }

    func note(_ alert: RevocationAlert) {
        counts.withLock { counts in
            switch alert {
            case .softFailed: counts.softFailed += 1
            case .crlNotFetched: counts.notFetched += 1
            case .crlRefused: counts.refused += 1
            }
        }
    }
}
