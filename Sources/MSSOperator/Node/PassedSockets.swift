import Glibc

/// The sockets that systemd passed to this process (sd_listen_fds(3)), by their `FileDescriptorName=`: so an ordinary
/// user listens at port 25.
public struct PassedSockets: Sendable, Hashable {
    /// Descriptors by name.
    public let descriptors: [String: Int32]

    /// Sockets by name.
    public init(_ descriptors: [String: Int32] = [:]) { self.descriptors = descriptors }

    /// Those of this process. They are not passed on to programs it starts; the variables are left for a second call.
    public static func ofProcess() -> PassedSockets {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        guard let process = variable("LISTEN_PID").flatMap({ Int32($0) }), process == getpid(),
            let count = variable("LISTEN_FDS").flatMap({ Int32($0) }), (1...64).contains(count)
        else { return PassedSockets() }
        let names = (variable("LISTEN_FDNAMES") ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var descriptors: [String: Int32] = [:]
        for index in 0..<count {
            // SD_LISTEN_FDS_START is 3.
            let descriptor = 3 + index
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let name = Int(index) < names.count ? String(names[Int(index)]) : "unknown"
            if descriptors[name] == nil { descriptors[name] = descriptor }
        }
        return PassedSockets(descriptors)
    }

    func descriptor(_ name: String) throws(OperatorFailure) -> Int32 {
        guard let descriptor = descriptors[name] else { throw .noPassedSocket(name: name) }
        return descriptor
    }
}

/// Tells systemd how the process is (sd_notify(3)); nothing where systemd did not ask.
enum SystemNotice {
    static func send(_ text: String) {
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), let first = path.utf8.first,
            first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
        else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // An abstract socket begins with NUL (unix(7)).
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count  // a stored property has one
        let message = Array(text.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
            }
        }
    }
}
