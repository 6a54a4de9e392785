internal import Crypto
internal import FoundationEssentials
internal import Glibc

/// A real Dovecot of the test's own, on loopback, in a temporary folder, without systemd: another IMAP server over Maildir.
///
/// It lets in whoever knows ``password`` (PLAIN, LOGIN) or bears a token of ``token(for:seconds:)`` (XOAUTH2, OAUTHBEARER:
/// JWT that it validates itself). Dovecot is started as root only.
public final class DovecotPeer: Sendable {
    /// The password of every user.
    public static let password = "secret"
    private static let secret = "a key for the tokens of tests only"

    /// Where its files are.
    public let directory: String
    /// The port for `STARTTLS`.
    public let port: Int
    /// The port on which TLS begins at once.
    public let tlsPort: Int
    private let process: BackgroundTool

    /// Starts a Dovecot and waits until it listens.
    ///
    /// - Parameter settings: lines of its configuration after the ordinary ones.
    /// - Throws: ``BackgroundTool/Unstarted`` with what it said.
    public static func start(_ credential: TestCredential, settings: [String] = []) async throws -> DovecotPeer {
        var attempts = 5
        while true {
            attempts -= 1
            do { return try await DovecotPeer(credential, settings) } catch let error as BackgroundTool.Unstarted {
                // Between the choice of a port and its use, another program may take it.
                guard attempts > 0, error.text.contains("Address already in use") else { throw error }
            }
        }
    }

    private init(_ credential: TestCredential, _ settings: [String]) async throws {
        directory = try TestFiles.temporaryDirectory("mss-dovecot")
        (port, tlsPort) = (try LoopbackPort.free(), try LoopbackPort.free())
        for folder in ["mail", "keys/default/HS256"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        try TestFiles.write(credential.chainPEM, to: "\(directory)/leaf.pem")
        try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/leaf.key", mode: 0o600)
        try TestFiles.write(
            Data(DovecotPeer.secret.utf8).base64EncodedString(), to: "\(directory)/keys/default/HS256/default")
        try TestFiles.write(
            """
            introspection_mode = local
            local_validation_key_dict = fs:posix:prefix=\(directory)/keys/
            username_attribute = sub

            """, to: "\(directory)/oauth2.conf")
        let lines = Self.configuration(directory, port, tlsPort) + settings.joined(separator: "\n") + "\n"
        try TestFiles.write(lines, to: "\(directory)/dovecot.conf")
        for (command, arguments) in [
            ("chmod", ["-R", "a+rX", directory]), ("chmod", ["600", "\(directory)/leaf.key"]),
            ("chown", ["nobody:nogroup", "\(directory)/mail"]),
        ] { _ = try await ExternalTool.run(command, arguments) }
        process = try BackgroundTool("dovecot", ["-F", "-c", "\(directory)/dovecot.conf"])
        try await process.wait(for: "starting up")
    }

    private static func configuration(_ directory: String, _ port: Int, _ tlsPort: Int) -> String {
        """
        base_dir = \(directory)/run
        state_dir = \(directory)/state
        log_path = /dev/stderr
        protocols = imap
        listen = 127.0.0.1
        ssl = required
        ssl_cert = <\(directory)/leaf.pem
        ssl_key = <\(directory)/leaf.key
        auth_mechanisms = plain login xoauth2 oauthbearer
        mail_location = maildir:\(directory)/mail/%u
        mail_uid = 65534
        mail_gid = 65534
        first_valid_uid = 1
        first_valid_gid = 1
        mail_max_userip_connections = 10000
        passdb {
          driver = static
          mechanisms = plain login
          args = password=\(password)
        }
        passdb {
          driver = oauth2
          mechanisms = xoauth2 oauthbearer
          args = \(directory)/oauth2.conf
        }
        userdb {
          driver = static
          args = uid=65534 gid=65534 home=\(directory)/mail/%u
        }
        service imap-login {
          chroot =
          inet_listener imap {
            port = \(port)
          }
          inet_listener imaps {
            port = \(tlsPort)
            ssl = yes
          }
        }
        protocol imap {
          imap_capability = +SPECIAL-USE
        }
        namespace inbox {
          inbox = yes
          separator = /
        }

        """
    }

    /// A token that it accepts.
    public func token(for user: String, seconds: Int = 600) -> String {
        let now = Int(time(nil))
        let header = base64URL(Array(#"{"typ":"JWT","alg":"HS256"}"#.utf8))
        let claims = base64URL(
            Array(#"{"sub":"\#(user)","iat":\#(now - 60),"exp":\#(now + seconds),"scope":"openid"}"#.utf8))
        let mac = HMAC<SHA256>.authenticationCode(
            for: Data("\(header).\(claims)".utf8), using: SymmetricKey(data: Data(DovecotPeer.secret.utf8)))
        return "\(header).\(claims).\(base64URL(Array(mac)))"
    }

    /// What it said.
    public var log: String { process.written }

    /// Ends every session of every user.
    public func kickAll() async throws {
        _ = try await ExternalTool.run("doveadm", ["-c", "\(directory)/dovecot.conf", "kick", "*"])
    }

    /// Stops it; its files stay.
    public func stop() async {
        process.signal(SIGTERM)
        _ = await process.ended()
    }
}
