/// The four SRV records that every domain of an operator publishes for health software (EX_LPS_0300, TM5.1P).
///
/// Priority tells the entry points apart: 10 for personal and organisational mailboxes (Pro Santé Connect), 20 for
/// application mailboxes (structure certificates). The weight is free but the same in all four.
public struct LPSServiceRecords: Sendable, Hashable {
    /// A host and port.
    public struct EntryPoint: Sendable, Hashable {
        /// The host.
        public var host: DNSName
        /// The port.
        public var port: UInt16

        /// An entry point from its host and port.
        public init(host: DNSName, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// Which mailboxes an entry point serves, with the priority that says so.
    public enum Audience: UInt16, Sendable, Hashable, CaseIterable {
        /// Personal and organisational mailboxes, by Pro Santé Connect.
        case proSanteConnect = 10
        /// Application mailboxes, by a structure's certificate.
        case structureCertificate = 20
    }

    /// The service, as the DNS names it (RFC 6186).
    public enum Service: String, Sendable, Hashable, CaseIterable {
        /// Message submission, port 587 by default.
        case submission = "_submission._tcp"
        /// IMAP with STARTTLS, port 143 by default.
        case imap = "_imap._tcp"
    }

    /// Submission for personal and organisational mailboxes.
    public var submissionPSC: EntryPoint
    /// Submission for application mailboxes.
    public var submissionCertificate: EntryPoint
    /// IMAP for personal and organisational mailboxes.
    public var imapPSC: EntryPoint
    /// IMAP for application mailboxes.
    public var imapCertificate: EntryPoint
    /// The weight of all four.
    public var weight: UInt16

    /// The records from their hosts, on the Référentiel's ports and weight.
    public init(submissionPSC: DNSName, submissionCertificate: DNSName, imapPSC: DNSName, imapCertificate: DNSName) {
        self.submissionPSC = EntryPoint(host: submissionPSC, port: 587)
        self.submissionCertificate = EntryPoint(host: submissionCertificate, port: 587)
        self.imapPSC = EntryPoint(host: imapPSC, port: 143)
        self.imapCertificate = EntryPoint(host: imapCertificate, port: 143)
        weight = 100
    }

    /// The entry point of a service for an audience.
    public func entryPoint(_ service: Service, _ audience: Audience) -> EntryPoint {
        switch (service, audience) {
        case (.submission, .proSanteConnect): submissionPSC
        case (.submission, .structureCertificate): submissionCertificate
        case (.imap, .proSanteConnect): imapPSC
        case (.imap, .structureCertificate): imapCertificate
        }
    }

    /// The records of one service.
    public func records(_ service: Service) -> [SRVRecord] {
        Audience.allCases.map { audience in
            let point = entryPoint(service, audience)
            return SRVRecord(priority: audience.rawValue, weight: weight, port: point.port, target: point.host)
        }
    }

    /// The lines to put in the zone of a domain (RFC 1035 §5), names absolute, one record a line.
    /// - Throws: ``DNSFailure/malformedName(_:)`` when the domain leaves no room for the service labels.
    public func zoneSnippet(for domain: DNSName, timeToLive: Int = 3600) throws(DNSFailure) -> String {
        var lines: [String] = []
        for service in Service.allCases {
            let owner = try domain.prefixed(service.rawValue)
            for record in records(service) {
                lines.append(
                    "\(owner.absolute) \(timeToLive) IN SRV \(record.priority) \(record.weight) \(record.port) "
                        + record.target.absolute)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
