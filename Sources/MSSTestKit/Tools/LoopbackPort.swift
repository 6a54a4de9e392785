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
        let descriptor = socket(AF_INET, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFileError("socket", address) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        guard code == 0 else {
            let failure = TestFileError("bind", "\(address):\(port)")
            close(descriptor)
            throw failure
        }
        return (descriptor, Int(UInt16(bigEndian: name.sin_port)))
    }
}
