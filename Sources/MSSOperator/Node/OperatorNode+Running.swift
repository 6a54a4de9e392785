import Logging
import MSSAccounts
import MSSConnector
import MSSCore
import MSSStore
import MSSTLS
import MSSTraces
import MSSWhitelist
import ServiceLifecycle
import UnixSignals

extension OperatorNode {
    /// Listens everywhere; called by ``run(onSignals:)`` where it was not before.
    ///
    /// - Throws: ``OperatorFailure`` when a port or a socket is taken.
    public func start() async throws {
        let settings = settings
        do { try await connector.start() } catch let failure as ClientEntryFailure {
            throw OperatorFailure.port(
                address: failure.addresses.joined(separator: ", "), reason: FrenchReason.of(failure.cause))
        } catch let failure as OperatorFailure { throw failure } catch {
            throw OperatorFailure.port(address: settings.inbound.address.text, reason: FrenchReason.of(error))
        }
        if servers.withLock({ $0.admin == nil }) {
            let admin = try await AdminServer.start(self)
            servers.withLock { $0.admin = admin }
        }
        if servers.withLock({ $0.observation == nil }) {
            let observation = try await ObservationServer.start(self)
            servers.withLock { $0.observation = observation }
        }
        if let address = settings.apiLPS.autoconfiguration, servers.withLock({ $0.autoconfiguration == nil }) {
            let server = try await AutoconfigurationServer.start(self, at: address)
            servers.withLock { $0.autoconfiguration = server }
        }
    }

    /// Works until ``stop()``, or SIGTERM or SIGINT where signals are listened to; SIGHUP reloads. Then everything is
    /// closed; a node runs once.
    public func run(onSignals: Bool = true) async throws {
        do { try await start() } catch {
            await close()
            throw error
        }
        // Stopped in the other order: no new connection, then no further attempt, then what serves both.
        var services: [any Service] = [
            ClosureService { [self] in await until { [self] in await trust.refresher.run() } },
            ClosureService { [self] in await until { [self] in await trust.whitelist.run() } },
            ClosureService { [self] in await until { [self] in await observe() } },
            ClosureService { [self] in await until { [self] in try? await watchCertificates() } },
            ClosureService { [self] in await until { [self] in try? await watchClock() } },
            // Ends with stop(), and the group with it: also when that was called before anything ran.
            ClosureService { [self] in await until { [self] in for await _ in stopping {} } },
            ConnectorService(connector: connector),
        ]
        if onSignals { services.append(ReloadService(node: self)) } else { isReady() }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: onSignals ? [.sigterm, .sigint] : [], logger: logger))
        let result: Result<Void, any Error>
        do {
            try await group.run()
            result = .success(())
        } catch { result = .failure(error) }
        SystemNotice.send("STOPPING=1")
        await close()
        try result.get()
    }

    /// Asks ``run(onSignals:)`` to end: no new connection, what is under way ends within the settings' time.
    public func stop() { stopper.finish() }

    /// Everything listens and signals are heeded: whoever started the process may go on.
    fileprivate func isReady() {
        logger.info("running", metadata: ["address": "\(address.map { "\($0)" } ?? "-")"])
        SystemNotice.send("READY=1")
    }

    /// Closes everything; what was acknowledged stays on the disk.
    public func close() async {
        let open = servers.withLock { servers in
            defer { servers = NodeServers() }
            return servers
        }
        await open.admin?.stop()
        await open.observation?.stop()
        await open.autoconfiguration?.stop()
        await spool.close()
        await mail.close()
        await (quarantine as? SealedQuarantine)?.close()
        await (jobs as? SQLiteLedgers)?.close()
        try? await repository.close()
        await clients.close()
        await trust.close()
        do { try await traces.close() } catch { logger.error("traces not closed", metadata: ["error": "\(error)"]) }
        logger.info("stopped")
    }

    /// Runs something that only cancellation ends, until the group stops.
    private func until(_ body: @escaping @Sendable () async -> Void) async {
        await cancelWhenGracefulShutdown { await body() }
    }

    // MARK: Watching

    /// Writes into the log what happens that somebody may have to act on.
    private func observe() async {
        let logger = logger
        await withTaskGroup(of: Void.self) { [connector, trust] group in
            let events = connector.events.events()
            let changes = trust.whitelist.events()
            group.addTask { for await event in events { NodeLog.write(event, to: logger) } }
            group.addTask {
                for await change in changes {
                    NodeLog.write(change, to: logger)
                    await connector.trace(NodeLog.traces(of: change))
                }
            }
        }
    }

    /// EX_SSI_5085: warns of certificates that are to be renewed.
    private func watchCertificates() async throws {
        let (logger, certificates) = (logger, certificates)
        try await ExpiryWatch.run(clock: clock) {
            certificates.withLock { $0 }.map { ($0.name, $0.certificate) }
        } report: { warning in
            logger.warning(
                "certificate expires",
                metadata: ["certificate": "\(warning.label)", "explication": "\(warning.explanation)"])
        }
    }
}

/// The mail flow as a service: told to stop, it ends what is under way.
private struct ConnectorService: Service {
    let connector: Operator

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await connector.run()
        } onGracefulShutdown: {
            connector.stop()
        }
    }
}

/// Reloads at SIGHUP.
private struct ReloadService: Service {
    let node: OperatorNode

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        node.isReady()
        for await _ in signals.cancelOnGracefulShutdown() {
            SystemNotice.send("RELOADING=1")
            await node.reload(by: .system("SIGHUP"))
            SystemNotice.send("READY=1")
        }
    }
}
