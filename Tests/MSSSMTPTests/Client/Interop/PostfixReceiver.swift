import MSSTestKit

@testable import MSSSMTP

/// A Postfix of the test's own that requires client certificates, refuses one recipient and discards the rest.
final class PostfixReceiver: Sendable {
    let port: Int
    private let directory: String

    private init(port: Int, directory: String) {
        self.port = port
        self.directory = directory
    }

    static func start(chunking: Bool) async throws -> PostfixReceiver {
        let directory = try TestFiles.temporaryDirectory("mss-postfix")
        let port = BackgroundTool.freePort()
        for folder in ["etc", "spool", "data"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        let etc = "\(directory)/etc"
        try LiveIdentities.write(to: etc)
        try TestFiles.write(
            """
            compatibility_level = 3.6
            queue_directory = \(directory)/spool
            data_directory = \(directory)/data
            maillog_file = \(directory)/maillog
            maillog_file_prefixes = \(directory)
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            myhostname = mx.d.test
            mydestination =
            mynetworks =
            alias_maps =
            local_recipient_maps =
            smtpd_peername_lookup = no
            smtp_dns_support_level = disabled
            smtpd_tls_security_level = encrypt
            smtpd_tls_cert_file = \(etc)/leaf.pem
            smtpd_tls_key_file = \(etc)/leaf.key
            smtpd_tls_CAfile = \(etc)/ca.pem
            smtpd_tls_ask_ccert = yes
            smtpd_tls_req_ccert = yes
            smtpd_tls_loglevel = 1
            smtpd_tls_mandatory_protocols = >=TLSv1.2
            smtpd_relay_restrictions = permit_tls_all_clientcerts, reject
            smtpd_recipient_restrictions = check_recipient_access inline:{{inconnu@d.test = 550 5.1.1 unknown}}, permit_tls_all_clientcerts, reject
            smtpd_discard_ehlo_keywords = \(chunking ? "" : "chunking")
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
        let own = try await ExternalTool.run("chown", ["postfix", "\(directory)/data"])
        let open = try await ExternalTool.run("chmod", ["755", directory, etc, "\(directory)/spool"])
        let started = try await ExternalTool.run("postfix", ["-c", etc, "start"])
        guard own.succeeded, open.succeeded, started.succeeded else {
            throw BackgroundTool.Unstarted(text: own.everything + open.everything + started.everything)
        }
        return PostfixReceiver(port: port, directory: directory)
    }

    func stop() async throws { _ = try await ExternalTool.run("postfix", ["-c", "\(directory)/etc", "stop"]) }

    var log: String { (try? TestFiles.read("\(directory)/maillog")).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// Waits until the log says something.
    func wait(for text: String) async throws {
        for _ in 0..<4_000 where !log.contains(text) {
            try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
        }
    }
}
