/// Why an exchange gave no complete response.
public enum HTTPTransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not an absolute `http` or `https` URL, or one with a user or password inside.
    case invalidURL
    /// No connection: name resolution, refusal, unreachable network, proxy refusal; the text is for logs.
    case notConnected(String)
    /// TLS failed, most often because the server's certificate is not trusted; the text is for logs.
    case tlsFailed(String)
    /// A time-out: to connect, between two bytes, or for the whole exchange.
    case timedOut(Phase)
    /// The body is longer than the request allows, in bytes.
    case bodyTooLarge(limit: Int)
    /// A redirect that the configuration does not allow.
    case redirectRefused
    /// The connection broke or the server does not speak HTTP; the text is for logs.
    case protocolFailed(String)
    /// The transport was shut down.
    case shutDown
    /// The task was cancelled.
    case cancelled

    /// What took too long.
    public enum Phase: String, Sendable, Hashable {
        /// To connect, TLS included.
        case connect
        /// The silence between two reads.
        case read
        /// The whole exchange.
        case exchange
    }

    /// For logs.
    public var description: String {
        switch self {
        case .invalidURL: "invalid URL"
        case .notConnected(let reason): "not connected: \(reason)"
        case .tlsFailed(let reason): "TLS failed: \(reason)"
        case .timedOut(let phase): "timed out: \(phase.rawValue)"
        case .bodyTooLarge(let limit): "response body over \(limit) bytes"
        case .redirectRefused: "redirect refused"
        case .protocolFailed(let reason): "HTTP failed: \(reason)"
        case .shutDown: "transport shut down"
        case .cancelled: "cancelled"
        }
    }
}
