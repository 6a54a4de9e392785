/// Where the mail of a domain goes (RFC 5321 §5.1), decided from its MX answer: a pure value.
public enum MailRoute: Sendable, Hashable {
    /// The hosts to try, most preferred first; hosts of one preference in random order.
    case hosts([MailHost])
    /// The domain accepts no mail (RFC 7505): a permanent failure, 556 5.1.10.
    case acceptsNoMail
    /// The domain does not exist: a permanent failure, 550 5.1.2.
    case noSuchDomain
    /// Only this host itself is listed, or hosts less preferred than it: a loop, 554 5.4.6.
    case loop

    /// A host to deliver to.
    public struct MailHost: Sendable, Hashable {
        /// The host name, whose addresses remain to be found.
        public var name: DNSName
        /// The preference of its MX record; 0 for an implicit one.
        public var preference: UInt16
        /// Whether the domain has no MX record and is its own host.
        public var isImplicit: Bool

        /// A host from its name, preference and origin.
        public init(name: DNSName, preference: UInt16, isImplicit: Bool) {
            self.name = name
            self.preference = preference
            self.isImplicit = isImplicit
        }
    }

    /// Decides the route of a domain.
    ///
    /// - Parameters:
    ///   - domain: the domain of the recipients.
    ///   - response: its answer for type MX.
    ///   - ownNames: the names of this server: a listed host among them, and every host less preferred, is dropped
    ///     (RFC 5321 §5.1), so that mail never loops.
    ///   - maximumHosts: hosts kept; a hostile zone may list thousands.
    ///   - generator: the source of chance for hosts of equal preference.
    public init(
        domain: DNSName, response: DNSResponse, ownNames: Set<DNSName> = [], maximumHosts: Int = 10,
        using generator: inout some RandomNumberGenerator
    ) {
        guard response.nameExists else {
            self = .noSuchDomain
            return
        }
        var records = response.records.compactMap { if case .mailExchanger(let record) = $0 { record } else { nil } }
        guard !records.isEmpty else {
            // RFC 5321 §5.1: no MX at all, the domain itself is the host with preference 0.
            self =
                ownNames.contains(domain)
                ? .loop : .hosts([MailHost(name: domain, preference: 0, isImplicit: true)])
            return
        }
        // RFC 7505 §3: a single record with the root as its host. Beside others it has no meaning and is left out.
        records.removeAll { $0.exchange.isRoot }
        guard !records.isEmpty else {
            self = .acceptsNoMail
            return
        }
        if let own = records.filter({ ownNames.contains($0.exchange) }).map(\.preference).min() {
            records.removeAll { $0.preference >= own }
        }
        guard !records.isEmpty else {
            self = .loop
            return
        }
        records.shuffle(using: &generator)
        var seen: Set<DNSName> = []
        // The sort is stable: chance decides among equals.
        let hosts = records.sorted { $0.preference < $1.preference }
            .filter { seen.insert($0.exchange).inserted }
            .prefix(maximumHosts)
            .map { MailHost(name: $0.exchange, preference: $0.preference, isImplicit: false) }
        self = .hosts(Array(hosts))
    }
}

extension DNSResolver {
    /// Asks for the MX records of a domain and decides its route.
    public func mailRoute(of domain: DNSName, ownNames: Set<DNSName> = []) async throws(DNSFailure) -> MailRoute {
        let response = try await query(domain, type: .mx)
        // Records that exist but cannot be read must not turn the domain into its own host.
        if response.records.isEmpty, let failure = response.unreadable.first { throw failure }
        var generator = SystemRandomNumberGenerator()
        return MailRoute(domain: domain, response: response, ownNames: ownNames, using: &generator)
    }
}
