/// A Bloom filter over the terms of a segment, in pages: a term's bits lie in one page, so that one read tells of ninety-
/// nine absent terms in a hundred that they are absent. Sized at ten bits a term.
struct TermFilter: Sendable {
    let pages: Int

    /// What a page of the index holds, its checksum apart.
    static let pageBytes = SegmentIndex.page - 4
    private static let pageBits = UInt64(pageBytes * 8)
    private static let probes: UInt64 = 6
    private static let bitsPerTerm = 10

    init(pages: Int) { self.pages = pages }

    /// A filter large enough for sorted terms.
    init(terms: [IndexPair]) {
        var distinct = 0
        for index in terms.indices where index == 0 || terms[index].hash != terms[index - 1].hash { distinct += 1 }
        let bits = distinct * TermFilter.bitsPerTerm
        pages = (bits + Int(TermFilter.pageBits) - 1) / Int(TermFilter.pageBits)
    }

    /// The page of a term: by the high bits, so that sorted terms fill one page after the other.
    func page(of hash: UInt64) -> Int { Int(hash.multipliedFullWidth(by: UInt64(pages)).high) }

    /// Hands over the pages, in order.
    func fill(with sorted: [IndexPair], _ take: ([UInt8]) -> Void) {
        var page = [UInt8](repeating: 0, count: TermFilter.pageBytes)
        var number = 0
        for pair in sorted {
            let wanted = self.page(of: pair.hash)
            while number < wanted {
                take(page)
                for index in page.indices { page[index] = 0 }
                number += 1
            }
            TermFilter.forEachBit(of: pair.hash) { byte, mask in
                page[byte] |= mask
                return true
            }
        }
        while number < pages {
            take(page)
            for index in page.indices { page[index] = 0 }
            number += 1
        }
    }

    /// Whether all bits of a term are set in its page.
    static func holds(_ hash: UInt64, in page: [UInt8]) -> Bool {
        var isThere = true
        forEachBit(of: hash) { byte, mask in
            isThere = page[byte] & mask != 0
            return isThere
        }
        return isThere
    }

    /// Double hashing (Kirsch and Mitzenmacher, "Less hashing, same performance", 2006) with the bits that did not choose
    /// the page.
    private static func forEachBit(of hash: UInt64, _ body: (Int, UInt8) -> Bool) {
        let step = hash >> 24 & 0xFFFF_FFFF | 1
        var value = hash & 0xFFFF_FFFF
        for _ in 0..<probes {
            let bit = value % pageBits
            guard body(Int(bit >> 3), 1 << UInt8(bit & 7)) else { return }
            value += step
        }
    }
}
