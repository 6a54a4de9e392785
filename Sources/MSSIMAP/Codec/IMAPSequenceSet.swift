/// A set of message numbers or UIDs as a client writes it (RFC 9051 §9 `sequence-set`), not yet against a mailbox.
public enum IMAPSequenceSet: Sendable, Hashable {
    /// A range; `nil` is `*`, the largest number there is. The two ends may stand in either order.
    public struct Range: Sendable, Hashable {
        /// The end written first.
        public let first: UInt32?
        /// The end written last.
        public let last: UInt32?

        /// A range.
        public init(_ first: UInt32?, _ last: UInt32?) {
            self.first = first
            self.last = last
        }
    }

    /// Ranges in the order written.
    case ranges([Range])
    /// `$`: what the last search saved (RFC 5182).
    case saved

    /// One range.
    public init(_ range: ClosedRange<UInt32>) { self = .ranges([Range(range.lowerBound, range.upperBound)]) }

    /// Numbers, joined into ranges; they must not be empty.
    public init(_ numbers: [UInt32]) {
        self = .ranges(NumberRanges(numbers).ranges.map { Range($0.lowerBound, $0.upperBound) })
    }

    /// Everything.
    public static let all = IMAPSequenceSet.ranges([Range(1, nil)])

    /// The ranges in ascending order without overlap, `*` being `largest`; with a mailbox without messages `*` is
    /// nothing. `nil` for ``saved``.
    public func resolved(largest: UInt32) -> NumberRanges? {
        guard case .ranges(let ranges) = self else { return nil }
        return NumberRanges(
            joining: ranges.compactMap { range in
                let (first, last) = (range.first ?? largest, range.last ?? largest)
                guard first > 0, last > 0 else { return nil }
                return min(first, last)...max(first, last)
            })
    }

    /// The set as written.
    public var wire: String {
        guard case .ranges(let ranges) = self else { return "$" }
        return ranges.map { range in
            let (first, last) = (range.first.map(String.init) ?? "*", range.last.map(String.init) ?? "*")
            return first == last ? first : "\(first):\(last)"
        }.joined(separator: ",")
    }
}

/// Numbers as ascending ranges that neither overlap nor touch.
public struct NumberRanges: Sendable, Hashable {
    /// The ranges.
    public private(set) var ranges: [ClosedRange<UInt32>] = []

    /// No number.
    public init() {}

    /// Numbers in any order.
    public init(_ numbers: some Sequence<UInt32>) {
        for number in numbers.sorted() { append(number) }
    }

    /// Ranges in any order.
    public init(joining unsorted: [ClosedRange<UInt32>]) {
        for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = ranges.last, range.lowerBound <= last.upperBound || range.lowerBound - 1 == last.upperBound {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
    }

    /// Adds a number not smaller than any there is.
    public mutating func append(_ number: UInt32) {
        guard let last = ranges.last, number <= last.upperBound || number - 1 == last.upperBound else {
            ranges.append(number...number)
            return
        }
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, number)
    }

    /// Whether there is no number.
    public var isEmpty: Bool { ranges.isEmpty }

    /// How many numbers.
    public var count: Int { ranges.reduce(0) { $0 + Int($1.upperBound - $1.lowerBound) + 1 } }

    /// Whether a number is among them.
    public func contains(_ number: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= number
    }

    /// The numbers in the form of a `sequence-set`; empty when there is none.
    public var wire: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound):\($0.upperBound)" }
            .joined(separator: ",")
    }
}
