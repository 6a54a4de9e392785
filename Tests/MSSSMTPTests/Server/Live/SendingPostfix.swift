import MSSTestKit
import NIOCore
import NIOPosix

/// A Postfix of the test's own that relays everything by mutual TLS to `relayPort` (the operator's role).
final class SendingPostfix: Sendable {
    let port: Int
    let directory: String

    private init(port: Int, directory: String) {
        self.port = port
        self.directory = directory
    }

    static func start(_ identity: LiveIdentity, relayPort: Int) async throws -> SendingPostfix {
        let directory = try TestFiles.temporaryDirectory("mss-postfix")
        // A port that was free a moment ago: Postfix cannot choose one itself.
        let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = probe.localAddress!.port!
        try await probe.close()
        let etc = "\(directory)/etc"
        for folder in ["etc", "spool", "data"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        for file in ["leaf.pem", "key.pem", "ca.pem"] {
            let bytes = try TestFiles.read("\(identity.directory)/\(file)")
            try TestFiles.write(bytes, to: "\(etc)/\(file)", mode: file == "key.pem" ? 0o600 : 0o644)
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
            myhostname = mx.clinique.test
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
            smtpd_tls_req_ccert = yes
            smtpd_relay_restrictions = permit_tls_all_clientcerts, reject
            smtpd_recipient_restrictions = permit_tls_all_clientcerts, reject
            default_transport = smtp:[127.0.0.1]:\(relayPort)
            smtp_tls_security_level = secure
            smtp_tls_secure_cert_match = mx.hopital.test
            smtp_tls_cert_file = \(etc)/leaf.pem
            smtp_tls_key_file = \(etc)/key.pem
            smtp_tls_CAfile = \(etc)/ca.pem
            smtp_tls_mandatory_protocols = >=TLSv1.2

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
        struct Unstarted: Error { var text: String }
        for (command, arguments) in [
            ("chown", ["postfix", "\(directory)/data"]), ("chmod", ["755", directory, etc, "\(directory)/spool"]),
            ("postfix", ["-c", etc, "start"]),
        ] {
            let result = try await ExternalTool.run(command, arguments)
            guard result.succeeded else { throw Unstarted(text: result.everything) }
        }
        return SendingPostfix(port: port, directory: directory)
    }

    func stop() async throws {
        _ = try await ExternalTool.run("postfix", ["-c", "\(directory)/etc", "stop"])
    }

    var log: String { (try? TestFiles.read("\(directory)/maillog")).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}
