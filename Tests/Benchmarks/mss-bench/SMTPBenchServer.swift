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

extension PostfixPeer {
    /// Postfix with its discard transport, as many processes as the load asks for, quiet.
    static func bench(_ files: SMTPBenchFiles) async throws -> PostfixPeer {
        var configuration = Configuration("mx.hopital.test", files.server)
        configuration.routes = [.discard]
        configuration.settings = [
            "message_size_limit": "30000000", "default_process_limit": "200",
            "smtpd_client_connection_count_limit": "0", "smtpd_tls_session_cache_database": "",
            "smtpd_tls_loglevel": "0",
        ]
        return try await start(configuration)
    }
}
