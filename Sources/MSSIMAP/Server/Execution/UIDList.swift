/// UIDs in the order of message numbers, ascending, as runs: a mailbox of which nothing was ever deleted is one run,
/// whatever its size. A session that idles holds eight octets for each gap, not four for each message (decision 0220). No IO.
struct UIDList: Sendable, Hashable {
    private struct Run: Sendable, Hashable {
        var first: UInt32
        /// How many UIDs stand before it.
        var index: UInt32
    }

    private var runs: [Run] = []
    /// How many.
    private(set) var count = 0

    init() {}

    /// Ascending UIDs.
    init(_ uids: some Sequence<UInt32>) { for uid in uids { append(uid) } }

    /// Adds a UID greater than any there is.
    mutating func append(_ uid: UInt32) {
        if last != uid &- 1 || runs.isEmpty { runs.append(Run(first: uid, index: UInt32(count))) }
        count += 1
    }

    /// The greatest one.
    var last: UInt32? { runs.last.map { $0.first + (UInt32(count) - $0.index) - 1 } }

    private func end(of run: Int) -> Int { run + 1 < runs.count ? Int(runs[run + 1].index) : count }

    /// The last run of which something holds that holds of all before it; -1 when of none.
    private func lastRun(where holds: (Run) -> Bool) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(runs[middle]) { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    /// How many UIDs are less than this one.
    func index(atLeast uid: UInt32) -> Int {
        let run = lastRun { $0.first <= uid }
        guard run >= 0 else { return 0 }
        return min(Int(runs[run].index) + Int(uid - runs[run].first), end(of: run))
    }

    /// The number of a UID; `nil` when it is not there.
    func number(of uid: UInt32) -> UInt32? {
        let run = lastRun { $0.first <= uid }
        guard run >= 0 else { return nil }
        let index = Int(runs[run].index) + Int(uid - runs[run].first)
        return index < end(of: run) ? UInt32(index + 1) : nil
    }

    /// The UIDs at some indexes (numbers less one), as ranges.
    func ranges(_ indexes: Range<Int>) -> [ClosedRange<UInt32>] {
        var found: [ClosedRange<UInt32>] = []
        var run = lastRun { Int($0.index) <= indexes.lowerBound }
        var index = indexes.lowerBound
        while index < indexes.upperBound, run >= 0, run < runs.count {
            let stop = min(end(of: run), indexes.upperBound)
            let first = runs[run].first + UInt32(index) - runs[run].index
            found.append(first...(first + UInt32(stop - index - 1)))
            (index, run) = (stop, run + 1)
        }
        return found
    }

    /// The UIDs at some indexes.
    subscript(_ indexes: Range<Int>) -> [UInt32] {
        var uids: [UInt32] = []
        uids.reserveCapacity(indexes.count)
        for range in ranges(indexes) { uids.append(contentsOf: range) }
        return uids
    }

    /// Takes UIDs out; those that were there, with the numbers that they have once those before them are gone.
    mutating func remove(_ gone: Set<UInt32>) -> [(number: UInt32, uid: UInt32)] {
        var kept = UIDList()
        var removed: [(number: UInt32, uid: UInt32)] = []
        for range in ranges(0..<count) {
            for uid in range {
                if gone.contains(uid) { removed.append((UInt32(kept.count + 1), uid)) } else { kept.append(uid) }
            }
        }
        self = kept
        return removed
    }
}
