/// Why an answer of the identity provider could not be had or used.
public enum ProviderFailure: Error, Sendable, Hashable {
    /// The provider's documents and services.
    public enum Part: String, Sendable, Hashable {
        /// The discovery document.
        case discovery
        /// The key set.
        case keys
        /// UserInfo.
        case userInfo = "userinfo"
        /// The token endpoint.
        case token
        /// The CIBA endpoint.
        case ciba
        /// The end of the session.
        case logout
    }

    /// No complete answer: connection, TLS, time-out. The type of the transport's error, for the log.
    case unreachable(Part, String)
    /// An answer of this status.
    case status(Part, Int)
    /// An answer that is not what the standard has.
    case malformedAnswer(Part)
    /// The discovery document is another issuer's (OpenID Connect Discovery §4.3).
    case otherIssuer
    /// An endpoint is not `https`.
    case insecureEndpoint
    /// The provider does not offer this service.
    case notOffered(Part)
}

extension ProviderFailure: CustomStringConvertible {
    /// The English text for logs.
    public var description: String {
        switch self {
        case .unreachable(let part, let detail): "\(part.rawValue) not reached (\(detail))"
        case .status(let part, let status): "\(part.rawValue) answered \(status)"
        case .malformedAnswer(let part): "\(part.rawValue) gave a malformed answer"
        case .otherIssuer: "discovery names another issuer"
        case .insecureEndpoint: "an endpoint is not https"
        case .notOffered(let part): "\(part.rawValue) is not offered"
        }
    }
}
