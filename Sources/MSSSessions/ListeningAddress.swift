package import NIOCore
package import NIOPosix

/// Where a server listens.
public enum ListeningAddress: Sendable, Hashable {
    /// A TCP port of a local address; port 0 leaves the choice to the system.
    case tcp(host: String, port: Int)
    /// A socket in the file system; one that is left there from before is replaced.
    case unix(path: String)
    /// A bound stream socket that the process was given, by systemd for instance: a port below 1024 without a
    /// privilege. It is closed with the server.
    case inherited(descriptor: Int32)
}

extension ServerBootstrap {
    /// Listens there.
    package func listen(at address: ListeningAddress) async throws -> any Channel {
        switch address {
        case .tcp(let host, let port): try await bind(host: host, port: port).get()
        case .unix(let path): try await bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        case .inherited(let descriptor): try await withBoundSocket(descriptor).get()
        }
    }
}
