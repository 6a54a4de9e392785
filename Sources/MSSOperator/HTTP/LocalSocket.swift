import Glibc
import MSSCore

/// Unix sockets that only those allowed can open, from their first moment on.
enum LocalSocket {
    /// Makes a listening socket at a path, of mode 0600, or 0660 for the group.
    ///
    /// One that a dead process left is replaced; one that somebody listens at is not.
    static func listen(at path: String, opensToGroup: Bool) throws(OperatorFailure) -> CInt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .socket(path: path, reason: reason()) }
        // Before it is bound, so that there is no moment in which others may connect (unix(7): the mode of the socket's
        // inode is taken over).
        _ = fchmod(descriptor, 0o600)
        if !bind(descriptor, path) {
            guard errno == EADDRINUSE, !isAlive(path), unlink(path) == 0, bind(descriptor, path) else {
                let why = errno == EADDRINUSE ? "un autre processus y écoute" : reason()
                close(descriptor)
                throw .socket(path: path, reason: why)
            }
        }
        // The process's umask may have taken the group's rights away.
        guard chmod(path, opensToGroup ? 0o660 : 0o600) == 0, Glibc.listen(descriptor, 16) == 0 else {
            let why = reason()
            close(descriptor)
            throw .socket(path: path, reason: why)
        }
        return descriptor
    }

    /// Whether somebody listens there.
    static func isAlive(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withAddress(path) { connect(descriptor, $0, $1) == 0 }
    }

    private static func bind(_ descriptor: CInt, _ path: String) -> Bool {
        withAddress(path) { Glibc.bind(descriptor, $0, $1) == 0 }
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return false
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
