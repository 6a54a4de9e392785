import MSSSessions
import MSSTLS

extension LocalHTTPServer {
    /// Starts a server of a node where the settings say; a socket in the file system is open to the group.
    static func start(
        _ node: OperatorNode, at address: SettingsAddress, limits: Limits = Limits(),
        tls: (@Sendable () -> TLSContext?)? = nil, answer: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) async throws(OperatorFailure) -> LocalHTTPServer {
        let place: ListeningAddress
        switch address {
        case .tcp(let host, let port): place = .tcp(host: host, port: port)
        case .unix(let path):
            place = .inherited(descriptor: try LocalSocket.listen(at: path, opensToGroup: true))
        case .systemd(let name): place = .inherited(descriptor: try node.sockets.descriptor(name))
        }
        do { return try await start(place, limits: limits, tls: tls, answer: answer) } catch {
            throw .port(address: address.text, reason: FrenchReason.of(error))
        }
    }
}
