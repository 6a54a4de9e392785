public import Logging
import MSSAccounts
import MSSCore
import MSSDNS
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTLS
public import MSSTraces
import MSSWhitelist
public import NIOCore

/// An operator at work: its entry point for other operators, deliveries into mailboxes and to other operators, jobs.
///
/// `run()` is one service: it ends when ``stop()`` is called, gracefully, or when its task is cancelled, at once. Nothing
/// is lost either way: what was acknowledged is in the spool, or in its mailbox.
public final class Operator: Sendable {
    /// What happens that somebody may have to act on.
    public let events: EventHub
    /// What is counted.
    public let metrics: ConnectorMetrics
    /// Takes messages from this operator's own.
    public let submission: SubmissionService
    /// Opens mailboxes to client software, for every protocol.
    public let accessGate: AccessGate
    /// The jobs.
    public let scheduler: Scheduler
    private let round: DailyRound
    private let reportIncident: @Sendable (PeerIncident) -> Void

    private let configuration: OperatorConfiguration
    private let services: OperatorServices
    let flow: MailFlow
    private let logger: Logger
    private let entryTLS: ReloadableTLSContext
    let apiLPS: APILPSServer?
    private let outbound: [(name: String, tls: ReloadableTLSContext, pool: SMTPClientPool)]
    private let runners: [DeliveryRunner]
    private let incidents: AsyncStream<PeerIncident>
    private let server = Guarded<SMTPServer?>(nil)
    private let stopping: AsyncStream<Never>
    private let stopper: AsyncStream<Never>.Continuation

    /// An operator; nothing happens before ``start()`` or ``run()``.
    ///
    /// - Throws: `TLSConfigurationFailure` when certificate and key do not match, for example.
    public init(
        _ configuration: OperatorConfiguration, _ services: OperatorServices,
        logger: Logger = Logger(label: "mssante.connector")
    ) throws {
        let events = EventHub()
        let metrics = ConnectorMetrics()
        let clock = services.clock
        let rules = configuration.rules
        self.configuration = configuration
        self.services = services
        self.events = events
        self.metrics = metrics
        self.logger = logger
        (stopping, stopper) = AsyncStream.makeStream(of: Never.self)

        let journal = ExchangeJournal(
            recorder: services.traces, metrics: metrics, events: events,
            detector: AnomalyDetector(configuration.anomalies), clock: clock, logger: logger)
        let waker = Waker()
        let queue = ObservedQueue(
            base: services.spool.queue, metrics: metrics, domains: rules.domains, logger: logger,
            wake: { waker.wake() })
        let screening = services.scanner.map {
            Screening(
                scanner: $0, policy: configuration.screening, quarantine: services.quarantine, clock: clock,
                events: events)
        }
        let author = MSSMessage.Mailbox(name: configuration.authorName, rules.postmaster.address)
        flow = MailFlow(
            rules: rules, whitelist: services.whitelist,
            accounts: LocalAccounts(
                directory: services.directory, drop: services.mailboxes, postmaster: rules.postmaster),
            intake: MessageIntake(spool: services.spool, screening: screening, metrics: metrics), journal: journal,
            metrics: metrics, clock: clock, host: configuration.serverName, author: author,
            dressesNotices: configuration.dressesNotices, zoneMinutes: configuration.zoneMinutes, queue: queue,
            wake: { waker.wake() }, direct: DirectDelivery(limit: configuration.directDelivery))
        let submission = SubmissionService(flow: flow)
        self.submission = submission
        let gate = AccessGate(
            flow: flow, tokens: services.tokens, alternative: services.alternativeLogin, accounts: services.accounts)
        accessGate = gate

        let (incidents, incident) = AsyncStream.makeStream(
            of: PeerIncident.self, bufferingPolicy: .bufferingNewest(1024))
        self.incidents = incidents
        let report: @Sendable (PeerIncident) -> Void = { incident.yield($0) }
        reportIncident = report
        let entering = ObservingVerifier(
            services.verifier, accepted: { metrics.shookHands("entree") }, report: report)
        entryTLS = ReloadableTLSContext(try Operator.entryContext(configuration, entering, clock: clock))
        let leaving = ObservingVerifier(
            services.verifier, accepted: { metrics.shookHands("sortie") }, report: report)
        apiLPS = try configuration.apiLPS.map { settings in
            try APILPSServer(
                settings, configuration,
                APILPSServer.Parts(
                    verifier: ObservingVerifier(services.applicationVerifier ?? services.verifier, report: report),
                    gate: gate, submission: submission, mailboxes: services.readableMailboxes, group: services.group,
                    logger: logger))
        }
        let parts = try Operator.outbound(configuration, services, leaving, report)
        outbound = parts.map { ($0.name, $0.tls, $0.pool) }

        let notices = FrenchDeliveryNotices(
            author: author, host: configuration.serverName.ascii, zoneMinutes: configuration.zoneMinutes)
        var local = DeliveryRunner.Configuration(
            schedule: Operator.localSchedule(configuration.retries), poll: configuration.queuePoll)
        // An attempt costs little, and the trouble is our own: when it is over, mail is not to wait for half an hour.
        local.limits = DestinationLimits(
            total: configuration.localDeliveries, perDestination: configuration.localDeliveries,
            firstPause: .seconds(1), longestPause: .seconds(30))
        let remote = DeliveryRunner.Configuration(
            schedule: configuration.retries, limits: configuration.destinations, poll: configuration.queuePoll)
        runners = [
            DeliveryRunner(
                queue: QueueView(base: queue, domains: rules.domains, isLocal: true),
                agent: LocalDelivery(flow: flow, replies: services.replies), notices: notices, configuration: local,
                clock: clock),
            DeliveryRunner(
                queue: QueueView(base: queue, domains: rules.domains, isLocal: false),
                agent: OutboundDelivery(flow: flow, agents: parts.map(\.agent)), notices: notices,
                configuration: remote, clock: clock),
        ]
        waker.runners.withLock { [runners] in $0 = runners }
        let round = DailyRound(
            configuration.dailyRound, ledger: services.jobs, clock: clock, zoneMinutes: configuration.zoneMinutes)
        self.round = round
        scheduler = Scheduler(
            Operator.jobs(configuration, services, flow, events, round), ledger: services.jobs, events: events,
            clock: clock, zoneMinutes: configuration.zoneMinutes)
    }

