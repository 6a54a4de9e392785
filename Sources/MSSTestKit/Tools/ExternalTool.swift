internal import Dispatch
package import Glibc
internal import MSSCore

/// Runs a command of the system (openssl, curl, xmlsec1…) and collects what it says: the reference implementations that
/// tests compare with.
public enum ExternalTool {
    /// What a command left behind.
    public struct Result: Sendable, Hashable {
        /// The exit status; 127 when the command does not exist, 124 when it ran out of time, 128 + n for signal n.
        public let status: Int32
        /// What it wrote to standard output.
        public let output: [UInt8]
        /// What it wrote to standard error.
        public let errors: String

        /// Standard output as text.
        public var text: String { String(decoding: output, as: UTF8.self) }
        /// Standard output then standard error, for messages that a tool writes to either.
        public var everything: String { text + errors }
        /// Whether the exit status is 0.
        public var succeeded: Bool { status == 0 }
    }

    /// Runs `command`, looked up in `PATH`, without a shell.
    ///
    /// - Parameters:
    ///   - input: its standard input.
    ///   - seconds: it is killed after this time.
    /// - Throws: ``TestFileError`` when it cannot be started.
    public static func run(
        _ command: String, _ arguments: [String], input: [UInt8] = [], seconds: Int = 60
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            // Waiting blocks a thread: not one of the cooperative pool.
            DispatchQueue(label: "mss.tool").async {
                continuation.resume(
                    with: Swift.Result { try runBlocking(command, arguments, input: input, seconds: seconds) })
            }
        }
    }

    private static func runBlocking(
        _ command: String, _ arguments: [String], input: [UInt8], seconds: Int
    ) throws -> Result {
        // Files rather than pipes: nothing to drain, nothing that can fill up.
        let directory = try TestFiles.temporaryDirectory("mss-tool")
        defer { for name in ["in", "out", "err", ""] { remove("\(directory)/\(name)") } }
        try TestFiles.write(input, to: "\(directory)/in")

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "\(directory)/in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(directory)/out", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "\(directory)/err", O_WRONLY | O_CREAT, 0o600)

        let words = ["timeout", "-k", "5", String(seconds), command] + arguments
        let process = try spawn(words, &actions)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { throw TestFileError("wait", command) } }
        // WIFEXITED and WEXITSTATUS are macros that Swift does not see (wait(2)).
        let exit = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        return Result(
            status: exit, output: try TestFiles.read("\(directory)/out"),
            errors: String(decoding: try TestFiles.read("\(directory)/err"), as: UTF8.self))
    }

    /// Starts a command found in `PATH` with the signals of a fresh login: Dispatch's threads block most of them, and
    /// a shell script whose `kill` its children never see waits for ever.
    ///
    /// - Throws: ``TestFileError`` when it cannot be started.
    package static func spawn(
        _ words: [String], _ actions: inout posix_spawn_file_actions_t
    ) throws(TestFileError) -> pid_t {
        ChildDescriptors.keepStandardOnly(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, words[0], &actions, &attributes, &pointers, environ)
        guard code == 0 else { throw TestFileError("run", words.joined(separator: " "), code) }
        return process
    }
}
