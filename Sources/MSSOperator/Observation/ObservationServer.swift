import Foundation

/// `/metrics` and `/health` on a loopback port.
enum ObservationServer {
    static func start(_ node: OperatorNode) async throws -> LocalHTTPServer {
        try await LocalHTTPServer.start(node, at: node.settings.observation.address) { [weak node] request in
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
    }
}
