import MSSCore

/// The distinct domains and certificate names of a list, numbered in the order met, and those of each entry.
struct EntryKeys: Sendable {
    private(set) var domains = Numbering<Domain>()
    private(set) var certificateNames = Numbering<DistinguishedName>()
    /// The number of each entry's domain.
    private(set) var domainOf: [Int32] = []
    /// The number of each entry's certificate name.
    private(set) var certificateNameOf: [Int32] = []
    /// The entries that repeat no earlier one.
    private(set) var distinct: [Int32] = []

    /// No entry.
    init() {}

    /// The keys of entries made elsewhere.
    init(_ entries: [WhitelistEntry]) {
        var seen: Set<Pair> = []
        for entry in entries {
            let pair = Pair(
                domain: number(of: entry.domain), certificateName: number(of: entry.certificateName))
            append(pair, isRepeated: !seen.insert(pair).inserted)
        }
    }

    /// The numbers of a domain and of a certificate name.
    struct Pair: Hashable, Sendable {
        let domain: Int32
        let certificateName: Int32
    }

    /// Makes room for entries, most of them with a domain of their own.
    mutating func reserveCapacity(_ count: Int) {
        domains.reserveCapacity(count)
        domainOf.reserveCapacity(count)
        certificateNameOf.reserveCapacity(count)
        distinct.reserveCapacity(count)
    }

    /// The number of a domain, given on first use.
    mutating func number(of domain: Domain) -> Int32 { domains.number(of: domain) }

    /// The number of a certificate name, given on first use.
    mutating func number(of certificateName: DistinguishedName) -> Int32 {
        certificateNames.number(of: certificateName)
    }

    /// Notes the keys of the next entry.
    mutating func append(_ pair: Pair, isRepeated: Bool) {
        if !isRepeated { distinct.append(Int32(domainOf.count)) }
        domainOf.append(pair.domain)
        certificateNameOf.append(pair.certificateName)
    }
}
