/// The first bytes of a segment file: magic (8), family (1), three zeros, number (8), first sequence (8), digest before
/// (32), identity of the store (16), CRC-32 (4); little-endian.
struct SegmentHeader: Sendable, Hashable {
    static let count = 8 + 4 + 8 + 8 + 32 + 16 + 4
    private static let magic = Array("MSSTRC1\n".utf8)

    let family: TraceFamily
    let number: UInt64
    let first: UInt64
    let previous: TraceDigest
    /// Sixteen bytes.
    let store: [UInt8]

    init(family: TraceFamily, number: UInt64, first: UInt64, previous: TraceDigest, store: [UInt8]) {
        precondition(store.count == 16)
        self.family = family
        self.number = number
        self.first = first
        self.previous = previous
        self.store = store
    }

    var bytes: [UInt8] {
        var bytes = SegmentHeader.magic + [family.code, 0, 0, 0]
        bytes.append(littleEndian: number)
        bytes.append(littleEndian: first)
        bytes += previous.bytes
        bytes += store
        bytes.append(littleEndian: bytes.withUnsafeBytes { RecordFormat.crc32($0) })
        return bytes
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= SegmentHeader.count, bytes[..<8].elementsEqual(SegmentHeader.magic),
            let family = TraceFamily(code: bytes[8]), bytes[9] | bytes[10] | bytes[11] == 0,
            let previous = TraceDigest(bytes[28..<60])
        else { return nil }
        let crc = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 76, as: UInt32.self))
        guard RecordFormat.crc32(UnsafeRawBufferPointer(rebasing: bytes[..<76])) == crc else { return nil }
        number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
        first = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 20, as: UInt64.self))
        guard number > 0, first > 0 else { return nil }
        self.family = family
        self.previous = previous
        store = Array(bytes[60..<76])
    }
}
