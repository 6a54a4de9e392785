import Dispatch
import Glibc
import MSSTestKit

/// A command that runs beside the test until it is stopped.
final class RunningTool: Sendable {
    private let process: pid_t
    private let input: CInt
    private let text = Shared("")
    private let hasEnded = Shared(false)

    /// Starts a command found in `PATH`; its standard input stays open.
    init(_ command: String, _ arguments: [String]) throws {
        var toTool: [CInt] = [0, 0]
        var fromTool: [CInt] = [0, 0]
        guard pipe(&toTool) == 0, pipe(&fromTool) == 0 else { throw Unstarted(code: errno) }
        for descriptor in toTool + fromTool { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toTool[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromTool[1], 1)
        posix_spawn_file_actions_adddup2(&actions, fromTool[1], 2)
        defer {
            close(toTool[0])
            close(fromTool[1])
        }
        process = try ExternalTool.spawn([command] + arguments, &actions)
        input = toTool[1]
        let (output, text, hasEnded) = (fromTool[0], text, hasEnded)
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

    struct Unstarted: Error { var code: CInt }
    struct Ended: Error { var written: String }

    /// What it has written so far.
    var written: String { text.value }

    /// Returns what it wrote once `condition` holds of it; throws when the command ends before.
    func wait(_ condition: (String) -> Bool) async throws -> String {
        while true {
            let ended = hasEnded.value
            if condition(written) { return written }
            if ended { throw Ended(written: written) }
            try await Task.sleep(for: .milliseconds(2))  // another process: there is no event to wait for
        }
    }

    func send(_ text: String) { _ = write(input, text, text.utf8.count) }

    /// Kills it: no close_notify, the kernel ends its connections. Once only.
    func stop() {
        kill(process, SIGKILL)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        close(input)
    }

    /// `openssl s_server` on a port of its choice.
    static func opensslServer(_ arguments: [String]) async throws -> (tool: RunningTool, port: Int) {
        let tool = try RunningTool("openssl", ["s_server", "-accept", "127.0.0.1:0"] + arguments)
        let mark = "ACCEPT 127.0.0.1:"
        let text = try await tool.wait { text in
            text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().contains { $0.hasPrefix(mark) }
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix(mark) }!
        return (tool, Int(line.dropFirst(mark.count))!)
    }
}
