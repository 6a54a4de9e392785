/// The entries of a CRL: a hash table (open addressing) of their positions in the CRL's bytes.
struct RevokedEntries: Sendable {
    /// Start of each entry's SEQUENCE, plus one; zero is an empty slot. The size is a power of two.
    private var slots: [UInt32] = []
    private(set) var count = 0

    /// No entry.
    init() {}

    /// Reads every entry in `range` and checks its form.
    init(_ range: Range<Int>, in der: [UInt8]) throws {
        var positions: [UInt32] = []
        positions.reserveCapacity(range.count / 36)
        var list = DERReader(der, in: range)
        while !list.isAtEnd {
            let start = list.position
            var fields = try list.enter()
            let serial = try fields.read(DERTag.integer)
            guard (1...33).contains(serial.content.count) else { throw DERError.invalidValue }
            try fields.skipTime()
            if !fields.isAtEnd { _ = try fields.readEntryExtensions() }
            guard positions.count < CertificateRevocationList.maximumEntries else { throw CRLError.tooLarge }
            positions.append(UInt32(start))
        }
        insert(positions, der)
    }

    private mutating func insert(_ positions: [UInt32], _ der: [UInt8]) {
        guard !positions.isEmpty else { return }
        var size = 4
        while size < positions.count * 2 { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
        count = positions.count
        for position in positions {
            var slot = Self.hash(Self.serial(at: Int(position), in: der)) & (size - 1)
            // The same serial twice takes two slots; the first is found, as OpenSSL does.
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = position + 1
        }
    }

    /// The position of a serial number's entry.
    func find(_ serialNumber: [UInt8], in der: [UInt8]) -> Int? {
        guard count > 0 else { return nil }
        var slot = Self.hash(serialNumber[...]) & (slots.count - 1)
        while slots[slot] != 0 {
            let position = Int(slots[slot] - 1)
            if Self.serial(at: position, in: der) == serialNumber[...] { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The serial number of the entry at `position`, without sign byte; its form was checked when the list was read.
    private static func serial(at position: Int, in der: [UInt8]) -> ArraySlice<UInt8> {
        let lengthByte = der[position + 1]
        let header = lengthByte < 0x80 ? 2 : 2 + Int(lengthByte & 0x7F)
        var start = position + header + 2  // the INTEGER's own tag and (short) length
        let end = start + Int(der[position + header + 1])
        if end - start > 1, der[start] == 0 { start += 1 }
        return der[start..<end]
    }

    /// Seeded for the process: nobody can prepare serial numbers that collide.
    private static func hash(_ serial: ArraySlice<UInt8>) -> Int {
        var hasher = Hasher()
        serial.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
