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
        WhitelistEntries(storage, storage.domainEntries, storage.domains[domain])
    }

    /// The entries of a certificate name.
    public func entries(for certificateName: DistinguishedName) -> WhitelistEntries {
        WhitelistEntries(storage, storage.certificateNameEntries, storage.certificateNames[certificateName])
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
    /// Where each domain's entries stand in `domainEntries`, which holds places in `entries`.
    let domains: [Domain: Range<Int32>]
    let domainEntries: [Int32]
    /// The same by certificate name.
    let certificateNames: [DistinguishedName: Range<Int32>]
    let certificateNameEntries: [Int32]

    init(_ content: WhitelistContent) {
        generated = content.generated
        formatVersion = content.formatVersion
        diagnostics = content.diagnostics
        let domainNumbers = Self.numbers(content.entries.lazy.map(\.domain))
        let nameNumbers = Self.numbers(content.entries.lazy.map(\.certificateName))
        // The first of each pair stays.
        var seen: Set<Int64> = []
        var kept: [Int] = []
        for index in content.entries.indices {
            let pair = Int64(domainNumbers.of[index]) << 32 | Int64(nameNumbers.of[index])
            if seen.insert(pair).inserted { kept.append(index) }
        }
        entries = kept.map { content.entries[$0] }
        let byDomain = Self.groups(kept.map { domainNumbers.of[$0] }, domainNumbers.keys.count)
        domains = Self.ranges(domainNumbers.keys, byDomain.starts)
        domainEntries = byDomain.order
        let byName = Self.groups(kept.map { nameNumbers.of[$0] }, nameNumbers.keys.count)
        certificateNames = Self.ranges(nameNumbers.keys, byName.starts)
        certificateNameEntries = byName.order
    }

    /// Numbers distinct keys in the order met: the keys, and the number of each element.
    private static func numbers<Key: Hashable>(_ elements: some Sequence<Key>) -> (keys: [Key], of: [Int32]) {
        var known: [Key: Int32] = [:]
        var keys: [Key] = []
        var numbers: [Int32] = []
        for element in elements {
            if let number = known[element] {
                numbers.append(number)
            } else {
                let number = Int32(keys.count)
                known[element] = number
                keys.append(element)
                numbers.append(number)
            }
        }
        return (keys, numbers)
    }

    /// Counting sort: places of the elements, group by group, each group in order; and where each group starts.
    private static func groups(_ numbers: [Int32], _ count: Int) -> (order: [Int32], starts: [Int32]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for number in numbers { starts[Int(number) + 1] += 1 }
        for group in 0..<count { starts[group + 1] += starts[group] }
        var next = starts
        var order = [Int32](repeating: 0, count: numbers.count)
        for (place, number) in numbers.enumerated() {
            order[Int(next[Int(number)])] = Int32(place)
            next[Int(number)] += 1
        }
        return (order, starts)
    }

    private static func ranges<Key: Hashable>(_ keys: [Key], _ starts: [Int32]) -> [Key: Range<Int32>] {
        var ranges: [Key: Range<Int32>] = [:]
        ranges.reserveCapacity(keys.count)
        for (number, key) in keys.enumerated() { ranges[key] = starts[number]..<starts[number + 1] }
        return ranges
    }

    func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision {
        // EX_3.1_5030 and EX_3.2_5050: the certificate is in the list, then it is the domain's.
        guard let nameRange = certificateNames[certificateName] else {
            return .refused(.unknownCertificate(certificateName))
        }
        guard let domainRange = domains[domain] else { return .refused(.unknownDomain(domain)) }
        // A domain has a few entries, an operator's certificate thousands: walk the shorter side.
        if domainRange.count <= nameRange.count {
            for place in domainRange {
                let entry = Int(domainEntries[Int(place)])
                if entries[entry].certificateName == certificateName { return .allowed(entries[entry]) }
            }
        } else {
            for place in nameRange {
                let entry = Int(certificateNameEntries[Int(place)])
                if entries[entry].domain == domain { return .allowed(entries[entry]) }
            }
        }
        return .refused(.certificateOfOtherDomains(certificateName, domain: domain))
    }
}
