import MSSTestKit

@testable import MSSSMTP

/// A Dovecot of the test's own that stores what comes by LMTP for alice and bob.
final class DovecotLMTP: Sendable {
    let port: Int
    let configuration: String

    private init(port: Int, configuration: String) {
        self.port = port
        self.configuration = configuration
    }

    static func start() async throws -> DovecotLMTP {
        let directory = try TestFiles.temporaryDirectory("mss-lmtp")
        let port = try LoopbackPort.free()
        let configuration = "\(directory)/dovecot.conf"
        for folder in ["mail", "state"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        try TestFiles.write("alice@d.test:{PLAIN}x::::::\nbob@d.test:{PLAIN}x::::::\n", to: "\(directory)/users")
        try TestFiles.write(
            """
            base_dir = \(directory)/run
            state_dir = \(directory)/state
            log_path = \(directory)/log
            protocols = lmtp
            listen = 127.0.0.1
            ssl = no
            postmaster_address = postmaster@d.test
            mail_location = maildir:\(directory)/mail/%n
            first_valid_uid = 1
            mail_uid = mail
            mail_gid = mail
            passdb {
              driver = passwd-file
              args = \(directory)/users
            }
            userdb {
              driver = passwd-file
              args = \(directory)/users
              default_fields = uid=mail gid=mail home=\(directory)/mail/%n
            }
            service lmtp {
              inet_listener lmtp {
                port = \(port)
              }
            }

            """, to: configuration)
        let own = try await ExternalTool.run("chown", ["-R", "mail:mail", "\(directory)/mail"])
        let open = try await ExternalTool.run("chmod", ["755", directory])
        let started = try await ExternalTool.run("dovecot", ["-c", configuration])
        guard own.succeeded, open.succeeded, started.succeeded else {
            throw BackgroundTool.Unstarted(text: own.everything + open.everything + started.everything)
        }
        return DovecotLMTP(port: port, configuration: configuration)
    }

    func stop() async throws { _ = try await ExternalTool.run("doveadm", ["-c", configuration, "stop"]) }
}
