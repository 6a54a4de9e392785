public import MSSCore

extension DNSName {
    /// The name of a mail domain, to ask its MX and SRV records.
    /// - Throws: ``DNSFailure/malformedName(_:)`` never for a domain that MSSCore accepted, except beyond 253 octets.
    public init(_ domain: Domain) throws(DNSFailure) { try self.init(domain.ascii) }
}
