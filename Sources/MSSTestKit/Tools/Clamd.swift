internal import Glibc

/// A real clamd with signatures of our own: the EICAR test string, and nothing else.
package final class Clamd: Sendable {
    /// Its folder, with the socket `clamd.sock`.
    package let directory: String
    /// Its TCP port on 127.0.0.1.
    package let port: Int
    private let process: pid_t

    /// It did not start; its log.
    package struct Unstarted: Error { package var text: String }

    /// The EICAR test string, in two halves so that no scanner finds this file.
    package static let eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD" + "-ANTIVIRUS-TEST-FILE!$H+H*"

    /// Starts clamd and waits until it answers.
    package init(maximumStream: String = "30M") async throws {
        directory = try TestFiles.temporaryDirectory("mss-clamd")
        try TestFiles.makeDirectory("\(directory)/db")
        let hex = Clamd.eicar.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try TestFiles.write("Test.EICAR.ndb:0:*:\(hex)\n", to: "\(directory)/db/test.ndb")
        port = Clamd.freePort()
        try TestFiles.write(
            """
            DatabaseDirectory \(directory)/db
            TCPSocket \(port)
            TCPAddr 127.0.0.1
            LocalSocket \(directory)/clamd.sock
            PidFile \(directory)/clamd.pid
            Foreground yes
            User root
            StreamMaxLength \(maximumStream)
            AlertExceedsMax yes

            """, to: "\(directory)/clamd.conf")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "\(directory)/log", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        process = try ExternalTool.spawn(["clamd", "--config-file=\(directory)/clamd.conf"], &actions)
        for _ in 0..<6_000 {
            if answers { return }
            try await Task.sleep(for: .milliseconds(10))  // another process: there is no event to wait for
        }
        stop()
        throw Unstarted(text: String(decoding: (try? TestFiles.read("\(directory)/log")) ?? [], as: UTF8.self))
    }

    /// Where it listens in the file system.
    package var socket: String { "\(directory)/clamd.sock" }

    /// Whether it answers to PING (clamd(8)).
    private var answers: Bool {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8.prefix(107)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        var reply = [UInt8](repeating: 0, count: 16)
        return isConnected && write(descriptor, "zPING\0", 6) == 6 && read(descriptor, &reply, 16) >= 4
            && reply.starts(with: "PONG".utf8)
    }

    /// Ends it.
    package func stop() {
        kill(process, SIGKILL)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// A port that nobody listens on now.
    package static func freePort() -> Int {
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
}
