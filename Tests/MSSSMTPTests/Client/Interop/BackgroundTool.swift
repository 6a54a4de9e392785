import Dispatch
import Glibc
import MSSTestKit

@testable import MSSSMTP

/// A program that runs beside a test, and what it writes.
final class BackgroundTool: Sendable {
    private let process: pid_t
    private let text = Shared("")
    private let hasEnded = Shared(false)

    struct Unstarted: Error { var text: String }

    /// Starts a command found in `PATH`.
    init(_ command: String, _ arguments: [String]) throws {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw Unstarted(text: "pipe") }
        for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        defer { close(ends[1]) }
        process = try ExternalTool.spawn([command] + arguments, &actions)
        let (output, text, hasEnded) = (ends[0], text, hasEnded)
        DispatchQueue.global().async {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(output, &buffer, buffer.count)
                if count <= 0 { break }
                let part = String(decoding: buffer.prefix(count), as: UTF8.self)
                text.update { $0 += part }
            }
            close(output)
            hasEnded.update { $0 = true }
        }
    }

    /// What it has written.
    var written: String { text.value }

    /// Waits until it has written something; throws when it ends before.
    func wait(for text: String) async throws {
        while !written.contains(text) {
            if hasEnded.value { throw Unstarted(text: written) }
            try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
        }
    }

    /// Ends it; it cannot linger.
    func stop() {
        kill(process, SIGKILL)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// A port that was free a moment ago: these programs cannot choose one themselves.
    static func freePort() -> Int {
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

    /// A session with a program that may not listen yet.
    static func connect(
        _ port: Int, _ configuration: SMTPClientConfiguration
    ) async throws -> SMTPConnection {
        for _ in 0..<2_000 {
            do { return try await SMTPConnection.open(.local(port), configuration) } catch {
                guard error.phase == .connecting else { throw error }
                try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
            }
        }
        throw Unstarted(text: "nobody listens on \(port)")
    }
}
