public import MSSCore
public import MSSDNS
public import MSSTLS
import NIOCore

/// Where a server listens.
public enum SMTPEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A host by its name, resolved by the system.
    case host(String, port: Int)
    /// An address.
    case address(IPAddress, port: Int)
    /// A socket of this machine, as local LMTP servers use.
    case unixSocket(String)

    /// The endpoint for logs.
    public var description: String {
        switch self {
        case .host(let name, let port): "\(name):\(port)"
        case .address(let address, let port): address.isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .unixSocket(let path): path
        }
    }
}

/// A server to send to, and what for. Connections are shared within one destination only: a server that was accepted
/// for one domain was not accepted for another (§6.7.2.1 step 6).
public struct SMTPDestination: Sendable, Hashable {
    /// Where the server listens.
    public var endpoint: SMTPEndpoint
    /// The domain of the recipients, between operators; `nil` for submission, which takes any.
    public var domain: Domain?
    /// The name of the server: sent as SNI, and compared with its certificate when the configuration says so.
    public var serverName: String?

    /// A destination.
    public init(_ endpoint: SMTPEndpoint, domain: Domain? = nil, serverName: String? = nil) {
        self.endpoint = endpoint
        self.domain = domain
        self.serverName = serverName
    }
}

/// A server as the peer check sees it: its certificate was verified, its right to the mail was not.
public struct SMTPPeer: Sendable {
    /// What TLS established: certificate, chain, revocation.
    public var facts: TLSSessionFacts
    /// What the connection is for.
    public var destination: SMTPDestination

    /// A server as the peer check sees it.
    public init(facts: TLSSessionFacts, destination: SMTPDestination) {
        self.facts = facts
        self.destination = destination
    }
}
