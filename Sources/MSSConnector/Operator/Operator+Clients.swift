public import MSSTLS
public import NIOCore

extension Operator {
    /// Where client software submits or reads messages, once it listens.
    public func clientAddress(
        _ service: AccessAttempt.Service, _ entryPoint: AccessAttempt.EntryPoint
    ) -> SocketAddress? {
        apiLPS?.address(of: service, entryPoint)
    }

    /// Connections of client software now.
    public func clientConnections(_ service: AccessAttempt.Service) -> Int { apiLPS?.connections(service) ?? 0 }

    /// What the entry points of persons show in TLS, for what else client software is served; `nil` without them.
    public var clientTLS: TLSContext? { apiLPS?.tls }
}
