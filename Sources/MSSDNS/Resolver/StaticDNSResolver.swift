/// Answers from a table: for tests, and for sites whose routes are written by hand.
public struct StaticDNSResolver: DNSResolver {
    private struct Question: Hashable, Sendable {
        var name: DNSName
        var type: DNSRecordType
    }

    private var records: [Question: [RecordData]] = [:]
    private var failures: [Question: DNSFailure] = [:]
    private var names: Set<DNSName> = []

    /// An empty table: every name is unknown.
    public init() {}

    /// Adds a record at a name.
    public mutating func add(_ data: RecordData, at name: DNSName) {
        records[Question(name: name, type: data.type), default: []].append(data)
        names.insert(name)
    }

    /// Makes every question for a name and type fail.
    public mutating func fail(_ name: DNSName, type: DNSRecordType, with failure: DNSFailure) {
        failures[Question(name: name, type: type)] = failure
    }

    /// Answers from the table.
    public func query(_ name: DNSName, type: DNSRecordType) async throws(DNSFailure) -> DNSResponse {
        let question = Question(name: name, type: type)
        if let failure = failures[question] { throw failure }
        return DNSResponse(nameExists: names.contains(name), records: records[question] ?? [])
    }
}

extension RecordData {
    /// The type of the record.
    public var type: DNSRecordType {
        switch self {
        case .address(let address): address.isIPv6 ? .aaaa : .a
        case .mailExchanger: .mx
        case .service: .srv
        case .pointer: .ptr
        }
    }
}
