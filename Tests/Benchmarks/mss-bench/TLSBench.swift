import ArgumentParser
import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import NIOCore
import NIOPosix
import TestIdentities

/// TLS handshakes, bulk throughput and memory, beside `openssl s_time`, `s_server` and `s_client` in the same run.
struct TLSBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tls", abstract: "TLS: full mutual RSA-2048 handshakes, bulk throughput, memory of idle sessions.")

    @Option(help: "Seconds for each measure of handshakes.") var seconds = 5
    @Option(help: "Megabytes for each measure of throughput.") var megabytes = 512
    @Option(help: "Idle sessions for the measure of memory.") var sessions = 2000

    func run() async throws {
        let bench = try TLSBenchRun()
        tell("Full mutual RSA-2048 handshakes per second (client certificate required), TLS 1.2 and 1.3")
        for suite in TLSCipherSuite.all where suite.version == .tls12 || suite == .aes256GCM {
            try await bench.handshakes(suite, seconds: seconds)
        }
        tell("\nBulk throughput, one connection, MB/s (client to server, 64 KiB writes)")
        for suite in TLSCipherSuite.all { try await bench.bulk(suite, megabytes: megabytes) }
        tell("\nMemory of idle sessions")
        try await bench.memory(sessions)
    }
}

private struct TLSBenchRun {
    let server: TestCredential
    let client: TestCredential
    let directory: String
    /// Paths to the test root on both sides, as s_time and s_server do with `-CAfile`; revocation is not checked there
    /// either.
    let verifier: PKIXVerifier
    let serverGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let clientGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init() throws {
        server = try TestPKI.shared.issue(.server(commonName: "mx.hopital.test"))
        client = try TestPKI.shared.issue(.server(commonName: "mx.clinique.test"), subject: .clinic)
        directory = try TestFiles.temporaryDirectory("mss-bench")
        verifier = PKIXVerifier.testPKI
        for (name, credential) in [("server", server), ("client", client)] {
            try TestFiles.write(credential.certificatePEM, to: "\(directory)/\(name).pem")
            try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/\(name).key", mode: 0o600)
        }
        try TestFiles.write(TestPKI.shared.trustStorePEM, to: "\(directory)/ca.pem")
    }

    func context(server isServer: Bool, _ suite: TLSCipherSuite) throws -> TLSContext {
        var policy = TLSPolicy.operator(.v1_6)
        policy.versions = suite.version...suite.version
        policy.suites = [suite]
        let credential = isServer ? server : client
        let identity = try TLSIdentity(credential)
        return try TLSContext(
            isServer
                ? .server(policy: policy, identity: identity, clientAuthentication: .required(verifier))
                : .client(policy: policy, identity: identity, verifier: verifier))
    }

