import Logging
import MSSCore
import MSSPolicy
import MSSSMTP
import MSSTLS
import NIOCore

/// The submission entry points at work.
final class APILPSServer: Sendable {
    private struct Point {
        var kind: AccessAttempt.EntryPoint
        var entryPoint: SMTPEntryPoint
        var tls: ReloadableTLSContext
        var isOperatorIdentity: Bool
    }

    private let points: [Point]
    private let limits: SMTPServerLimits
    private let group: any EventLoopGroup
    private let logger: Logger
    private let server = Guarded<SMTPServer?>(nil)

    /// - Parameters:
    ///   - verifier: judges the certificates of applications: path, dates, revocation (EX_LPS_1200 step 1).
    init(
        _ settings: APILPSConfiguration, _ configuration: OperatorConfiguration, verifier: any PeerVerifier,
        gate: AccessGate, submission: SubmissionService, group: any EventLoopGroup, logger: Logger
    ) throws {
        limits = settings.serverLimits
        self.group = group
        self.logger = logger
        var points: [Point] = []
        func add(
            _ point: APILPSConfiguration.EntryPoint?, _ kind: AccessAttempt.EntryPoint,
            _ clients: TLSConfiguration.ClientAuthentication
        ) throws {
            guard let point else { return }
            let tls = ReloadableTLSContext(
                try TLSContext(
                    .server(
                        // EX_LPS_0100, EX_LPS_0200.
                        policy: .apiLPS(configuration.rules.context.version),
                        identity: point.identity ?? configuration.identities[0].tls, clientAuthentication: clients,
                        limits: configuration.tlsLimits)))
            var session: SMTPSessionConfiguration =
                kind == .proSanteConnect
                ? .submissionPSC(serverName: point.host.ascii) : .submissionCertificate(serverName: point.host.ascii)
            session.mechanisms = gate.mechanisms(of: kind)
            session.limits = settings.sessionLimits
            session.limits.messageSize = configuration.rules.limits.maximumSize
            let backend = SubmissionBackend(gate: gate, submission: submission, entryPoint: kind)
            points.append(
                Point(
                    kind: kind,
                    entryPoint: SMTPEntryPoint(
                        name: "lps-\(kind.rawValue)", address: point.address, session: session, tls: tls,
                        backend: backend), tls: tls, isOperatorIdentity: point.identity == nil))
        }
        try add(settings.submissionPSC, .proSanteConnect, .none)
        try add(settings.submissionCertificate, .structureCertificate, .required(verifier))
        self.points = points
    }

    func start() async throws {
        guard !points.isEmpty, server.withLock({ $0 == nil }) else { return }
        let started = try await SMTPServer.start(
            points.map(\.entryPoint), limits: limits, group: group, logger: logger)
        server.withLock { $0 = started }
    }

    func address(of kind: AccessAttempt.EntryPoint) -> SocketAddress? {
        server.withLock { $0 }?.address(of: "lps-\(kind.rawValue)")
    }

    /// The operator's first certificate was renewed (EX_SSI_5085).
    func renew(_ identity: TLSIdentity) throws {
        for point in points where point.isOperatorIdentity { try point.tls.update { $0.identity = identity } }
    }

    func shutDown(grace: Duration) async { await server.withLock { $0 }?.shutDown(grace: grace) }
}
