import Foundation
import MSSCore
import MSSSMTP
import MSSStore
import MSSTLS
import MSSTestKit
import NIOCore

/// A trust space for measures: a sandbox with an operator to measure (`alpha`), a peer (`beta`) and destinations where
/// nobody listens (`mort`).
final class OperatorBenchSpace: Sendable {
    static let recipient = "jeanne.martin@ch-alpha.mssante.fr"
    static let peerSender = "jeanne.martin@ch-beta.mssante.fr"
    static let deadDomains = (0..<50).map { "mort\($0).mssante.fr" }

    let folder: String
    let sandbox: Sandbox
    let running: RunningSandbox
    let pki: TestPKI
    let alpha: SandboxDescription.Operator
    let beta: SandboxDescription.Operator
    /// mss-operator, built beside this program.
    let program: String

    init(_ program: String?) async throws {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        self.program = program ?? own + "/mss-operator"
        guard access(self.program, X_OK) == 0 else {
            throw BenchFailure("no \(self.program): build that product first")
        }
        folder = try TestFiles.temporaryDirectory("mss-bench-operator")
        let plan = SandboxPlan(
            operators: [
                .init("alpha", domains: ["ch-alpha.mssante.fr"]), .init("beta", domains: ["ch-beta.mssante.fr"]),
                .init("mort", domains: Self.deadDomains),
            ], whitelist: .generated(count: 100))
        sandbox = try Sandbox.create(plan, in: folder)
        pki = try sandbox.openPKI()
        guard let alpha = sandbox.operator("alpha"), let beta = sandbox.operator("beta") else {
            throw BenchFailure("no operators")
        }
        (self.alpha, self.beta) = (alpha, beta)
        // What a benchmark changes of an ordinary operator: no scanner, as the Postfix beside has none, and as many
        // connections of one peer as the load makes.
        var text = String(decoding: try TestFiles.read(alpha.configuration), as: UTF8.self)
        for (old, new) in [
            ("  clamd: \(sandbox.description.clamd.address):\(sandbox.description.clamd.port)", "  clamd: ailleurs"),
            ("  taille_fichiers: 1Mio\n", ""),
            ("  delai_arret: 5s", "  connexions: 5000\n  connexions_par_pair: 5000\n  delai_arret: 5s"),
        ] {
            guard text.contains(old) else { throw BenchFailure("the sandbox's settings lack \(old)") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        try TestFiles.write(text, to: alpha.configuration)
        running = try await sandbox.start()
    }

    func close() async throws {
        try await running.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts the operator and waits until it serves.
    func start() async throws -> OperatorBenchProcess {
        let tool = try BackgroundTool(program, ["run", "--config", alpha.configuration])
        try await tool.wait(for: "\"texte\":\"running\"")
        return OperatorBenchProcess(tool, alpha.observationPort)
    }

    func loadAccounts() async throws {
        let result = try await ExternalTool.run(
            program,
            ["comptes", "charger", alpha.accountsFile, "--config", alpha.configuration, "--par", "mss-bench"])
        guard result.succeeded else { throw BenchFailure(result.everything) }
    }

    /// A load of the peer's, with its certificate.
    func load(to host: String, _ port: Int) throws -> SMTPLoad {
        guard let shown = beta.credential(.server) else { throw BenchFailure("no certificate") }
        return SMTPLoad(
            host: host, port: port,
            tls: try SMTPLoad.trustingContext(certificate: shown.certificate, key: shown.key))
    }

    /// Puts messages into the queue of an operator that does not run.
    func fill(_ count: Int, size: Int, to domains: [String]) async throws {
        let home = (alpha.configuration as NSString).deletingLastPathComponent
        let master = try StoreMasterKey.file(home + "/cle-maitresse")
        let spool = try await Spool.open(home + "/donnees/file", master: master)
        let now = SystemWallClock().now()
        let sender = try MailAddress(Self.recipient)
        let content = SMTPContent(SMTPLoad.message(size))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<100 {
                group.addTask {
                    for number in stride(from: task, to: count, by: 100) {
                        let recipient = try MailAddress("jeanne.martin@\(domains[number % domains.count])")
                        let envelope = OutgoingEnvelope(
                            sender: sender, recipients: [OutgoingEnvelope.Recipient(recipient)])
                        _ = try await spool.enqueue(
                            NewDelivery(SMTPOutgoingMessage(envelope, content)), at: now)
                    }
                }
            }
            try await group.waitForAll()
        }
        await spool.close()
    }

    /// A Postfix with its defaults but for what lets the load in.
    func postfix(_ change: (inout PostfixPeer.Configuration) -> Void) async throws -> PostfixPeer {
        var configuration = PostfixPeer.Configuration(
            "mx.postfix.test", try pki.issue(.server(commonName: "mx.postfix.test"), strength: .fresh), pki: pki)
        configuration.settings = [
            "message_size_limit": "30000000", "default_process_limit": "200",
            "smtpd_client_connection_count_limit": "0", "smtpd_tls_session_cache_database": "",
            "smtpd_tls_loglevel": "0", "smtp_tls_loglevel": "0",
        ]
        change(&configuration)
        return try await PostfixPeer.start(configuration)
    }
}

/// A running mss-operator.
struct OperatorBenchProcess: Sendable {
    private let tool: BackgroundTool
    private let port: Int

    init(_ tool: BackgroundTool, _ port: Int) {
        self.tool = tool
        self.port = port
    }

    /// A line of `/proc/PID/status`, in MB.
    func memory(_ name: String) -> Int {
        let path = "/proc/\(tool.processNumber)/status"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) >> 10
    }

    /// A metric without labels.
    func metric(_ name: String) async throws -> Double? {
        let page = try await ExternalTool.run("curl", ["-sS", "--noproxy", "*", "http://127.0.0.1:\(port)/metrics"])
        return page.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// Waits until the queue is empty.
    func drained() async throws {
        while try await metric("mss_queue_messages") != 0 { try await Task.sleep(for: .milliseconds(50)) }
    }

    func stop() async throws {
        tool.signal(SIGTERM)
        let status = await tool.ended()
        guard status == 0 else { throw BenchFailure("mss-operator ended with \(status): \(tool.written.suffix(2000))") }
    }
}

/// The peer's server: takes everything, throws it away, and notes when the first and the last message came.
final class CountingServer: SMTPBackend, SMTPBackendSession {
    private struct State {
        var count = 0
        var first: ContinuousClock.Instant?
        var waiting: (count: Int, continuation: CheckedContinuation<ContinuousClock.Instant, Never>)?
    }
    private let state = Guarded(State())

    /// Listens with the peer's certificate.
    static func start(_ space: OperatorBenchSpace) async throws -> (CountingServer, SMTPServer) {
        guard let own = space.beta.credential(.server) else { throw BenchFailure("no certificate") }
        let trust = try TrustStore(contentsOf: [space.sandbox.description.authorities.trustStore])
        let tls = try TLSContext(
            .server(
                policy: .operator(.v1_6),
                identity: TLSIdentity(certificateFile: own.certificate, keyFile: own.key),
                clientAuthentication: .required(PKIXVerifier(trustStore: trust))))
        var session = SMTPSessionConfiguration.operator(serverName: space.beta.host)
        session.limits.messageSize = 30 << 20
        var limits = SMTPServerLimits()
        (limits.connections, limits.connectionsPerPeer) = (5000, 5000)
        let counter = CountingServer()
        let entry = SMTPEntryPoint(
            name: "peer", address: .tcp(host: space.beta.address, port: space.sandbox.description.smtpPort),
            session: session, tls: ReloadableTLSContext(tls), backend: counter)
        return (counter, try await SMTPServer.start([entry], limits: limits))
    }

    /// Messages a second from the first to the last of so many.
    func rate(of count: Int) async -> Double {
        let end = await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count >= count { return true }
                state.waiting = (count, continuation)
                return false
            }
            if isThere { continuation.resume(returning: .now) }
        }
        let start = state.withLock { state in
            defer { state = State() }
            return state.first ?? end
        }
        return Double(count - 1) / ((end - start) / .seconds(1))
    }

    func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession { self }
    func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance { .standard }
    func recipient(_ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws {}

    func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
        for try await _ in message.body {}
        let waiting = state.withLock { state in
            state.count += 1
            if state.first == nil { state.first = .now }
            guard let waiting = state.waiting, state.count >= waiting.count else {
                return nil as CheckedContinuation<ContinuousClock.Instant, Never>?
            }
            state.waiting = nil
            return waiting.continuation
        }
        waiting?.resume(returning: .now)
        return SMTPReceipt(id: "counted")
    }
}
