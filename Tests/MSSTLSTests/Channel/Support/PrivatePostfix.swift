import CNIOLinux
import Glibc
import MSSTestKit

/// A Postfix of the test's own, on loopback, in a temporary folder, without systemd: it requires a client certificate,
/// and relays everything by mutual TLS to `relayPort`.
final class PrivatePostfix: Sendable {
    let port: Int
    let directory: String

    private init(port: Int, directory: String) {
        self.port = port
        self.directory = directory
    }

    static func start(_ identity: TestIdentity, relayPort: Int) async throws -> PrivatePostfix {
        let directory = try TestFiles.temporaryDirectory("mss-postfix")
        let port = try freePort()
        for folder in ["etc", "spool", "data"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        for file in ["leaf.pem", "key.pem", "ca.pem"] {
            let bytes = try TestFiles.read("\(identity.directory)/\(file)")
            try TestFiles.write(bytes, to: "\(directory)/etc/\(file)", mode: file == "key.pem" ? 0o600 : 0o644)
        }
        let etc = "\(directory)/etc"
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
            smtpd_peername_lookup = no
            smtp_dns_support_level = disabled
            smtpd_tls_security_level = encrypt
            smtpd_tls_cert_file = \(etc)/leaf.pem
            smtpd_tls_key_file = \(etc)/key.pem
            smtpd_tls_CAfile = \(etc)/ca.pem
            smtpd_tls_ask_ccert = yes
            smtpd_tls_req_ccert = yes
            smtpd_tls_loglevel = 1
            smtpd_tls_mandatory_protocols = >=TLSv1.2
            smtpd_relay_restrictions = permit_tls_all_clientcerts, reject
            smtpd_recipient_restrictions = permit_tls_all_clientcerts, reject
            default_transport = smtp:[127.0.0.1]:\(relayPort)
            smtp_tls_security_level = secure
            smtp_tls_secure_cert_match = mx.hopital.test
            smtp_tls_cert_file = \(etc)/leaf.pem
            smtp_tls_key_file = \(etc)/key.pem
            smtp_tls_CAfile = \(etc)/ca.pem
            smtp_tls_mandatory_protocols = >=TLSv1.2
            smtp_tls_loglevel = 1

            """, to: "\(etc)/main.cf")
        let services = [
            "127.0.0.1:\(port) inet n - n - - smtpd", "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup",
            "qmgr unix n - n 300 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr", "rewrite unix - - n - - trivial-rewrite",
            "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
            "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap",
            "smtp unix - - n - - smtp", "error unix - - n - - error", "retry unix - - n - - error",
            "discard unix - - n - - discard", "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache",
            "postlog unix-dgram n - n - 1 postlogd",
        ]
        try TestFiles.write(services.joined(separator: "\n") + "\n", to: "\(etc)/master.cf")
        let own = try await ExternalTool.run("chown", ["postfix", "\(directory)/data"])
        let open = try await ExternalTool.run("chmod", ["755", directory, etc, "\(directory)/spool"])
        let started = try await ExternalTool.run("postfix", ["-c", etc, "start"])
        struct Unstarted: Error { var text: String }
        guard own.succeeded, open.succeeded, started.succeeded else {
            throw Unstarted(text: own.everything + open.everything + started.everything)
        }
        return PrivatePostfix(port: port, directory: directory)
    }

    func stop() async throws {
        _ = try await ExternalTool.run("postfix", ["-c", "\(directory)/etc", "stop"])
    }

    var log: String { (try? TestFiles.read("\(directory)/maillog")).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// A port that was free a moment ago: Postfix cannot choose one itself.
    private static func freePort() throws -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(socket, $0, size)
                _ = getsockname(socket, $0, &size)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }
}
