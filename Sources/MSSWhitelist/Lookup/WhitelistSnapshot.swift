public import MSSCore

/// One list, indexed for lookups; never changes. Copies share their storage.
public struct WhitelistSnapshot: Whitelist {
    let storage: WhitelistStorage

    /// Indexes the content of a list. Duplicates (same domain, same certificate name) are kept once.
    public init(_ content: WhitelistContent) { storage = WhitelistStorage(content) }

    /// A list of these entries: for tests and closed networks.
    public init(generated: Timestamp, entries: [WhitelistEntry]) {
        self.init(WhitelistContent(generated: generated, entries: entries))
    }

    /// `DateDeGeneration`.
    public var generated: Timestamp { storage.generated }
    /// `versionFormat`, absent from published lists.
    public var formatVersion: String? { storage.formatVersion }
    /// The distinct entries, in the order of the list.
    public var entries: [WhitelistEntry] { storage.entries }
    /// The oddities of the list.
    public var diagnostics: [WhitelistDiagnostic] { storage.diagnostics }
    /// How many domains the list has.
    public var domainCount: Int { storage.domains.count }
    /// How many certificate names the list has.
    public var certificateNameCount: Int { storage.certificateNames.count }
    /// The domains of the list, in no order.
    public var domains: some Collection<Domain> { storage.domains.keys }
    /// The certificate names of the list, in no order.
    public var certificateNames: some Collection<DistinguishedName> { storage.certificateNames.keys }

    /// The entries of a domain.
    public func entries(for domain: Domain) -> WhitelistEntries {
        storage.entries(for: domain)
    }

    /// The entries of a certificate name.
    public func entries(for certificateName: DistinguishedName) -> WhitelistEntries {
        storage.entries(for: certificateName)
    }

    /// Whether the holder of a certificate may speak for a domain. Does not allocate.
    public func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision {
        storage.decide(certificateName, for: domain)
    }
}

/// The entries of one domain or of one certificate name: a view of the list, made without allocation.
public struct WhitelistEntries: RandomAccessCollection, Sendable {
    private let storage: WhitelistStorage?
    private let order: [Int32]
    private let range: Range<Int32>

    init(_ storage: WhitelistStorage, _ order: [Int32], _ range: Range<Int32>?) {
        self.storage = range == nil ? nil : storage
        self.order = order
        self.range = range ?? 0..<0
    }

    /// No entry.
    public init() {
        storage = nil
        order = []
        range = 0..<0
    }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of entries.
    public var endIndex: Int { range.count }

    /// The entry at a position, in the order of the list.
    public subscript(position: Int) -> WhitelistEntry {
        precondition(position >= 0 && position < range.count)
        // A view of at least one entry has a storage.
        return storage!.entries[Int(order[Int(range.lowerBound) + position])]
    }
}

/// The entries and their indexes, shared by the copies of a snapshot.
final class WhitelistStorage: Sendable {
    let generated: Timestamp
    let formatVersion: String?
    let diagnostics: [WhitelistDiagnostic]
    let entries: [WhitelistEntry]
    /// The domains, numbered.
    let domains: Numbering<Domain>
    /// The entries of each domain, one domain after the other.
    private let domainEntries: EntryGroups
    /// The certificate names, numbered.
    let certificateNames: Numbering<DistinguishedName>
    /// The entries of each certificate name, one name after the other.
    private let certificateNameEntries: EntryGroups
    /// The numbers of each entry's domain and certificate name.
    private let domainOf: [Int32]
    private let certificateNameOf: [Int32]

    init(_ content: WhitelistContent) {
        let keys = content.keys
        generated = content.generated
        formatVersion = content.formatVersion
        diagnostics = content.diagnostics
        domains = keys.domains
        certificateNames = keys.certificateNames
        // The first of each pair stays.
        entries =
            keys.distinct.count == content.entries.count
            ? content.entries : keys.distinct.map { content.entries[Int($0)] }
        domainOf = keys.distinct.map { keys.domainOf[Int($0)] }
        certificateNameOf = keys.distinct.map { keys.certificateNameOf[Int($0)] }
        domainEntries = EntryGroups(domainOf, count: keys.domains.count)
        certificateNameEntries = EntryGroups(certificateNameOf, count: keys.certificateNames.count)
    }

    func entries(for domain: Domain) -> WhitelistEntries {
        WhitelistEntries(self, domainEntries.order, domains[domain].map { domainEntries.range($0) })
    }

    func entries(for certificateName: DistinguishedName) -> WhitelistEntries {
        WhitelistEntries(
            self, certificateNameEntries.order,
            certificateNames[certificateName].map { certificateNameEntries.range($0) })
    }

    func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision {
        // EX_3.1_5030 and EX_3.2_5050: the certificate is in the list, then it is the domain's.
        guard let name = certificateNames[certificateName] else {
            return .refused(.unknownCertificate(certificateName))
        }
        guard let number = domains[domain] else { return .refused(.unknownDomain(domain)) }
        let (nameRange, domainRange) = (certificateNameEntries.range(name), domainEntries.range(number))
        // A domain has a few entries, an operator's certificate thousands: walk the shorter side.
        if domainRange.count <= nameRange.count {
            for place in domainRange {
                let entry = Int(domainEntries.order[Int(place)])
                if certificateNameOf[entry] == name { return .allowed(entries[entry]) }
            }
        } else {
            for place in nameRange {
                let entry = Int(certificateNameEntries.order[Int(place)])
                if domainOf[entry] == number { return .allowed(entries[entry]) }
            }
        }
        return .refused(.certificateOfOtherDomains(certificateName, domain: domain))
    }
}

/// Places in the entries of a list, grouped by a number: by domain or by certificate name.
private struct EntryGroups: Sendable {
    /// The places, group by group, each group in the order of the list.
    let order: [Int32]
    private let starts: [Int32]

    /// Groups the places by `numbers` (counting sort); there are `count` groups.
    init(_ numbers: [Int32], count: Int) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for number in numbers { starts[Int(number) + 1] += 1 }
        for group in 0..<count { starts[group + 1] += starts[group] }
        var next = starts
        var order = [Int32](repeating: 0, count: numbers.count)
        for (place, number) in numbers.enumerated() {
            order[Int(next[Int(number)])] = Int32(place)
            next[Int(number)] += 1
        }
        self.order = order
        self.starts = starts
    }

    /// Where the group of a number stands in ``order``.
    func range(_ number: Int32) -> Range<Int32> { starts[Int(number)]..<starts[Int(number) + 1] }
}
