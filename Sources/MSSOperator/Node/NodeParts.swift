import Logging
import MSSAccounts
import MSSConnector
import MSSCore
import MSSDNS
import MSSIMAP
import MSSPolicy
import MSSSMTP
import MSSStore
import MSSTLS
import MSSTraces

/// Everything that a node is made of, before the connector.
struct NodeParts {
    let settings: OperatorSettings
    let file: String?
    let layout: OperatorLayout
    let sockets: PassedSockets
    let clock: any WallClock
    let logger: Logger
    let identities: [OperatorIdentity]
    let clientIdentities: [OperatorIdentity]
    let traces: TraceStore
    let spool: Spool
    let mail: MailStore
    let repository: SQLiteAccountRepository
    let accounts: Accounts
    let index: RightsIndex
    let trust: TrustServices
    let clients: ClientServices
    let resolver: UnboundResolver
    let scanner: ClamAVScanner?
    let quarantine: any Quarantine
    let jobs: any JobLedger
    let replies: any ReplyLedger

    // MARK: The connector's configuration

    func configuration() throws(OperatorFailure) -> OperatorConfiguration {
        let context = PolicyContext(
            version: settings.identity.version, trustSpace: settings.identity.trustSpace,
            operatorHasFINESS: settings.identity.hasFINESS)
        let rules = ExchangeRules(
            domains: Set(settings.identity.domains), postmaster: settings.identity.postmaster,
            limits: MessageLimits(maximumSize: settings.identity.maximumSize), context: context)
        var configuration = OperatorConfiguration(
            serverName: settings.identity.serverName, rules: rules, identities: identities,
            entryPoint: try socket(settings.inbound.address))
        configuration.deliveryPort = settings.outbound.port
        configuration.ownAddresses = Set(settings.outbound.ownAddresses.compactMap { IPAddress($0) })
        configuration.addressFamilies = settings.outbound.usesIPv6 ? [.ipv4, .ipv6] : [.ipv4]
        configuration.serverLimits.connections = settings.inbound.connections
        configuration.serverLimits.connectionsPerPeer = settings.inbound.connectionsPerPeer
        let outbound = settings.outbound
        configuration.retries = RetrySchedule(
            first: outbound.firstRetry, longest: max(outbound.firstRetry, outbound.longestRetry),
            lifetime: outbound.lifetime, noticeLifetime: min(RetrySchedule.standard.noticeLifetime, outbound.lifetime),
            delayNotice: outbound.delayNotice)
        configuration.destinations = DestinationLimits(
            total: outbound.attempts, perDestination: outbound.attemptsPerDestination,
            firstPause: min(.seconds(60), outbound.firstRetry), longestPause: min(.seconds(1800), outbound.longestRetry)
        )
        configuration.queuePoll = settings.tasks.queuePoll
        configuration.screening = ScreeningPolicy(
            infected: settings.antivirus.infected, unavailable: settings.antivirus.unavailable,
            tooLarge: settings.antivirus.tooLarge)
        configuration.dailyRound = .daily(
            hour: settings.tasks.dailyRound.hour, minute: settings.tasks.dailyRound.minute)
        configuration.messageDays = settings.data.messageDays
        if let person = settings.identity.automaticReplyResponsible {
            configuration.automaticReplyHolder = (
                PersonID(Int64(person)), settings.identity.automaticReplyStructure
            )
        }
        configuration.authorName = settings.identity.authorName
        configuration.dressesNotices = settings.identity.dressesNotices
        configuration.grace = settings.inbound.grace
        configuration.apiLPS = try apiLPS()
        return configuration
    }

    /// The entry points of client software; `nil` when none is opened.
    private func apiLPS() throws(OperatorFailure) -> APILPSConfiguration? {
        let settings = settings.apiLPS
        guard settings.isOpen else { return nil }
        func point(_ point: LPSEntryPointSettings) throws(OperatorFailure) -> APILPSConfiguration.EntryPoint? {
            guard let host = point.host, let address = point.address else { return nil }
            return .init(host: host, address: try socket(address))
        }
        var configuration = APILPSConfiguration(
            submissionPSC: try point(settings.submissionPSC),
            submissionCertificate: try point(settings.submissionCertificate), imapPSC: try point(settings.imapPSC),
            imapCertificate: try point(settings.imapCertificate))
        configuration.identities = clientIdentities
        configuration.serverLimits.connections = settings.submissionSessions
        configuration.serverLimits.connectionsPerPeer = settings.submissionSessions
        configuration.imapServerLimits.connections = settings.readingSessions
        configuration.imapServerLimits.connectionsPerPeer = settings.readingSessions
        return configuration
    }

    private func socket(_ address: SettingsAddress) throws(OperatorFailure) -> SMTPEntryPoint.Address {
        switch address {
        case .tcp(let host, let port): .tcp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        case .systemd(let name): .inherited(descriptor: try sockets.descriptor(name))
        }
    }

    // MARK: The connector's services

    func services() -> OperatorServices {
        var services = OperatorServices(
            whitelist: trust.whitelist, verifier: trust.verifier, resolver: resolver, spool: ConnectorSpool(spool),
            mailboxes: mail, directory: IndexedAccounts(index), accounts: accounts, traces: traces, jobs: jobs,
            replies: replies, scanner: scanner)
        services.quarantine = quarantine
        services.tokens = clients.tokens
        services.alternativeLogin = clients.alternative
        services.readableMailboxes = StoredMailboxes(mail, clock: clock)
        services.notifications = trust.channel(settings.tasks)
        services.clock = clock
        services.furtherJobs = [sealing, forgetting]
        if let quarantine = quarantine as? SealedQuarantine {
            services.furtherJobs.append(quarantine.expiryJob(clock: clock))
        }
        return services
    }

    /// The names of deliveries are remembered as long as one may come again, not for ever.
    private var forgetting: ScheduledJob {
        let (mail, clock) = (mail, clock)
        return ScheduledJob("oubli-des-remises", .every(.seconds(6 * 3600))) { _ in
            try await mail.forgetDeliveries(at: clock.now())
        }
    }

    /// EX_GDT_5070: once a day the journal is sealed, and what is over its time is erased.
    private var sealing: ScheduledJob {
        let (traces, settings) = (traces, settings.traces)
        let name = "mss-operator"
        return ScheduledJob(
            "scellement-des-traces", .daily(hour: settings.sealing.hour, minute: settings.sealing.minute)
        ) { _ in
            try await traces.seal()
            let reader = TraceReader(traces, policy: TraceAccessList([name: [.erasure]]))
            let retention = TraceRetention(
                functional: .init(.years(settings.functionalYears)), technical: .init(.years(settings.technicalYears)))
            _ = try await reader.endRetention(
                retention,
                TraceAccess(by: TracePerson(identifier: name), for: .operation("fin de conservation (EX_GDT_5070)")))
        }
    }
}
