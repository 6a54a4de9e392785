internal import Glibc

/// A real unbound on a loopback port that serves zones of the tests: MX and addresses of operators.
package final class ZoneServer: Sendable {
    /// Its port.
    package let port: Int
    /// Its folder.
    package let directory: String
    private let process: pid_t

    /// It did not start; its log.
    package struct Unstarted: Error { package var text: String }

    /// Its address, as resolvers take it.
    package var forwarder: String { "127.0.0.1@\(port)" }

    /// Starts unbound and waits until it answers.
    ///
    /// - Parameter hosts: domains and the address of their server, `mx.` and the domain.
    package init(_ hosts: [String: String]) async throws {
        directory = try TestFiles.temporaryDirectory("mss-zones")
        port = Clamd.freePort()
        var zones = ""
        for (domain, address) in hosts {
            try TestFiles.write(
                """
                $ORIGIN \(domain).
                $TTL 300
                @ IN SOA ns.\(domain). admin.\(domain). 1 3600 600 86400 60
                @ IN NS ns.\(domain).
                ns IN A 127.0.0.1
                @ IN MX 10 mx
                mx IN A \(address)

                """, to: "\(directory)/\(domain).zone")
            zones += """
                auth-zone:
                  name: "\(domain)"
                  zonefile: "\(directory)/\(domain).zone"
                  for-downstream: yes
                  for-upstream: no
                  fallback-enabled: no

                """
        }
        try TestFiles.write(
            """
            server:
              interface: 127.0.0.1
              port: \(port)
              do-daemonize: no
              use-syslog: no
              logfile: ""
              username: ""
              chroot: ""
              directory: "\(directory)"
              pidfile: ""
              do-ip6: no
              module-config: "iterator"
              do-not-query-localhost: no
            remote-control:
              control-enable: no
            \(zones)
            """, to: "\(directory)/unbound.conf")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let log = "\(directory)/log"
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        process = try ExternalTool.spawn(["unbound", "-d", "-c", "\(directory)/unbound.conf"], &actions)
        for _ in 0..<6_000 {
            let text = String(decoding: (try? TestFiles.read(log)) ?? [], as: UTF8.self)
            if text.contains("start of service") { return }
            try await Task.sleep(for: .milliseconds(10))  // another process: there is no event to wait for
        }
        stop()
        throw Unstarted(text: String(decoding: (try? TestFiles.read(log)) ?? [], as: UTF8.self))
    }

    /// Ends it.
    package func stop() {
        kill(process, SIGKILL)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
}
