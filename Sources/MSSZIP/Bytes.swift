import CZlibShim

/// Little-endian integers, as ZIP writes them. Callers have checked that the bytes are there.
enum LittleEndian {
    static func uint16(_ bytes: some RandomAccessCollection<UInt8>, at offset: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: load(bytes, at: offset, count: 2))
    }

    static func uint32(_ bytes: some RandomAccessCollection<UInt8>, at offset: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: load(bytes, at: offset, count: 4))
    }

    static func uint64(_ bytes: some RandomAccessCollection<UInt8>, at offset: Int) -> UInt64 {
        load(bytes, at: offset, count: 8)
    }

    private static func load(_ bytes: some RandomAccessCollection<UInt8>, at offset: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        var index = bytes.index(bytes.startIndex, offsetBy: offset)
        for shift in 0..<count {
            value |= UInt64(bytes[index]) << UInt64(8 * shift)
            index = bytes.index(after: index)
        }
        return value
    }
}

extension [UInt8] {
    /// Appends an integer in little-endian order.
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// CRC-32 as ZIP uses it, by zlib.
struct CRC32 {
    private(set) var value: UInt32 = 0

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let typed = bytes.bindMemory(to: UInt8.self)
        value = mss_zlib_crc32(value, typed.baseAddress, typed.count)
    }

    static func of(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32()
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }
}
