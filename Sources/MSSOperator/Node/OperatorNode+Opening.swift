public import Logging
import MSSAccounts
import MSSConnector
public import MSSCore
import MSSDNS
import MSSPolicy
import MSSStore
import MSSTLS
import MSSTraces
import MSSWhitelist

extension OperatorNode {
    /// Opens stores and services; nothing listens and nothing is sent yet.
    ///
    /// - Parameters:
    ///   - file: where the settings came from, so that a reload reads them again.
    ///   - sockets: what systemd passed.
    /// - Throws: `ExplainedFailure`: ``OperatorFailure``, `StoreError`, `TraceError`, `TLSConfigurationFailure`; what was
    ///   opened is closed again.
    public static func open(
        _ settings: OperatorSettings, file: String? = nil, clock: any WallClock = SystemWallClock(),
        sockets: PassedSockets = PassedSockets(), logger: Logger = Logger(label: "mssante.operator")
    ) async throws -> OperatorNode {
        let layout = OperatorLayout(settings.data.folder)
        try layout.make()
        let identities = try Identities.load(settings.certificates)
        let trust = try TrustServices(
            settings, layout, own: identities.flatMap(\.tls.chain), clock: clock, logger: logger)
        let closing = Closing()
        closing.add { await trust.close() }
        do {
            let parts = try await open(settings, file, layout, identities, trust, clock, sockets, logger, closing)
            let node = try OperatorNode(parts)
            // Verified lists of earlier runs answer from the first connection on (EX_2.2_5035).
            await trust.whitelist.loadCopy()
            return node
        } catch {
            await closing.run()
            throw error
        }
    }

    private static func open(
        _ settings: OperatorSettings, _ file: String?, _ layout: OperatorLayout, _ identities: [OperatorIdentity],
        _ trust: TrustServices, _ clock: any WallClock, _ sockets: PassedSockets, _ logger: Logger, _ closing: Closing
    ) async throws -> NodeParts {
        let master = try await masterKey(settings.data)
        let clientIdentities = try Identities.load(settings.apiLPS.certificates)
        let clients = try await ClientServices.open(settings, layout, master, clock)
        closing.add { await clients.close() }
        let traces = try await openTraces(settings, layout, identities, clock, logger)
        closing.add { try? await traces.close() }
        var queue = settings.data.spool
        queue.onNotice = { logger.warning("queue", metadata: ["notice": "\($0)"]) }
        let spool: Spool
        do { spool = try await Spool.open(layout.queue, master: master, configuration: queue) } catch let error
            as StoreError where error.isDamage
        { throw OperatorFailure.queue(reason: error.explanation) }
        closing.add { await spool.close() }
        let mail = try await MailStore.open(layout.mail, master: master, configuration: settings.data.mail)
        closing.add { await mail.close() }
        let repository = try SQLiteAccountRepository(path: layout.accounts)
        closing.add { try? await repository.close() }
        let quarantine = try await SealedQuarantine.open(
            layout.quarantine, master: master, configuration: settings.data.quarantine)
        closing.add { await quarantine.close() }
        for path in quarantine.damaged { logger.error("quarantine: damaged", metadata: ["file": "\(path)"]) }
        let ledgers = try await SQLiteLedgers.open(layout.ledgerFile)
        closing.add { await ledgers.close() }
        if let path = ledgers.replaced { logger.error("ledgers: damaged, begun anew", metadata: ["file": "\(path)"]) }
        let (accounts, index) = try await openAccounts(settings, repository, trust, mail, traces, clock)
        return NodeParts(
            settings: settings, file: file, layout: layout, sockets: sockets, clock: clock, logger: logger,
            identities: identities, clientIdentities: clientIdentities, traces: traces, spool: spool, mail: mail,
            repository: repository,
            accounts: accounts, index: index, trust: trust, clients: clients, resolver: try resolver(settings.dns),
            scanner: scanner(settings.antivirus), quarantine: quarantine, jobs: ledgers, replies: ledgers)
    }

    // MARK: Parts

    static func masterKey(_ settings: DataSettings) async throws -> StoreMasterKey {
        guard let path = settings.masterKey else {
            return try await StoreMasterKey.command(settings.masterKeyCommand)
        }
        return try StoreMasterKey.file(path)
    }

    private static func openTraces(
        _ settings: OperatorSettings, _ layout: OperatorLayout, _ identities: [OperatorIdentity],
        _ clock: any WallClock, _ logger: Logger
    ) async throws -> TraceStore {
        var configuration = settings.journal(clock)
        configuration.onNotice = { logger.warning("traces", metadata: ["notice": "\($0)"]) }
        return try await TraceStore.open(
            layout.traces, signer: try Identities.sealer(settings.traces, identities), configuration: configuration)
    }

    private static func openAccounts(
        _ settings: OperatorSettings, _ repository: SQLiteAccountRepository, _ trust: TrustServices,
        _ mail: MailStore, _ traces: TraceStore, _ clock: any WallClock
    ) async throws -> (Accounts, RightsIndex) {
        let rights = RightsRules(terms: settings.termsOfUse)
        let index = try await RightsIndex(
            repository, rights: rights,
            freshness: .init(interval: settings.tasks.accountRefresh, limit: settings.tasks.accountLimit))
        let whitelist = trust.whitelist
        let context = PolicyContext(
            version: settings.identity.version, trustSpace: settings.identity.trustSpace,
            operatorHasFINESS: settings.identity.hasFINESS)
        let informer = MailboxInformer(
            repository: repository, drop: mail, author: settings.identity.postmaster.address,
            authorName: settings.identity.authorName, clock: clock)
        let accounts = Accounts(
            repository: repository,
            rules: PolicyAccountRules(context: context) { whitelist.contains($0) },
            journal: TracedAccountChanges(traces), informer: informer, index: index, rights: rights,
            firstUse: settings.firstUse, clock: clock)
        return (accounts, index)
    }

    static func resolver(_ settings: DNSSettings) throws(OperatorFailure) -> UnboundResolver {
        var configuration = UnboundConfiguration()
        if !settings.resolvers.isEmpty { configuration.upstream = .forwarders(settings.resolvers) }
        configuration.timeout = settings.timeout
        configuration.maximumTimeToLive = Int(max(1, settings.longestTimeToLive.components.seconds))
        do throws(DNSFailure) { return try UnboundResolver(configuration) } catch {
            throw .resolver(reason: error.explanation)
        }
    }

    static func scanner(_ settings: AntivirusSettings) -> ClamAVScanner? {
        let address: ClamAVScanner.Address
        switch settings.address {
        case .tcp(let host, let port): address = .tcp(host: host, port: port)
        case .unix(let path): address = .unix(path: path)
        case .systemd, nil: return nil
        }
        return ClamAVScanner(address, maximumSize: settings.maximumSize, timeout: settings.timeout)
    }
}

/// What is to be closed when the rest cannot be opened, the last opened first.
private final class Closing: Sendable {
    private let steps = Guarded<[@Sendable () async -> Void]>([])

    func add(_ step: @escaping @Sendable () async -> Void) { steps.withLock { $0.append(step) } }

    func run() async { for step in steps.withLock({ $0 }).reversed() { await step() } }
}

extension OperatorSettings {
    /// How the journal of these settings is opened, by the service and by commands that run while it does not.
    func journal(_ clock: any WallClock) -> TraceConfiguration {
        TraceConfiguration(
            version: identity.version, patientAddresses: traces.patientAddresses, clock: clock,
            anchors: traces.anchors.map { FileTraceAnchor(folder: $0) })
    }
}
