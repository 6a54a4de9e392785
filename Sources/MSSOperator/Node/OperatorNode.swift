public import Logging
public import MSSAccounts
public import MSSConnector
public import MSSCore
import MSSDNS
public import MSSStore
import MSSTLS
public import MSSTraces
public import NIOCore

/// A working operator: what the settings name, put together and run.
///
/// ``open(settings:file:clock:sockets:logger:)`` makes stores, services and the connector; ``run(onSignals:)`` works until
/// it is told to stop and closes everything. Several may live in one process, each with a data folder of its own.
public final class OperatorNode: Sendable {
    /// What lies where.
    public let layout: OperatorLayout
    /// Messages on their way.
    public let spool: Spool
    /// Messages in mailboxes.
    public let mail: MailStore
    /// Accounts.
    public let accounts: Accounts
    /// Accounts in memory, for decisions.
    public let index: RightsIndex
    /// Traces.
    public let traces: TraceStore
    /// Whom the operator believes.
    public let trust: TrustServices
    /// What was blocked.
    public let quarantine: any Quarantine
    /// When jobs ran.
    public let jobs: any JobLedger
    /// The mail flow.
    public let connector: Operator
    /// The present.
    public let clock: any WallClock
    /// When it was opened.
    public let opened: Timestamp
    /// Logs.
    public let logger: Logger
    /// The settings file, which a reload reads again; `nil` for settings that came otherwise.
    public let file: String?

    let clients: ClientServices
    let scanner: ClamAVScanner?
    let resolver: UnboundResolver
    let repository: SQLiteAccountRepository
    let sockets: PassedSockets
    /// The settings in force; a reload replaces them.
    let held: Guarded<OperatorSettings>
    /// The certificates in use, by name.
    let certificates: Guarded<[(name: String, certificate: Certificate)]>
    let servers = Guarded<NodeServers>(NodeServers())
    let stopping: AsyncStream<Never>
    let stopper: AsyncStream<Never>.Continuation

    /// The settings in force.
    public var settings: OperatorSettings { held.withLock { $0 } }

    init(_ parts: NodeParts) throws {
        (stopping, stopper) = AsyncStream.makeStream(of: Never.self)
        layout = parts.layout
        spool = parts.spool
        mail = parts.mail
        accounts = parts.accounts
        index = parts.index
        repository = parts.repository
        traces = parts.traces
        trust = parts.trust
        clients = parts.clients
        quarantine = parts.quarantine
        jobs = parts.jobs
        scanner = parts.scanner
        resolver = parts.resolver
        clock = parts.clock
        logger = parts.logger
        file = parts.file
        sockets = parts.sockets
        opened = parts.clock.now()
        held = Guarded(parts.settings)
        certificates = Guarded(
            (parts.identities + parts.clientIdentities).map { ($0.name, $0.tls.chain[0]) })
        connector = try Operator(
            parts.configuration(), parts.services(), logger: parts.logger)
    }

    /// Where other operators reach this one, once it listens.
    public var address: SocketAddress? { connector.address }

    /// Where metrics and health are served, once they are.
    public var observationAddress: SocketAddress? { servers.withLock { $0.observation }?.address }

    /// Traces something that an administrator or the process itself did. What cannot be kept now is kept later, before
    /// any further message is taken (decision 0161).
    public func trace(_ events: [TraceEvent]) async { await connector.trace(events) }
}

/// The small servers of a node.
struct NodeServers: Sendable {
    var admin: AdminServer?
    var observation: LocalHTTPServer?
    var autoconfiguration: LocalHTTPServer?
}
