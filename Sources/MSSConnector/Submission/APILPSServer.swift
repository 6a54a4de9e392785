import Logging
import MSSCore
import MSSIMAP
import MSSPolicy
import MSSSASL
import MSSSMTP
import MSSTLS
import NIOCore

/// The entry points for client software at work: submission and reading, each for persons and for applications.
final class APILPSServer: Sendable {
    /// What the entry points are made of.
    struct Parts {
        /// Judges the certificates of applications: path, dates, revocation (EX_LPS_1200 step 1).
        var verifier: any PeerVerifier
        var gate: AccessGate
        var submission: SubmissionService
        /// Where the mail is; needed where it is read.
        var mailboxes: (any MailboxBackend)?
        var group: any EventLoopGroup
        var logger: Logger
    }

    private struct Servers {
        var submission: SMTPServer?
        var reading: IMAPServer?
    }

    private let settings: APILPSConfiguration
    private let identities: [OperatorIdentity]
    private let submissionPoints: [SMTPEntryPoint]
    private let readingPoints: [IMAPEntryPoint]
    private let persons: ReloadableTLSContext
    private let applications: ReloadableTLSContext
    private let reading: ReadingJournal
    private let parts: Parts
    private let servers = Guarded(Servers())

    init(_ settings: APILPSConfiguration, _ configuration: OperatorConfiguration, _ parts: Parts) throws {
        precondition(!settings.opensReading || parts.mailboxes != nil, "entry points to read, and no mail")
        self.settings = settings
        self.parts = parts
        identities = settings.identities.isEmpty ? [configuration.identities[0]] : settings.identities
        let own = identities
        func context(_ clients: TLSConfiguration.ClientAuthentication) throws -> ReloadableTLSContext {
            // EX_LPS_0100, EX_LPS_0200.
            var tls = TLSConfiguration.server(
                policy: .apiLPS(configuration.rules.context.version), identity: own[0].tls,
                clientAuthentication: clients, limits: configuration.tlsLimits)
            for identity in own {
                for name in identity.serverNames { tls.identitiesByServerName[name.ascii] = identity.tls }
            }
            return ReloadableTLSContext(try TLSContext(tls))
        }
        persons = try context(.none)
        applications = try context(.required(parts.verifier))
        let contexts: [AccessAttempt.EntryPoint: ReloadableTLSContext] = [
            .proSanteConnect: persons, .structureCertificate: applications,
        ]
        let points: [(AccessAttempt.EntryPoint, APILPSConfiguration.EntryPoint?, APILPSConfiguration.EntryPoint?)] = [
            (.proSanteConnect, settings.submissionPSC, settings.imapPSC),
            (.structureCertificate, settings.submissionCertificate, settings.imapCertificate),
        ]
        let size = configuration.rules.limits.maximumSize
        submissionPoints = points.compactMap { kind, point, _ in
            point.map { Self.submission($0, kind, settings, size, contexts[kind], parts) }
        }
        let journal = ReadingJournal(parts.submission.flow.journal)
        reading = journal
        readingPoints = points.compactMap { kind, _, point in
            guard let point, let mailboxes = parts.mailboxes else { return nil }
            let backend = ReadingBackend(base: mailboxes, flow: parts.submission.flow, journal: journal)
            return Self.reading(point, kind, settings, size, contexts[kind], backend, parts.gate)
        }
    }

    // MARK: Entry points

    private static func name(_ service: AccessAttempt.Service, _ kind: AccessAttempt.EntryPoint) -> String {
        "lps-\(service.rawValue)-\(kind.rawValue)"
    }

