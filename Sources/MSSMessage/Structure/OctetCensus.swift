/// Counts of the octets that matter in a run.
struct OctetCensus: Sendable {
    var eightBit = false
    var nuls = 0
    var returns = 0

    init() {}

    /// Counts eight octets at a time.
    init(_ run: UnsafeRawBufferPointer) {
        guard let base = run.baseAddress else { return }
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        let ones: UInt64 = 0x0101_0101_0101_0101
        let crs: UInt64 = 0x0D0D_0D0D_0D0D_0D0D
        var all: UInt64 = 0
        var zeros = 0
        var returns = 0
        var at = 0
        let words = run.count & ~7
        while at < words {
            let word = base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            all |= word
            // The high bit of every octet that is zero, exactly: no carry passes from one octet to the next.
            let other = word ^ crs
            returns &+= (~(((other & low) &+ low) | other | low)).nonzeroBitCount
            // Whether any octet is zero; rare, so counted only then.
            if (word &- ones) & ~word & ~low != 0 { zeros &+= (~(((word & low) &+ low) | word | low)).nonzeroBitCount }
            at &+= 8
        }
        while at < run.count {
            let octet = base.load(fromByteOffset: at, as: UInt8.self)
            all |= UInt64(octet)
            if octet == 0 { zeros &+= 1 }
            if octet == Ascii.cr { returns &+= 1 }
            at &+= 1
        }
        self.nuls = zeros
        self.returns = returns
        eightBit = all & ~low != 0
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
