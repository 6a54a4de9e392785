/// The search index of a segment in memory: where each record is and when it happened, and which terms lead to it.
struct IndexEntries: Sendable {
    private(set) var offsets: [UInt32] = []
    private(set) var times: [Int64] = []
    private(set) var hashes: [UInt64] = []
    /// The record, counted from 0 in the segment, that `hashes` at the same place leads to.
    private(set) var records: [UInt32] = []

    var count: Int { offsets.count }

    mutating func append(offset: Int, time: Int64, terms: [UInt64]) {
        let record = UInt32(offsets.count)
        offsets.append(UInt32(offset))
        times.append(time)
        hashes.append(contentsOf: terms)
        records.append(contentsOf: repeatElement(record, count: terms.count))
    }

    mutating func append(_ others: IndexEntries) {
        let base = UInt32(offsets.count)
        offsets += others.offsets
        times += others.times
        hashes += others.hashes
        records.append(contentsOf: others.records.lazy.map { $0 + base })
    }

    mutating func removeAll() {
        offsets.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
    }

    /// The records that a term leads to, in order.
    func records(for hash: UInt64) -> [UInt32] {
        var found: [UInt32] = []
        hashes.withUnsafeBufferPointer { hashes in
            for index in hashes.indices where hashes[index] == hash { found.append(records[index]) }
        }
        return found
    }

    /// The pairs of hash and record, sorted.
    func sortedPairs() -> [IndexPair] {
        var pairs: [IndexPair] = []
        pairs.reserveCapacity(hashes.count)
        for index in hashes.indices { pairs.append(IndexPair(hash: hashes[index], record: records[index])) }
        pairs.sort()
        return pairs
    }
}

struct IndexPair: Sendable, Hashable, Comparable {
    let hash: UInt64
    let record: UInt32

    static func < (left: IndexPair, right: IndexPair) -> Bool {
        left.hash != right.hash ? left.hash < right.hash : left.record < right.record
    }
}
