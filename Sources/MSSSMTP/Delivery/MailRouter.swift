public import MSSCore
public import MSSDNS

/// Finds the servers of a domain.
public protocol MailRouter: Sendable {
    /// The hosts that take the mail of a domain, in the order in which to try them.
    func route(to domain: Domain) async throws(DNSFailure) -> MailRoute

    /// The addresses of a host, in the order in which to try them.
    func addresses(of host: DNSName) async throws(DNSFailure) -> [IPAddress]
}

/// Finds servers in the DNS (RFC 5321 §5.1, RFC 7505; §6.7.2.1 step 1).
public struct DNSMailRouter: MailRouter {
    private let resolver: any DNSResolver
    private let ownNames: Set<DNSName>
    private let families: Set<AddressFamily>

    /// A router.
    ///
    /// - Parameters:
    ///   - resolver: asks the DNS.
    ///   - ownNames: the names of this server in MX records, so that mail never comes back to it.
    ///   - families: the families of addresses that this machine can reach.
    public init(
        _ resolver: any DNSResolver, ownNames: Set<DNSName>, families: Set<AddressFamily> = [.ipv4, .ipv6]
    ) {
        self.resolver = resolver
        self.ownNames = ownNames
        self.families = families
    }

    /// The hosts that take the mail of a domain.
    public func route(to domain: Domain) async throws(DNSFailure) -> MailRoute {
        try await resolver.mailRoute(of: DNSName(domain), ownNames: ownNames)
    }

    /// The addresses of a host.
    public func addresses(of host: DNSName) async throws(DNSFailure) -> [IPAddress] {
        try await resolver.addresses(of: host, families: families)
    }
}

/// Sends everything to one host, whatever the domain: a local LMTP server, or a relay of the operator's own.
public struct FixedMailRouter: MailRouter {
    private let host: DNSName
    private let hostAddresses: [IPAddress]

    /// A router to one host.
    public init(host: DNSName, addresses: [IPAddress]) {
        self.host = host
        hostAddresses = addresses
    }

    /// The host.
    public func route(to domain: Domain) -> MailRoute {
        .hosts([MailRoute.MailHost(name: host, preference: 0, isImplicit: false)])
    }

    /// Its addresses.
    public func addresses(of host: DNSName) -> [IPAddress] { hostAddresses }
}