    func listen(_ suite: TLSCipherSuite, _ sink: @escaping @Sendable () -> TLSBenchSink) async throws -> any Channel {
        let context = try context(server: true, suite)
        return try await ServerBootstrap(group: serverGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([try TLSHandler(server: context), sink()])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func connect(_ context: TLSContext, _ port: Int, _ handler: @escaping @Sendable () -> TLSBenchDriver) async throws
        -> any Channel
    {
        try await ClientBootstrap(group: clientGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try TLSHandler(client: context, serverName: nil), handler(),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    // MARK: Handshakes

    func handshakes(_ suite: TLSCipherSuite, seconds: Int) async throws {
        let listening = try await listen(suite) { TLSBenchSink(expected: .max) }
        let port = listening.localAddress!.port!
        let ours = try await sTime(suite, port, seconds)
        let pair = try await inProcess(suite, port, seconds)
        try await listening.close().get()

        let openssl = try OpenSSLServer(
            arguments(suite) + ["-Verify", "2", "-verify_return_error", "-no_ticket", "-no_cache", "-num_tickets", "0"])
        let theirs = try await sTime(suite, openssl.port, seconds)
        openssl.stop()
        tell(
            "  \(suite.name): s_time→ours \(ours)/s, s_time→s_server \(theirs)/s, ratio \(percent(ours, theirs)); "
                + "our client→our server \(pair)/s")
    }

    /// Full handshakes one after the other by `openssl s_time`, per second of real time.
    private func sTime(_ suite: TLSCipherSuite, _ port: Int, _ seconds: Int) async throws -> Int {
        var words = [
            "s_time", "-connect", "127.0.0.1:\(port)", "-new", "-time", "\(seconds)", "-cert",
            "\(directory)/client.pem", "-key", "\(directory)/client.key", "-CAfile", "\(directory)/ca.pem", "-verify",
            "2",
        ]
        words +=
            suite.version == .tls12
            ? ["-tls1_2", "-cipher", suite.openSSLName] : ["-tls1_3", "-ciphersuites", suite.name]
        let start = ContinuousClock.now
        let result = try await ExternalTool.run("openssl", words, seconds: seconds + 30)
        let elapsed = ContinuousClock.now - start
        guard let line = result.text.split(separator: "\n").first(where: { $0.contains(" connections in ") }),
            let count = line.split(separator: " ").first.flatMap({ Int($0) })
        else { throw BenchFailure("s_time: \(result.everything)") }
        return Int(Double(count) / (elapsed / .seconds(1)))
    }

    /// Our client against our server, one loop each, two connections in flight so that neither side waits.
    private func inProcess(_ suite: TLSCipherSuite, _ port: Int, _ seconds: Int) async throws -> Int {
        let context = try context(server: false, suite)
        let end = ContinuousClock.now + .seconds(seconds)
        let start = ContinuousClock.now
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        let done = clientGroup.next().makePromise(of: Void.self)
                        let channel = try await connect(context, port) { TLSBenchDriver(bytes: 0, done: done) }
                        try await done.futureResult.get()
                        channel.close(promise: nil)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Int(Double(total) / ((ContinuousClock.now - start) / .seconds(1)))
    }

    // MARK: Throughput

    func bulk(_ suite: TLSCipherSuite, megabytes: Int) async throws {
        let bytes = megabytes << 20
        let listening = try await listen(suite) { TLSBenchSink(expected: bytes) }
        let done = clientGroup.next().makePromise(of: Void.self)
        let start = ContinuousClock.now
        let channel = try await connect(context(server: false, suite), listening.localAddress!.port!) {
            TLSBenchDriver(bytes: bytes, done: done)
        }
        try await done.futureResult.get()
        let ours = Double(bytes) / 1e6 / ((ContinuousClock.now - start) / .seconds(1))
        try await channel.close().get()
        try await listening.close().get()

        let openssl = try OpenSSLServer(arguments(suite) + ["-naccept", "1"])
        var words = [
            "openssl", "s_client", "-connect", "127.0.0.1:\(openssl.port)", "-quiet", "-no_ign_eof",
            "-cert", "\(directory)/client.pem", "-key", "\(directory)/client.key", "-CAfile", "\(directory)/ca.pem",
        ]
        words +=
            suite.version == .tls12
            ? ["-tls1_2", "-cipher", suite.openSSLName] : ["-tls1_3", "-ciphersuites", suite.name]
        let began = ContinuousClock.now
        _ = try await ExternalTool.run(
            "sh", ["-c", "head -c \(bytes) /dev/zero | \(words.joined(separator: " "))"], seconds: 120)
        let theirs = Double(bytes) / 1e6 / ((ContinuousClock.now - began) / .seconds(1))
        openssl.stop()
        tell("  \(suite.name): ours \(Int(ours)), s_client | s_server \(Int(theirs))")
    }

    private func arguments(_ suite: TLSCipherSuite) -> [String] {
        [
            "-cert", "\(directory)/server.pem", "-key", "\(directory)/server.key", "-CAfile", "\(directory)/ca.pem",
        ]
            + (suite.version == .tls12
                ? ["-tls1_2", "-cipher", suite.openSSLName] : ["-tls1_3", "-ciphersuites", suite.name])
    }

    // MARK: Memory

    func memory(_ count: Int) async throws {
        let warming = 100
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(7), &limit)  // RLIMIT_NOFILE
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(7), &limit)
        guard limit.rlim_cur >= rlim_t((count + warming) * 2 + 100) else {
            throw BenchFailure("\(count) sessions need more open files than the limit of \(limit.rlim_cur)")
        }
        for suite in [TLSCipherSuite.ecdheRSAWithAES256GCM, .aes256GCM] {
            let listening = try await listen(suite) { TLSBenchSink(expected: .max) }
            let context = try context(server: false, suite)
            var channels: [any Channel] = []
            func open(_ number: Int) async throws {
                for _ in 0..<number {
                    let done = clientGroup.next().makePromise(of: Void.self)
                    // A few bytes each way, so that every buffer has been used.
                    channels.append(
                        try await connect(context, listening.localAddress!.port!) {
                            TLSBenchDriver(bytes: 100, done: done, reply: 1)
                        })
                    try await done.futureResult.get()
                }
            }
            try await open(warming)
            let before = residentBytes()
            try await open(count)
            let after = residentBytes()
            tell(
                "  \(suite.version): \((after - before) / count / 2 / 1024) KiB per session, NIO channel included "
                    + "(\(count) clients and \(count) servers in this process)")
            for channel in channels { channel.close(promise: nil) }
            for channel in channels { try? await channel.closeFuture.get() }
            try await listening.close().get()
        }
    }

    private func percent(_ part: Int, _ whole: Int) -> String { whole == 0 ? "–" : "\(part * 100 / whole) %" }
}

/// Prints a line as it is measured, into a file too.
func tell(_ line: String) {
    print(line)
    fflush(nil)
}

struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
