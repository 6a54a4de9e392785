import MSSAccounts
import MSSCore
import MSSDNS
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTLS
import MSSWhitelist

extension Operator {
    /// When a delivery into a mailbox of ours is tried again: what stands in its way is our own trouble, looked at again
    /// after five minutes at most.
    static func localSchedule(_ schedule: RetrySchedule) -> RetrySchedule {
        var schedule = schedule
        schedule.longest = max(schedule.first, min(schedule.longest, .seconds(300)))
        return schedule
    }

    /// TLS of the entry point: mutual, always (EX_3.1_5020).
    static func entryContext(
        _ configuration: OperatorConfiguration, _ verifier: any PeerVerifier, clock: any WallClock
    ) throws(TLSConfigurationFailure) -> TLSContext {
        var tls = TLSConfiguration.server(
            policy: .operator(configuration.rules.context.version), identity: configuration.identities[0].tls,
            clientAuthentication: .required(verifier), limits: configuration.tlsLimits, clock: clock)
        for identity in configuration.identities {
            for name in identity.serverNames { tls.identitiesByServerName[name.ascii] = identity.tls }
        }
        return try TLSContext(tls)
    }

    /// What sends with one certificate.
    struct Outbound {
        var name: String
        var tls: ReloadableTLSContext
        var pool: SMTPClientPool
        var agent: OutboundDelivery.Agent
    }

    /// What sends to other operators: for each certificate a pool of sessions, which nothing of another's is sent over.
    static func outbound(
        _ configuration: OperatorConfiguration, _ services: OperatorServices, _ verifier: any PeerVerifier,
        _ report: @escaping @Sendable (PeerIncident) -> Void
    ) throws -> [Outbound] {
        let judge = PeerJudge(whitelist: services.whitelist, report: report)
        let router = DNSMailRouter(
            services.resolver, ownNames: [try DNSName(configuration.serverName)],
            families: configuration.addressFamilies)
        var parts: [Outbound] = []
        for identity in configuration.identities {
            let tls = ReloadableTLSContext(
                try TLSContext(
                    .client(
                        policy: .operator(configuration.rules.context.version), identity: identity.tls,
                        verifier: verifier, limits: configuration.tlsLimits, clock: services.clock)))
            // Between operators the DN counts, not the host's name (§6.7.2.1 steps 5 and 6).
            let client = SMTPClientConfiguration(
                session: SMTPClientSessionConfiguration(
                    clientName: .domain(configuration.serverName), timeouts: configuration.timeouts,
                    refusesOwnName: true),
                tls: tls, comparesServerName: false, checkPeer: { judge.refusal(of: $0) }, group: services.group)
            let pool = SMTPClientPool { _ in client }
            let agent = DeliveryAgent(
                router: router, sender: pool, port: configuration.deliveryPort,
                ownAddresses: configuration.ownAddresses)
            parts.append(
                Outbound(
                    name: identity.name, tls: tls, pool: pool,
                    agent: OutboundDelivery.Agent(
                        certificateName: identity.tls.chain[0].subject, attempting: agent)))
        }
        return parts
    }

    /// The operator's jobs.
    static func jobs(
        _ configuration: OperatorConfiguration, _ services: OperatorServices, _ flow: MailFlow, _ events: EventHub,
        _ daily: DailyRound
    ) -> [ScheduledJob] {
        var jobs = services.furtherJobs
        let answers = AutomaticReplyMailboxes(
            domains: configuration.rules.domains.sorted(), directory: services.directory, accounts: services.accounts,
            holder: configuration.automaticReplyHolder, events: events)
        // More often than daily: a domain must not be without one for a day.
        jobs.append(
            ScheduledJob("boites-de-reponse-automatique", .every(.seconds(3600))) { _ in try await answers.ensure() })
        guard let accounts = services.accounts else { return jobs }
        let whitelist = services.whitelist
        let round = LifecycleJob(
            accounts: accounts, drop: services.mailboxes, channel: services.notifications,
            isTrusted: { whitelist.contains($0) }, author: flow.author, events: events, clock: services.clock,
            zoneMinutes: configuration.zoneMinutes, lifecycle: Lifecycle(messageDays: configuration.messageDays))
        jobs.append(daily.scheduled(round))
        jobs.append(
            ScheduledJob("traces-des-comptes", .every(.seconds(300))) { _ in
                try await accounts.deliverChanges()
                try await accounts.deliverInformation()
            })
        return jobs
    }
}
