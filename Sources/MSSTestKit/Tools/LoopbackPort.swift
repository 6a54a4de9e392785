internal import Glibc

/// Ports for programs that cannot choose one themselves.
public enum LoopbackPort {
    /// A port where nobody listened a moment ago, at any of the addresses: both over TCP and UDP.
    ///
    /// - Throws: ``TestFileError`` when the system has none, or lacks an address.
    public static func free(at addresses: [String] = ["127.0.0.1"]) throws -> Int {
        for _ in 0..<200 {
            let (descriptor, port) = try bound(addresses[0], 0, SOCK_STREAM)
            defer { close(descriptor) }
            var others: [CInt] = []
            defer { for other in others { close(other) } }
            do {
                others.append(try bound(addresses[0], port, SOCK_DGRAM).descriptor)
                for address in addresses.dropFirst() {
                    others.append(try bound(address, port, SOCK_STREAM).descriptor)
                    others.append(try bound(address, port, SOCK_DGRAM).descriptor)
                }
                return port
            } catch { continue }
        }
        throw TestFileError("find a free port", addresses.joined(separator: " "), EADDRINUSE)
    }

    private static func bound(
        _ address: String, _ port: Int, _ kind: __socket_type
    ) throws -> (descriptor: CInt, port: Int) {
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
        var size = found!.pointee.ai_addrlen
        var digits = [CChar](repeating: 0, count: 8)
        guard bind(descriptor, name, size) == 0, getsockname(descriptor, name, &size) == 0,
            getnameinfo(name, size, nil, 0, &digits, socklen_t(digits.count), NI_NUMERICSERV) == 0,
            let chosen = Int(String(cString: digits))
        else {
            let failure = TestFileError("bind", "\(address):\(port)")
            close(descriptor)
            throw failure
        }
        return (descriptor, chosen)
    }
}
