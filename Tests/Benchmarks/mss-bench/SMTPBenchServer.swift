import Foundation
import MSSCore
import MSSSMTP
import MSSTLS
import MSSTestKit
import NIOCore
import NIOPosix

/// Our server with a backend that reads and forgets, in a process of its own.
final class SMTPBenchServer {
    let port: Int
    /// Where the same process takes bare TLS, with the same certificates and policy.
    let barePort: Int
    private let process: Process
    private let input: Pipe

    private init(port: Int, barePort: Int, process: Process, input: Pipe) {
        self.port = port
        self.barePort = barePort
        self.process = process
        self.input = input
    }

    static func start(_ files: SMTPBenchFiles) async throws -> SMTPBenchServer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["smtp", "--serve", files.directory]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchFailure("the server ended") }
            text += String(decoding: more, as: UTF8.self)
        }
        let ports = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard ports.count == 2 else { throw BenchFailure(text) }
        return SMTPBenchServer(port: ports[0], barePort: ports[1], process: process, input: input)
    }

    /// A line of `/proc/PID/status`, in KB.
    func memory(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private struct Discarding: SMTPBackend, SMTPBackendSession {
        func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession { self }
        func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance { .standard }
        func recipient(
            _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
        ) async throws {}
        func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
            for try await _ in message.body {}
            return SMTPReceipt(id: "discarded")
        }
    }

    /// The process's own part: prints its ports, and serves until its input ends.
    static func serve(_ directory: String) async throws {
        let certificates = try TrustStore(contentsOf: "\(directory)/ca.pem")
        let tls = try TLSContext(
            .server(
                policy: .operator(.v1_6),
                identity: TLSIdentity(
                    certificateFile: "\(directory)/server.pem", keyFile: "\(directory)/server.key"),
                clientAuthentication: .required(PKIXVerifier(trustStore: certificates))))
        var session = SMTPSessionConfiguration.operator(serverName: "mx.hopital.test")
        session.limits.messageSize = 30 << 20
        var limits = SMTPServerLimits()
        limits.connectionsPerPeer = 5000
        limits.connections = 5000
        let server = try await SMTPServer.start(
            [
                SMTPEntryPoint(
                    name: "bench", address: .tcp(host: "127.0.0.1", port: 0), session: session,
                    tls: ReloadableTLSContext(tls), backend: Discarding())
            ], limits: limits)
        print(server.address(of: "bench")!.port!, try await BareTLSSink.listen(tls))
        fflush(nil)
        while let line = readLine() { _ = line }
    }
}

/// Postfix with its discard transport, on loopback, in a temporary folder.
struct SMTPBenchPostfix {
    let port: Int
    private let etc: String

    static func start(_ files: SMTPBenchFiles) async throws -> SMTPBenchPostfix {
        let directory = try TestFiles.temporaryDirectory("mss-bench-postfix")
        let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = probe.localAddress!.port!
        try await probe.close()
        let etc = "\(directory)/etc"
        for folder in ["etc", "spool", "data"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        for file in ["server.pem", "server.key", "ca.pem"] {
            let bytes = try TestFiles.read("\(files.directory)/\(file)")
            try TestFiles.write(bytes, to: "\(etc)/\(file)", mode: file == "server.key" ? 0o600 : 0o644)
        }
        try TestFiles.write(
            """
            compatibility_level = 3.6
            queue_directory = \(directory)/spool
            data_directory = \(directory)/data
            maillog_file = \(directory)/maillog
            maillog_file_prefixes = \(directory)
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            myhostname = mx.hopital.test
            mydestination =
            mynetworks =
            alias_maps =
            local_recipient_maps =
            message_size_limit = 30000000
            default_process_limit = 200
            smtpd_client_connection_count_limit = 0
            smtpd_peername_lookup = no
            smtp_dns_support_level = disabled
            smtpd_tls_security_level = encrypt
            smtpd_tls_cert_file = \(etc)/server.pem
            smtpd_tls_key_file = \(etc)/server.key
            smtpd_tls_CAfile = \(etc)/ca.pem
            smtpd_tls_req_ccert = yes
            smtpd_tls_mandatory_protocols = >=TLSv1.2
            smtpd_tls_session_cache_database =
            smtpd_relay_restrictions = permit_tls_all_clientcerts, reject
            smtpd_recipient_restrictions = permit_tls_all_clientcerts, reject
            default_transport = discard:

            """, to: "\(etc)/main.cf")
        let services = [
            "127.0.0.1:\(port) inet n - n - - smtpd", "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup",
            "qmgr unix n - n 300 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr", "rewrite unix - - n - - trivial-rewrite",
            "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
            "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap",
            "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard",
            "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd",
        ]
        try TestFiles.write(services.joined(separator: "\n") + "\n", to: "\(etc)/master.cf")
        for (command, arguments) in [
            ("chown", ["postfix", "\(directory)/data"]), ("chmod", ["755", directory, etc, "\(directory)/spool"]),
            ("postfix", ["-c", etc, "start"]),
        ] {
            let result = try await ExternalTool.run(command, arguments)
            guard result.succeeded else { throw BenchFailure(result.everything) }
        }
        return SMTPBenchPostfix(port: port, etc: etc)
    }

    func stop() async { _ = try? await ExternalTool.run("postfix", ["-c", etc, "stop"]) }
}
