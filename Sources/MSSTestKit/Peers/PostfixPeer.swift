/// A real Postfix of the test's own, on loopback, in a temporary folder, without systemd: another operator.
///
/// It speaks TLS with every peer and requires a certificate of the hierarchy; whom else it lets in and where messages go
/// is for its ``Configuration``. Postfix runs as root only.
public final class PostfixPeer: Sendable {
    /// What a peer is.
    public struct Configuration: Sendable {
        /// The name that it gives itself.
        public var hostName: String
        /// Certificate, intermediate and key.
        public var credential: TestCredential
        /// The authorities that it accepts, PEM.
        public var authorities: String
        /// The address that it listens on.
        public var address = "127.0.0.1"
        /// The port; a free one when absent.
        public var port: Int?
        /// Where messages go.
        public var routes: [Route] = []
        /// Users of its own: `virtual` delivery into a Maildir each, by address.
        public var mailboxes: [String] = []
        /// Settings of `main.cf` beside or instead of the ordinary ones.
        public var settings: [String: String] = [:]

        /// A peer.
        public init(_ hostName: String, _ credential: TestCredential, pki: TestPKI = .shared) {
            self.hostName = hostName
            self.credential = credential
            authorities = pki.trustStorePEM
        }
    }

    /// Where messages go.
    public enum Route: Sendable, Hashable {
        /// Everything that has no other route is relayed by mutual TLS to a server whose certificate bears this name.
        case everything(address: String = "127.0.0.1", port: Int, certificateName: String)
        /// The same for one domain.
        case domain(String, address: String, port: Int, certificateName: String)
        /// Everything that has no other route is taken and thrown away.
        case discard
    }

    /// Where its files are.
    public let directory: String
    /// The port that it listens on.
    public let port: Int
    private let configuration: Configuration

    private var etc: String { "\(directory)/etc" }

    /// Starts a Postfix and waits until it listens.
    ///
    /// - Throws: ``BackgroundTool/Unstarted`` with what it said.
    public static func start(_ configuration: Configuration) async throws -> PostfixPeer {
        var attempts = configuration.port == nil ? 5 : 1
        while true {
            attempts -= 1
            let peer = PostfixPeer(
                configuration, directory: try TestFiles.temporaryDirectory("mss-postfix"),
                port: try configuration.port ?? LoopbackPort.free(at: [configuration.address]))
            do {
                try await peer.start()
                return peer
            } catch let error as BackgroundTool.Unstarted {
                // Between the choice of a port and its use, another program may take it.
                guard attempts > 0, error.text.contains("Address already in use") else { throw error }
            }
        }
    }

    private init(_ configuration: Configuration, directory: String, port: Int) {
        self.configuration = configuration
        self.directory = directory
        self.port = port
    }

    private func start() async throws {
        for folder in ["etc", "spool", "data", "mail"] { try TestFiles.makeDirectory("\(directory)/\(folder)") }
        try TestFiles.write(configuration.credential.chainPEM, to: "\(etc)/leaf.pem")
        try TestFiles.write(configuration.credential.privateKeyPEM, to: "\(etc)/leaf.key", mode: 0o600)
        try TestFiles.write(configuration.authorities, to: "\(etc)/ca.pem")
        for (name, lines) in maps { try TestFiles.write(lines.joined(), to: "\(etc)/\(name)") }
        let lines = settings.map { "\($0.key) = \($0.value)" }.sorted()
        try TestFiles.write(lines.joined(separator: "\n") + "\n", to: "\(etc)/main.cf")
        try TestFiles.write(services.joined(separator: "\n") + "\n", to: "\(etc)/master.cf")
        for (command, arguments) in [
            ("chown", ["postfix", "\(directory)/data"]), ("chown", ["nobody:nogroup", "\(directory)/mail"]),
            ("chmod", ["755", directory, etc, "\(directory)/spool"]), ("postfix", ["-c", etc, "start"]),
        ] {
            let result = try await ExternalTool.run(command, arguments)
            guard result.succeeded else { throw BackgroundTool.Unstarted(text: result.everything + log) }
        }
    }

    /// Stops it; its files stay.
    public func stop() async throws { _ = try await ExternalTool.run("postfix", ["-c", etc, "stop"]) }

    // MARK: What it does

    /// Gives it a message to send, as a user of the machine would.
    public func send(_ message: [UInt8], from sender: String, to recipients: [String]) async throws {
        let result = try await ExternalTool.run(
            "env", ["MAIL_CONFIG=\(etc)", "sendmail", "-i", "-f", sender, "--"] + recipients, input: message)
        guard result.succeeded else { throw BackgroundTool.Unstarted(text: result.everything + log) }
    }