    // MARK: Running

    /// Begins to listen; called by ``run()`` where it was not before.
    ///
    /// - Throws: the error of the system, for example when the port is taken.
    public func start() async throws {
        guard server.withLock({ $0 == nil }) else { return }
        var session = SMTPSessionConfiguration.operator(serverName: configuration.serverName.ascii)
        session.limits = configuration.sessionLimits
        // EX_GBM_4410: announced is what everybody may send; the backend allows more where the text does.
        session.limits.messageSize = configuration.rules.limits.maximumSize
        let started = try await SMTPServer.start(
            [
                SMTPEntryPoint(
                    name: "operateurs", address: configuration.entryPoint, session: session, tls: entryTLS,
                    backend: InboundBackend(flow: flow, report: reportIncident))
            ], limits: configuration.serverLimits, group: services.group, logger: logger)
        do { try await apiLPS?.start() } catch {
            // All or nothing: who tries again must not find half of it at work.
            await started.shutDown(grace: .zero)
            throw error
        }
        server.withLock { $0 = started }
    }

    /// Where other operators reach this one, once it listens.
    public var address: SocketAddress? { server.withLock { $0 }?.address(of: "operateurs") }

    /// Connections of other operators now.
    public var connections: Int { server.withLock { $0 }?.connections ?? 0 }