    private static func submission(
        _ point: APILPSConfiguration.EntryPoint, _ kind: AccessAttempt.EntryPoint, _ settings: APILPSConfiguration,
        _ size: Int, _ tls: ReloadableTLSContext?, _ parts: Parts
    ) -> SMTPEntryPoint {
        var session: SMTPSessionConfiguration =
            kind == .proSanteConnect
            ? .submissionPSC(serverName: point.host.ascii) : .submissionCertificate(serverName: point.host.ascii)
        session.mechanisms = parts.gate.mechanisms(of: kind)
        session.limits = settings.sessionLimits
        session.limits.messageSize = size
        return SMTPEntryPoint(
            name: name(.submission, kind), address: point.address, session: session, tls: tls,
            backend: SubmissionBackend(gate: parts.gate, submission: parts.submission, entryPoint: kind))
    }

    private static func reading(
        _ point: APILPSConfiguration.EntryPoint, _ kind: AccessAttempt.EntryPoint, _ settings: APILPSConfiguration,
        _ size: Int, _ tls: ReloadableTLSContext?, _ backend: ReadingBackend, _ gate: AccessGate
    ) -> IMAPEntryPoint {
        // IMAP's own `LOGIN` stands beside `PLAIN`; as a mechanism it has none.
        var session = IMAPSessionConfiguration(
            serverName: point.host.ascii, mechanisms: gate.mechanisms(of: kind).filter { $0 != .login })
        session.limits = settings.imapSessionLimits
        session.limits.appendSize = max(size, session.limits.appendSize)
        return IMAPEntryPoint(
            name: name(.imap, kind), address: point.address, session: session, tls: tls,
            authenticator: ReadingAuthenticator(gate: gate, entryPoint: kind), backend: backend)
    }

    // MARK: Work

    func start() async throws {
        guard servers.withLock({ $0.submission == nil && $0.reading == nil }) else { return }
        var started = Servers()
        if !submissionPoints.isEmpty {
            do {
                started.submission = try await SMTPServer.start(
                    submissionPoints, limits: settings.serverLimits, group: parts.group, logger: parts.logger)
            } catch { throw ClientEntryFailure(submissionPoints.map { "\($0.address)" }, error) }
        }
        if !readingPoints.isEmpty {
            do {
                started.reading = try await IMAPServer.start(
                    readingPoints, limits: settings.imapServerLimits, group: parts.group, logger: parts.logger)
            } catch {
                await started.submission?.shutDown(grace: .zero)
                throw ClientEntryFailure(readingPoints.map { "\($0.address)" }, error)
            }
        }
        servers.withLock { [started] in $0 = started }
    }

    func address(of service: AccessAttempt.Service, _ kind: AccessAttempt.EntryPoint) -> SocketAddress? {
        let servers = servers.withLock { $0 }
        let name = Self.name(service, kind)
        return service == .submission ? servers.submission?.address(of: name) : servers.reading?.address(of: name)
    }

    func connections(_ service: AccessAttempt.Service) -> Int {
        let servers = servers.withLock { $0 }
        return (service == .submission ? servers.submission?.connections : servers.reading?.connections) ?? 0
    }

    /// What persons' software is shown in TLS.
    var tls: TLSContext { persons.current }

    /// A certificate was renewed (EX_SSI_5085).
    func renew(_ identity: OperatorIdentity) throws {
        guard let index = identities.firstIndex(where: { $0.name == identity.name }) else { return }
        for context in [persons, applications] {
            try context.update { tls in
                if index == 0 { tls.identity = identity.tls }
                for name in identity.serverNames { tls.identitiesByServerName[name.ascii] = identity.tls }
            }
        }
    }

    func shutDown(grace: Duration) async {
        let servers = servers.withLock { $0 }
        async let submission: Void? = servers.submission?.shutDown(grace: grace)
        await servers.reading?.shutDown(grace: grace)
        await submission
        // What was shown in the last second.
        await reading.flush()
    }
}

/// An entry point of client software cannot be listened at.
public struct ClientEntryFailure: Error {
    /// The entry points of the server that did not start.
    public let addresses: [String]
    /// Why.
    public let cause: any Error

    init(_ addresses: [String], _ error: any Error) {
        self.addresses = addresses
        cause = error
    }
}