    /// Its log so far.
    public var log: String {
        (try? TestFiles.read("\(directory)/maillog")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Waits until its log says something.
    ///
    /// - Throws: ``BackgroundTool/Unstarted`` with the log after a minute.
    public func wait(for text: String) async throws {
        for _ in 0..<12_000 {
            if log.contains(text) { return }
            try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
        }
        throw BackgroundTool.Unstarted(text: "« \(text) » is not in the log:\n\(log)")
    }

    /// The messages in a mailbox, oldest first, once there are at least `count`.
    public func messages(in mailbox: String, atLeast count: Int = 0) async throws -> [[UInt8]] {
        let folder = "\(directory)/mail/\(mailbox)/new"
        for _ in 0..<12_000 {
            let names = (try? TestFiles.names(in: folder)) ?? []
            if names.count >= count { return try names.map { try TestFiles.read("\(folder)/\($0)") } }
            try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
        }
        throw BackgroundTool.Unstarted(text: "\(count) messages did not come into \(mailbox):\n\(log)")
    }

    // MARK: Files

    private var settings: [String: String] {
        let access = "permit_tls_all_clientcerts, reject"
        var all = [
            "compatibility_level": "3.6", "queue_directory": "\(directory)/spool",
            "data_directory": "\(directory)/data", "maillog_file": "\(directory)/maillog",
            "maillog_file_prefixes": directory, "inet_protocols": "ipv4",
            // Of the addresses of the loopback interface, Linux lists this one only; master.cf names the one listened on.
            "inet_interfaces": "127.0.0.1",
            "myhostname": configuration.hostName, "mydestination": "", "mynetworks": "", "alias_maps": "",
            "local_recipient_maps": "", "smtpd_peername_lookup": "no", "smtp_dns_support_level": "disabled",
            "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": "\(etc)/leaf.pem",
            "smtpd_tls_key_file": "\(etc)/leaf.key", "smtpd_tls_CAfile": "\(etc)/ca.pem",
            "smtpd_tls_ask_ccert": "yes", "smtpd_tls_req_ccert": "yes", "smtpd_tls_loglevel": "1",
            "smtpd_tls_mandatory_protocols": ">=TLSv1.2", "smtpd_relay_restrictions": access,
            "smtpd_recipient_restrictions": access, "smtp_tls_security_level": "secure",
            "smtp_tls_cert_file": "\(etc)/leaf.pem", "smtp_tls_key_file": "\(etc)/leaf.key",
            "smtp_tls_CAfile": "\(etc)/ca.pem", "smtp_tls_mandatory_protocols": ">=TLSv1.2",
            "smtp_tls_loglevel": "1", "smtp_bind_address": configuration.address,
        ]
        if !configuration.mailboxes.isEmpty {
            let domains = Set(configuration.mailboxes.compactMap { $0.split(separator: "@").last }).sorted()
            all["virtual_mailbox_domains"] = domains.joined(separator: ", ")
            all["virtual_mailbox_base"] = "\(directory)/mail"
            all["virtual_mailbox_maps"] = "texthash:\(etc)/mailboxes"
            all["virtual_minimum_uid"] = "100"
            (all["virtual_uid_maps"], all["virtual_gid_maps"]) = ("static:65534", "static:65534")
        }
        for route in configuration.routes {
            switch route {
            case .discard: all["default_transport"] = "discard:"
            case .everything(let address, let port, let name):
                all["default_transport"] = "smtp:[\(address)]:\(port)"
                all["smtp_tls_secure_cert_match"] = name
            case .domain:
                all["transport_maps"] = "texthash:\(etc)/transport"
                all["smtp_tls_policy_maps"] = "texthash:\(etc)/policy"
            }
        }
        return all.merging(configuration.settings) { $1 }
    }

    /// Tables that settings refer to.
    private var maps: [String: [String]] {
        var maps = ["mailboxes": configuration.mailboxes.map { "\($0) \($0)/\n" }, "transport": [], "policy": []]
        for case .domain(let domain, let address, let port, let name) in configuration.routes {
            maps["transport"]?.append("\(domain) smtp:[\(address)]:\(port)\n")
            maps["policy"]?.append("[\(address)]:\(port) secure match=\(name)\n")
        }
        return maps
    }

    /// `master.cf`: nothing in a chroot.
    private var services: [String] {
        [
            "\(configuration.address):\(port) inet n - n - - smtpd", "pickup unix n - n 60 1 pickup",
            "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr",
            "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce",
            "trace unix - - n - 0 bounce", "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush",
            "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp", "error unix - - n - - error",
            "retry unix - - n - - error", "discard unix - - n - - discard", "virtual unix - n n - - virtual",
            "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd",
        ]
    }
}
