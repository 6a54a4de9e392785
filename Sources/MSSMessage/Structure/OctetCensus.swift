/// Counts of the octets that matter in a run.
struct OctetCensus: Sendable {
    var eightBit = false
    var nuls = 0
    var returns = 0

    init() {}

    /// Counts in blocks small enough for octet-wide counters, so that the compiler uses vector instructions.
    init(_ run: UnsafeRawBufferPointer) {
        guard let base = run.baseAddress else { return }
        let octets = base.assumingMemoryBound(to: UInt8.self)
        var all: UInt8 = 0
        var at = 0
        while at < run.count {
            let end = min(at + 240, run.count)
            var nuls: UInt8 = 0
            var returns: UInt8 = 0
            for index in at..<end {
                let octet = octets[index]
                all |= octet
                nuls &+= octet == 0 ? 1 : 0
                returns &+= octet == 13 ? 1 : 0
            }
            self.nuls += Int(nuls)
            self.returns += Int(returns)
            at = end
        }
        eightBit = all > 127
    }

    mutating func add(_ other: OctetCensus) {
        eightBit = eightBit || other.eightBit
        nuls += other.nuls
        returns += other.returns
    }

    /// Where the line starts that holds the first such octet of a run.
    static func line(of octet: UInt8, in run: UnsafeRawBufferPointer) -> Int {
        var start = 0
        for (index, value) in run.enumerated() {
            if value == octet { return start }
            if value == Ascii.lf { start = index + 1 }
        }
        return start
    }

    /// Where the line starts that holds the first CR without LF of a run.
    static func lineOfBareReturn(in run: UnsafeRawBufferPointer) -> Int {
        var start = 0
        for (index, value) in run.enumerated() {
            if value == Ascii.cr, index + 1 == run.count || run[index + 1] != Ascii.lf { return start }
            if value == Ascii.lf { start = index + 1 }
        }
        return start
    }
}