    /// Works until ``stop()``, or until the task is cancelled.
    public func run() async throws {
        try await start()
        await flow.journal.trace([TraceEvent(.startComponent, by: .system("connecteur"))])
        let grace = configuration.grace
        await withTaskGroup(of: Bool.self) { group in
            for runner in runners {
                group.addTask {
                    await runner.run()
                    return true
                }
            }
            await withTaskGroup(of: Void.self) { jobs in
                jobs.addTask { await self.scheduler.run() }
                jobs.addTask { await self.recordIncidents() }
                for service in services.background { jobs.addTask { await service() } }
                for await _ in stopping {}  // ends with stop() or the task
                jobs.cancelAll()
            }
            async let clients: Void? = apiLPS?.shutDown(grace: grace)
            await server.withLock { $0 }?.shutDown(grace: grace)
            await clients
            for runner in runners { runner.stop() }
            group.addTask {
                try? await Task.sleep(for: grace)
                return false
            }
            var working = runners.count
            while working > 0, let isRunner = await group.next() {
                // What is under way is broken off, and is due again at once.
                if isRunner { working -= 1 } else { break }
            }
            group.cancelAll()
        }
        for (_, _, pool) in outbound { await pool.close() }
        await flow.journal.trace([TraceEvent(.stopComponent, by: .system("connecteur"))])
    }

    /// Takes no new connection, lets what is under way end within ``OperatorConfiguration/grace``, and makes ``run()``
    /// return.
    public func stop() { stopper.finish() }

    /// Uses a renewed certificate from the next connection on, in both directions (EX_SSI_5085).
    ///
    /// - Throws: `TLSConfigurationFailure`; the former certificate stays then.
    public func renew(_ identity: OperatorIdentity) throws {
        try apiLPS?.renew(identity)
        guard let index = configuration.identities.firstIndex(where: { $0.name == identity.name }) else { return }
        try entryTLS.update { entry in
            if index == 0 { entry.identity = identity.tls }
            for name in identity.serverNames { entry.identitiesByServerName[name.ascii] = identity.tls }
        }
        for (name, tls, _) in outbound where name == identity.name { try tls.update { $0.identity = identity.tls } }
    }

    /// Whether traces are being kept; tries again where they were not.
    public var keepsTraces: Bool { get async { await flow.journal.isWorking() } }

    /// When the daily round was made, and what stands in its way.
    public func roundStatus() async throws -> RoundStatus { try await round.status() }

    /// Takes an administrator's word that the clock shows the right day, after a pause so long, or a last round so far
    /// ahead, that no round is made without it. It is made within a minute then.
    ///
    /// - Returns: what stood in the way; `nil` when nothing did.
    public func confirmRound() async throws -> LifecycleJob.Doubt? { try await round.confirm() }

    /// Has the queue looked at now: somebody changed it from outside.
    public func wake() { flow.wake() }

    /// Traces what happens beside the mail flow. What cannot be kept now waits, and no message is taken before it is kept
    /// (decision 0161).
    public func trace(_ events: [TraceEvent]) async { await flow.journal.trace(events) }

    // MARK: Background

    /// Peers that TLS refused have no session: what is known of them comes here.
    private func recordIncidents() async {
        for await incident in incidents {
            events.send(.peerRefused(incident))
            metrics.refused(incident.requirement)
            metrics.refusedPeer(incident.requirement)
            // Each connection has another port.
            let source = incident.subject ?? incident.address?.split(separator: ":").dropLast().joined(separator: ":")
            var event = TraceEvent(
                .connectPeer, .refused, by: incident.subject.map { .peer($0) } ?? .unauthenticated(claimed: nil),
                means: TraceMeans(channel: "smtp", address: incident.address), authentication: .mutualTLS,
                request: "STARTTLS", reply: TraceText(incident.explanation))
            if let requirement = incident.requirement {
                event.changes.append(TraceChange("exigence", before: nil, after: requirement.rawValue))
            }
            await flow.journal.trace([event])
            await flow.journal.note(.refusedPeer, source ?? "certificat illisible")
        }
    }
}

/// Wakes the runners: made before them, since they are made of what wakes them.
private final class Waker: Sendable {
    let runners = Guarded<[DeliveryRunner]>([])

    func wake() {
        for runner in runners.withLock({ $0 }) { runner.wake() }
    }
}
