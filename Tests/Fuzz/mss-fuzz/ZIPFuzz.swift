import MSSZIP

private func limits() -> ZIPLimits {
    var limits = ZIPLimits()
    limits.entries = 100
    limits.entryBytes = 1 << 20
    limits.totalBytes = 2 << 20
    return limits
}

/// Opens and reads an archive; what can be read whole must survive being written and read again.
let fuzzZIP: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard let reader = try? ZIPReader(bytes: input, limits: limits()) else { return 0 }
    var budget = ZIPBudget(limits())
    let writer = ZIPWriter()
    var kept: [(String, [UInt8])] = []
    for entry in reader.entries {
        let before = budget.bytes
        guard let content = try? reader.bytes(of: entry, budget: &budget) else { continue }
        precondition(UInt64(content.count) == entry.size && before - budget.bytes == entry.size)
        guard !entry.isDirectory else { continue }
        // What the reader accepts by name the writer accepts too.
        try! writer.add(entry.name, content)  // names and counts were checked by the reader
        kept.append((entry.name, content))
    }
    let again = try! ZIPReader(bytes: try! writer.finish().bytes)  // our own archive
    precondition(again.entries.map(\.name) == kept.map(\.0))
    // our own archive
    for (entry, content) in zip(again.entries, kept.map(\.1)) { precondition(try! again.bytes(of: entry) == content) }
    return 0
}
