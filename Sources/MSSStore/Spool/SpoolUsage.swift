/// What still needs the segments of a spool: when one may be freed, and which one is worth emptying. No IO.
///
/// A segment is needed as long as it holds the latest word on a living message: its pieces, its envelope, the state of a
/// share. It may also say that a message has ended which an older segment still says is there: else the message would come
/// back with the next start. Such words are said again elsewhere before the segment is freed.
struct SpoolUsage {
    struct Segment {
        /// Latest words in it.
        var references = 0
        /// Octets of living messages in it.
        var octets = 0
        /// Older segments of which it ends messages.
        var buries: Set<UInt32> = []
        /// Messages that it says are there, and that have ended or moved.
        var ghosts: [UInt64] = []
        /// Reads under way, and drafts.
        var pins = 0
        /// Whether it is not to be emptied: something in it cannot be read.
        var isLeft = false
        /// How far it is written; known once it is full.
        var end: Int?
    }

    private(set) var segments: [UInt32: Segment] = [:]
    /// Whether something was let go since the last look.
    var mayHaveFreed = false

    var numbers: [UInt32] { segments.keys.sorted() }
    subscript(number: UInt32) -> Segment? { segments[number] }

    mutating func begin(_ number: UInt32) { segments[number] = Segment() }
    mutating func end(_ number: UInt32, at end: Int) { segments[number]?.end = end }

    mutating func refer(_ number: UInt32) { segments[number]?.references += 1 }

    mutating func release(_ number: UInt32) {
        segments[number]?.references -= 1
        mayHaveFreed = true
    }

    mutating func refer(_ content: StoredContent) {
        for chunk in content.chunks {
            segments[chunk.segment]?.references += 1
            segments[chunk.segment]?.octets += Int(chunk.count)
        }
    }

    mutating func release(_ content: StoredContent) {
        for chunk in content.chunks {
            segments[chunk.segment]?.references -= 1
            segments[chunk.segment]?.octets -= Int(chunk.count)
        }
        mayHaveFreed = true
    }

    mutating func bury(_ older: UInt32, by number: UInt32) {
        if older != number, segments[older] != nil { segments[number]?.buries.insert(older) }
    }

    mutating func haunt(_ number: UInt32, _ message: UInt64) { segments[number]?.ghosts.append(message) }

    mutating func pin(_ number: UInt32) { segments[number]?.pins += 1 }

    mutating func unpin(_ number: UInt32) {
        segments[number]?.pins -= 1
        mayHaveFreed = true
    }

    /// Does not have a segment emptied any more: something in it cannot be read. It is freed once nothing needs it.
    mutating func leave(_ number: UInt32) { segments[number]?.isLeft = true }

    /// Forgets a segment that is free.
    mutating func remove(_ number: UInt32) {
        segments[number] = nil
        for other in segments.keys { segments[other]?.buries.remove(number) }
    }

    /// Full segments that nothing needs, the oldest first.
    func free() -> [UInt32] {
        numbers.filter { number in
            guard let segment = segments[number] else { return false }
            return segment.end != nil && segment.references == 0 && segment.pins == 0
        }
    }

    /// What must be said elsewhere before these are freed: the ended messages of other segments that they bury.
    func buried(by free: [UInt32]) -> [(segment: UInt32, messages: [UInt64])] {
        var others: Set<UInt32> = []
        for number in free { others.formUnion(segments[number]?.buries ?? []) }
        others.subtract(free)
        return others.sorted().compactMap { number in segments[number].map { (number, $0.ghosts) } }
    }

    /// The full segment with the least in it, when most of the log is waste.
    ///
    /// - Parameter size: of a segment.
    func sparse(size: Int, atLeast count: Int) -> UInt32? {
        guard segments.count >= count else { return nil }
        let octets = segments.values.reduce(0) { $0 + $1.octets }
        guard octets < segments.count * (size / 2) else { return nil }
        let candidates = segments.filter { $1.end != nil && $1.references > 0 && $1.pins == 0 && !$1.isLeft }
        guard let least = candidates.min(by: { ($0.value.octets, $0.key) < ($1.value.octets, $1.key) }) else {
            return nil
        }
        return least.value.octets < size / 2 ? least.key : nil
    }
}
