public import MSSCore

/// A difference between the SRV records that a domain publishes and those it should (EX_LPS_0300).
public enum LPSServiceFinding: ExplainedFailure, Hashable {
    /// No record of this service and priority.
    case missing(LPSServiceRecords.Service, LPSServiceRecords.Audience)
    /// The record of this service and priority names another host or port.
    case otherTarget(LPSServiceRecords.Service, LPSServiceRecords.Audience, published: SRVRecord)
    /// A record whose priority is neither 10 nor 20, or one record too many.
    case unexpected(LPSServiceRecords.Service, SRVRecord)
    /// The weights differ among the records.
    case unequalWeights([UInt16])
    /// The service could not be asked for.
    case notResolved(LPSServiceRecords.Service, DNSFailure)

    /// EX_LPS_0300.
    public var requirement: RequirementID? { "EX_LPS_0300" }

    /// English text for logs.
    public var description: String {
        switch self {
        case .missing(let service, let audience): "\(service.rawValue) priority \(audience.rawValue) is missing"
        case .otherTarget(let service, let audience, let record):
            "\(service.rawValue) priority \(audience.rawValue) names \(record.target):\(record.port)"
        case .unexpected(let service, let record):
            "unexpected \(service.rawValue) record: priority \(record.priority), \(record.target):\(record.port)"
        case .unequalWeights(let weights): "weights differ: \(weights)"
        case .notResolved(let service, let failure): "\(service.rawValue): \(failure)"
        }
    }

    /// One French sentence with the remedy.
    public var explanation: String {
        switch self {
        case .missing(let service, let audience):
            "L'enregistrement SRV \(service.rawValue) de priorité \(audience.rawValue) manque dans la zone du domaine."
        case .otherTarget(let service, let audience, let record):
            "L'enregistrement SRV \(service.rawValue) de priorité \(audience.rawValue) désigne "
                + "\(record.target):\(record.port) au lieu du point d'entrée configuré."
        case .unexpected(let service, let record):
            "L'enregistrement SRV \(service.rawValue) vers \(record.target):\(record.port) (priorité "
                + "\(record.priority)) n'est pas attendu et doit être retiré de la zone."
        case .unequalWeights:
            "Les quatre enregistrements SRV doivent porter le même poids (100 par défaut)."
        case .notResolved(let service, let failure):
            "Les enregistrements SRV \(service.rawValue) n'ont pas pu être interrogés. \(failure.explanation)"
        }
    }
}

extension LPSServiceRecords {
    /// Compares published records with these. Pure; ``check(domain:with:)`` asks the DNS.
    ///
    /// The weight published may differ from ours, as long as it is one and the same everywhere.
    public func differences(published: [Service: [SRVRecord]]) -> [LPSServiceFinding] {
        var findings: [LPSServiceFinding] = []
        for service in Service.allCases {
            var left = published[service] ?? []
            for audience in Audience.allCases {
                let wanted = entryPoint(service, audience)
                let candidates = left.filter { $0.priority == audience.rawValue }
                let exact = candidates.first { $0.target == wanted.host && $0.port == wanted.port }
                guard let found = exact ?? candidates.first else {
                    findings.append(.missing(service, audience))
                    continue
                }
                if exact == nil { findings.append(.otherTarget(service, audience, published: found)) }
                left.removeAll { $0 == found }
            }
            findings += left.map { .unexpected(service, $0) }
        }
        let weights = Set(published.values.joined().map(\.weight))
        if weights.count > 1 { findings.append(.unequalWeights(weights.sorted())) }
        return findings
    }

    /// Asks the DNS what a domain publishes and compares it with these records.
    public func check(domain: DNSName, with resolver: some DNSResolver) async -> [LPSServiceFinding] {
        var published: [Service: [SRVRecord]] = [:]
        var failures: [LPSServiceFinding] = []
        for service in Service.allCases {
            do {
                published[service] = try await resolver.services(service.rawValue, of: domain)
            } catch {
                failures.append(.notResolved(service, error))
            }
        }
        let asked = Set(published.keys)
        return failures
            + differences(published: published).filter { finding in
                switch finding {
                case .missing(let service, _), .otherTarget(let service, _, _), .unexpected(let service, _),
                    .notResolved(let service, _):
                    asked.contains(service)
                case .unequalWeights: true
                }
            }
    }
}
