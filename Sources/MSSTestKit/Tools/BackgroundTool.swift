internal import Dispatch
internal import Glibc
internal import MSSCore

/// A program that runs beside a test, and what it writes.
public final class BackgroundTool: Sendable {
    /// Why a program did not come up: what it wrote.
    public struct Unstarted: Error, CustomStringConvertible {
        /// What it wrote.
        public let text: String
        /// What it wrote.
        public var description: String { text }

        /// A program that wrote `text` and is not up.
        public init(text: String) { self.text = text }
    }

    private struct Output {
        var text = ""
        var hasEnded = false
    }

    private let process: pid_t
    private let output = Guarded(Output())
    private let isReaped = Guarded(false)

    /// Starts a command found in `PATH`.
    ///
    /// - Throws: ``TestFileError`` when it does not exist.
    public init(_ command: String, _ arguments: [String]) throws {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestFileError("pipe", command) }
        for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        defer { close(ends[1]) }
        do { process = try ExternalTool.spawn([command] + arguments, &actions) } catch {
            close(ends[0])
            throw error
        }
        let (source, output) = (ends[0], output)
        // Blocks a thread as long as the program runs: not one of those that tasks share.
        DispatchQueue(label: "mss.tool.output").async {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(source, &buffer, buffer.count)
                if count <= 0 { break }
                let part = String(decoding: buffer.prefix(count), as: UTF8.self)
                output.withLock { $0.text += part }
            }
            close(source)
            output.withLock { $0.hasEnded = true }
        }
    }

    /// The number of its process.
    public var processNumber: Int32 { process }

    /// What it has written.
    public var written: String { output.withLock { $0.text } }

    /// Waits until a condition holds of what it wrote, and returns that.
    ///
    /// - Throws: ``Unstarted`` when it ends before.
    @discardableResult
    public func wait(until condition: (String) async -> Bool) async throws -> String {
        while true {
            let (text, hasEnded) = output.withLock { ($0.text, $0.hasEnded) }
            if await condition(text) { return text }
            if hasEnded { throw Unstarted(text: text) }
            try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
        }
    }

    /// Waits until it has written something; throws ``Unstarted`` when it ends before.
    @discardableResult
    public func wait(for text: String) async throws -> String { try await wait { $0.contains(text) } }

    /// Sends it a signal.
    public func signal(_ number: Int32) { kill(process, number) }

    /// Waits until it has ended; its status as a shell tells it (128 + n for signal n).
    public func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "mss.tool.end").async { continuation.resume(returning: self.reap()) }
        }
    }

    /// Ends it; it cannot linger.
    public func stop() {
        kill(process, SIGKILL)
        _ = reap()
    }

    private func reap() -> Int32 {
        isReaped.withLock { isReaped in
            guard !isReaped else { return 0 }
            isReaped = true
            var status: CInt = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            // WIFEXITED and WEXITSTATUS are macros that Swift does not see (wait(2)).
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        }
    }
}
