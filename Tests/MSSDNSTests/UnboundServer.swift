import Foundation
import Testing

/// A real unbound on a loopback port, serving the zones that the tests write.
///
/// The zones lie under an ordinary name: `test.` and the documentation networks are local zones of libunbound itself.
final class UnboundServer: Sendable {
    let port: Int
    /// The DS record of `signed.essai.fr`.
    let trustAnchor: String
    private let process: Process
    let directory: URL

    var address: String { "127.0.0.1@\(port)" }

    private static let zone = """
        $ORIGIN ch.essai.fr.
        $TTL 300
        @ IN SOA ns.ch.essai.fr. admin.ch.essai.fr. 1 3600 600 86400 60
        @ IN NS ns.ch.essai.fr.
        ns IN A 127.0.0.1
        @ IN MX 20 mx2
        @ IN MX 10 mx1
        mx1 IN A 10.9.9.1
        mx1 IN AAAA 2001:db8::1
        mx2 IN A 10.9.9.2
        nomail IN MX 0 .
        plain IN A 10.9.9.3
        brief 1 IN A 10.9.9.4
        alias IN CNAME @
        loop1 IN CNAME loop2
        loop2 IN CNAME loop1
        odd IN MX 10 \\000mx
        _imap._tcp IN SRV 10 100 143 imap-psc
        _imap._tcp IN SRV 20 100 143 imap-cert
        _submission._tcp IN SRV 10 100 587 smtp-psc
        _submission._tcp IN SRV 20 100 587 smtp-cert

        """

    private static let signedZone = """
        $ORIGIN signed.essai.fr.
        $TTL 300
        @ IN SOA ns.signed.essai.fr. admin.signed.essai.fr. 1 3600 600 86400 60
        @ IN NS ns.signed.essai.fr.
        ns IN A 127.0.0.1
        @ IN MX 10 mx.signed.essai.fr.
        mx IN A 10.9.9.10
        forged IN A 10.9.9.11

        """

    private static let reverseZone = """
        $ORIGIN 9.9.10.in-addr.arpa.
        $TTL 300
        @ IN SOA ns.ch.essai.fr. admin.ch.essai.fr. 1 3600 600 86400 60
        @ IN NS ns.ch.essai.fr.
        1 IN PTR mx1.ch.essai.fr.

        """

    init() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("unbound-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        func write(_ text: String, _ name: String) throws {
            try text.write(to: directory.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        try write(Self.zone, "ch.essai.fr.zone")
        try write(Self.reverseZone, "reverse.zone")
        try write(Self.signedZone, "signed.essai.fr.zone")
        let key = try Self.run("ldns-keygen", ["-a", "ECDSAP256SHA256", "-k", "signed.essai.fr"], in: directory)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try Self.run("ldns-signzone", ["-f", "signed.zone", "signed.essai.fr.zone", key], in: directory)
        let trustAnchor = try String(contentsOf: directory.appendingPathComponent(key + ".ds"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // One record changed after the signature: bogus.
        let signed = try String(contentsOf: directory.appendingPathComponent("signed.zone"), encoding: .utf8)
        try #require(signed.contains("10.9.9.11"))
        try write(signed.replacingOccurrences(of: "10.9.9.11", with: "10.9.9.66"), "signed.zone")

        let files = [
            "ch.essai.fr": "ch.essai.fr.zone", "signed.essai.fr": "signed.zone", "9.9.10.in-addr.arpa": "reverse.zone",
        ]
        let zones = files.map { name, file in
            """
            auth-zone:
              name: "\(name)"
              zonefile: "\(directory.path)/\(file)"
              for-downstream: yes
              for-upstream: no
              fallback-enabled: no
            """
        }.joined(separator: "\n")
        func start() throws -> (Process, Int)? {
            let port = try Self.freePort()
            try write(
                """
                server:
                  interface: 127.0.0.1
                  port: \(port)
                  do-daemonize: no
                  use-syslog: no
                  logfile: ""
                  username: ""
                  chroot: ""
                  directory: "\(directory.path)"
                  pidfile: ""
                  do-ip6: no
                  module-config: "iterator"
                  do-not-query-localhost: no
                  local-zone: "10.in-addr.arpa." nodefault
                  local-zone: "refused.essai.fr." always_refuse
                remote-control:
                  control-enable: no
                \(zones)

                """, "unbound.conf")
            return try Self.start(directory.appendingPathComponent("unbound.conf")).map { ($0, port) }
        }
        // Between the choice of a port and its use, another test may take it.
        var started = try start()
        for _ in 0..<5 where started == nil { started = try start() }
        (process, port) = try #require(started)
        self.directory = directory
        self.trustAnchor = trustAnchor
    }

    /// Starts unbound; `nil` when its port is taken.
    private static func start(_ configuration: URL) throws -> Process? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/unbound")
        process.arguments = ["-d", "-c", configuration.path]
        let log = Pipe()
        process.standardError = log
        process.standardOutput = log
        try process.run()
        // unbound says "start of service" once its sockets are open.
        var output = ""
        while !output.contains("start of service") {
            let chunk = log.fileHandleForReading.availableData
            guard !chunk.isEmpty else {
                if output.contains("Address already in use") { return nil }
                throw Failure(what: "unbound did not start:\n\(output)")
            }
            output += String(decoding: chunk, as: UTF8.self)
        }
        // Keep its pipe empty.
        log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        return process
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    struct Failure: Error { var what: String }

    static func run(_ tool: String, _ arguments: [String], in directory: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.currentDirectoryURL = directory
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(what: "\(tool) \(arguments): \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// A UDP port that was free a moment ago.
    static func freePort() throws -> Int {
        let (descriptor, port) = try boundSocket()
        close(descriptor)
        return port
    }

    /// A UDP socket bound to a loopback port, which nobody reads.
    static func boundSocket() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard code == 0 else { throw Failure(what: "bind: \(errno)") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
