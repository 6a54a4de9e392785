extension Sequence where Element == SRVRecord {
    /// The records in the order in which a client tries them: by priority, and within one by weighted chance
    /// (RFC 2782, "Usage rules"). Records whose target is the root, service not available, are left out (RFC 6186 §3.4).
    public func inTryingOrder(using generator: inout some RandomNumberGenerator) -> [SRVRecord] {
        var ordered: [SRVRecord] = []
        let usable = filter { !$0.target.isRoot }
        for priority in Set(usable.map(\.priority)).sorted() {
            // Weight 0 first, so that such records are chosen only by a draw of 0.
            var left = usable.filter { $0.priority == priority }.sorted { $0.weight < $1.weight }
            while !left.isEmpty {
                let total = left.reduce(0) { $0 + Int($1.weight) }
                let draw = Int.random(in: 0...total, using: &generator)
                var running = 0
                let index = left.firstIndex { record in
                    running += Int(record.weight)
                    return running >= draw
                }
                ordered.append(left.remove(at: index ?? left.count - 1))
            }
        }
        return ordered
    }
}
