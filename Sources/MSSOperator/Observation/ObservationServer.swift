import Foundation

/// `/metrics` and `/health` on a loopback port.
enum ObservationServer {
    static func start(_ node: OperatorNode) async throws -> LocalHTTPServer {
        let address = node.settings.observation.address
        let place: LocalHTTPServer.Address
        switch address {
        case .tcp(let host, let port): place = .tcp(host: host, port: port)
        case .unix(let path): place = .descriptor(try LocalSocket.listen(at: path, opensToGroup: true))
        case .systemd(let name): place = .descriptor(try node.sockets.descriptor(name))
        }
        do {
            return try await LocalHTTPServer.start(place) { [weak node] request in
                guard let node else { return .text(503, "Arrêt en cours.") }
                guard request.method == "GET" else { return .text(405, "GET seulement.") }
                switch request.path {
                case "/metrics":
                    return LocalResponse(
                        200, "text/plain; version=0.0.4; charset=utf-8", Array(await node.metrics().utf8))
                case "/health":
                    let health = await node.health()
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                    let body = (try? encoder.encode(health)).map { Array($0) } ?? []
                    return .json(health.state == .failure ? 503 : 200, body)
                default: return .text(404, "/metrics ou /health.")
                }
            }
        } catch let failure as OperatorFailure { throw failure } catch {
            throw OperatorFailure.port(address: address.text, reason: FrenchReason.of(error))
        }
    }
}
