internal import Glibc
internal import Synchronization

/// Ports for programs that cannot choose one themselves.
public enum LoopbackPort {
    /// Ports below those that the system gives to connections (`ip_local_port_range`): one that a server leaves while it
    /// starts again is not taken by somebody's connection meanwhile.
    private static let range = 10_240..<32_000
    /// Where to look next: no port is given twice by one process, and two processes begin at different ones.
    private static let next = Atomic<Int>(Int.random(in: 0..<range.count))

    /// A port where nobody listened a moment ago, at any of the addresses: both over TCP and UDP.
    ///
    /// - Throws: ``TestFileError`` when the system has none, or lacks an address.
    public static func free(at addresses: [String] = ["127.0.0.1"]) throws -> Int {
        var last: any Error = TestFileError("find a free port", addresses.joined(separator: " "), EADDRINUSE)
        for _ in 0..<200 {
            let port = range.lowerBound + next.add(1, ordering: .relaxed).oldValue % range.count
            var descriptors: [CInt] = []
            defer { for descriptor in descriptors { close(descriptor) } }
            do {
                for address in addresses {
                    for kind in [SOCK_STREAM, SOCK_DGRAM] { descriptors.append(try bound(address, port, kind)) }
                }
                return port
            } catch { last = error }
        }
        throw last
    }

    private static func bound(_ address: String, _ port: Int, _ kind: __socket_type) throws -> CInt {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(kind.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let name = found?.pointee.ai_addr else {
            throw TestFileError("address", address, EINVAL)
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(AF_INET, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFileError("socket", address) }
        guard bind(descriptor, name, found!.pointee.ai_addrlen) == 0 else {
            let failure = TestFileError("bind", "\(address):\(port)")
            close(descriptor)
            throw failure
        }
        return descriptor
    }
}
