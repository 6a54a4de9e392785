/// What a zone answers for one name and type.
public struct DNSResponse: Sendable, Hashable {
    /// What DNSSEC says of the answer.
    public enum Security: Sendable, Hashable {
        /// Validated up to a trust anchor.
        case secure
        /// Not signed, not validated, or failed validation under a permissive resolver (libunbound does not tell which).
        case insecure
    }

    /// Whether the name exists at all (`false` is NXDOMAIN).
    public var nameExists: Bool
    /// The records, in the order received; empty when the name has none of the type.
    public var records: [RecordData]
    /// Records received that could not be read and were left out.
    public var unreadable: [DNSFailure]
    /// How long the answer may be kept, in seconds.
    public var timeToLive: Int
    /// What DNSSEC says.
    public var security: Security

    /// A response from its parts.
    public init(
        nameExists: Bool = true, records: [RecordData] = [], unreadable: [DNSFailure] = [], timeToLive: Int = 0,
        security: Security = .insecure
    ) {
        self.nameExists = nameExists
        self.records = records
        self.unreadable = unreadable
        self.timeToLive = timeToLive
        self.security = security
    }
}

/// Resolves names. ``UnboundResolver`` does it with libunbound, ``StaticDNSResolver`` from a table.
public protocol DNSResolver: Sendable {
    /// Asks for the records of one type. A name that does not exist, or has none, is a response, not a failure.
    func query(_ name: DNSName, type: DNSRecordType) async throws(DNSFailure) -> DNSResponse
}

extension DNSResolver {
    /// The addresses of a host, IPv6 and IPv4 as asked, IPv6 first (RFC 6724 by default prefers it).
    ///
    /// The two families are asked at once; when one fails and the other answers, the answer counts.
    public func addresses(
        of host: DNSName, families: Set<AddressFamily> = [.ipv4, .ipv6]
    ) async throws(DNSFailure) -> [IPAddress] {
        async let six = outcome(host, .aaaa, wanted: families.contains(.ipv6))
        async let four = outcome(host, .a, wanted: families.contains(.ipv4))
        let outcomes = await [six, four]
        let addresses = outcomes.flatMap { outcome -> [IPAddress] in
            guard case .success(let response) = outcome else { return [] }
            return response.records.compactMap { if case .address(let address) = $0 { address } else { nil } }
        }
        if addresses.isEmpty {
            for case .failure(let failure) in outcomes { throw failure }
        }
        return addresses
    }

    /// The SRV records of a service, `_imap._tcp` for example, under a domain, as published (unordered).
    public func services(_ service: String, of domain: DNSName) async throws(DNSFailure) -> [SRVRecord] {
        try await query(try domain.prefixed(service), type: .srv).records.compactMap {
            if case .service(let record) = $0 { record } else { nil }
        }
    }

    /// The names that an address points back to.
    public func names(of address: IPAddress) async throws(DNSFailure) -> [DNSName] {
        try await query(address.reverseName, type: .ptr).records.compactMap {
            if case .pointer(let name) = $0 { name } else { nil }
        }
    }

    private func outcome(_ host: DNSName, _ type: DNSRecordType, wanted: Bool) async -> Result<DNSResponse, DNSFailure>
    {
        guard wanted else { return .success(DNSResponse()) }
        do { return .success(try await query(host, type: type)) } catch { return .failure(error) }
    }
}

/// A family of addresses.
public enum AddressFamily: Sendable, Hashable {
    /// A records.
    case ipv4
    /// AAAA records.
    case ipv6
}
