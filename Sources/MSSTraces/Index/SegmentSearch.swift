import MSSCore

/// Finds records within one segment, newest first.
struct SegmentSearch {
    let terms: [SearchTerm]
    let period: ClosedRange<Int64>
    /// Only records of lower number.
    let before: UInt64

    /// The places of candidates in a closed segment, handed over newest first until `take` says stop.
    func candidates(
        in index: inout SegmentIndex, _ take: (Int) throws -> Bool
    ) throws {
        guard index.count > 0, index.earliest <= period.upperBound, index.latest >= period.lowerBound,
            index.subject.first < before
        else { return }
        let whole = period.contains(index.earliest) && period.contains(index.latest)
        let end = Int(min(UInt64(index.count), before - index.subject.first))

        func offer(_ record: Int, _ index: inout SegmentIndex) throws -> Bool {
            guard record < end else { return true }
            let (offset, time) = try index.record(record)
            return whole || period.contains(time) ? try take(offset) : true
        }

        var ranges: [Range<Int>] = []
        for term in terms {
            let range = try index.range(of: term.hash)
            if range.isEmpty { return }
            ranges.append(range)
        }
        ranges.sort { $0.count < $1.count }
        switch ranges.count {
        case 0:
            for record in (0..<end).reversed() where try !offer(record, &index) { return }
        case 1:
            for place in ranges[0].reversed() {
                let record = try index.record(atPair: place)
                guard try offer(record, &index) else { return }
            }
        default:
            // Where few records are left, reading them, which the caller does and compares, costs less than a long list.
            var common = try index.records(in: ranges[0])
            for range in ranges.dropFirst() where !common.isEmpty && range.count / 256 <= common.count {
                common = SegmentSearch.intersection(common, try index.records(in: range))
            }
            for record in common.reversed() where try !offer(Int(record), &index) { return }
        }
    }

    /// The same in the segment being written; what is offered is collected first, the writer is not held up.
    func candidates(in entries: IndexEntries, first: UInt64) -> [Int] {
        guard first < before else { return [] }
        let end = Int(min(UInt64(entries.count), before - first))
        var records: [UInt32]
        if let term = terms.first {
            records = entries.records(for: term.hash)
            for term in terms.dropFirst() where !records.isEmpty {
                records = SegmentSearch.intersection(records, entries.records(for: term.hash))
            }
        } else {
            records = (0..<end).map { UInt32($0) }
        }
        var offsets: [Int] = []
        for record in records.reversed() where Int(record) < end && period.contains(entries.times[Int(record)]) {
            offsets.append(Int(entries.offsets[Int(record)]))
        }
        return offsets
    }

    static func intersection(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var common: [UInt32] = []
        var i = 0
        var j = 0
        while i < left.count, j < right.count {
            if left[i] == right[j] {
                common.append(left[i])
                i += 1
                j += 1
            } else if left[i] < right[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return common
    }
}
