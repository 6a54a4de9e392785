/// An entry as the writer knows it, and the records that describe it (APPNOTE 4.3).
struct WrittenEntry {
    let name: [UInt8]
    let method: ZIPEntry.Method
    let modified: ZIPTime
    let offset: UInt64
    var crc32: UInt32 = 0
    var size: UInt64 = 0
    var compressedSize: UInt64 = 0
    var hasDescriptor = false
    /// Whether the local header announces 64-bit sizes.
    var usesZIP64 = false

    init(name: [UInt8], method: ZIPEntry.Method, modified: ZIPTime, offset: UInt64) {
        self.name = name
        self.method = method
        self.modified = modified
        self.offset = offset
    }

    private var flags: UInt16 { (hasDescriptor ? 1 << 3 : 0) | (name.contains { $0 >= 0x80 } ? 1 << 11 : 0) }

    /// 4.5 for ZIP64, 2.0 for deflate and folders, else 1.0 (APPNOTE 4.4.3.2).
    private func version(zip64: Bool) -> UInt16 {
        zip64 ? 45 : method == .deflate || name.last == UInt8(ascii: "/") ? 20 : 10
    }

    private func common(_ record: inout [UInt8], zip64: Bool) {
        record.append(littleEndian: version(zip64: zip64))
        record.append(littleEndian: flags)
        record.append(littleEndian: method.rawValue)
        record.append(littleEndian: modified.time)
        record.append(littleEndian: modified.date)
    }

    func localHeader() -> [UInt8] {
        var record: [UInt8] = []
        record.append(littleEndian: LocalHeader.signature)
        common(&record, zip64: usesZIP64)
        record.append(littleEndian: hasDescriptor ? 0 : crc32)
        let sizes: [UInt64] = hasDescriptor ? [0, 0] : [compressedSize, size]
        for value in sizes { record.append(littleEndian: usesZIP64 ? UInt32.max : UInt32(value)) }
        record.append(littleEndian: UInt16(name.count))
        record.append(littleEndian: UInt16(usesZIP64 ? 20 : 0))
        record += name
        if usesZIP64 {
            record.append(littleEndian: ExtraFields.zip64)
            record.append(littleEndian: UInt16(16))
            for value in sizes.reversed() { record.append(littleEndian: value) }
        }
        return record
    }

    func descriptor() -> [UInt8] {
        var record: [UInt8] = []
        record.append(littleEndian: LocalHeader.descriptorSignature)
        record.append(littleEndian: crc32)
        for value in [compressedSize, size] {
            if usesZIP64 { record.append(littleEndian: value) } else { record.append(littleEndian: UInt32(value)) }
        }
        return record
    }

    func centralHeader(alwaysZIP64: Bool) -> [UInt8] {
        let large = { (value: UInt64) in alwaysZIP64 || value >= UInt64(UInt32.max) }
        let wide = [size, compressedSize, offset].filter(large)
        var record: [UInt8] = []
        record.append(littleEndian: CentralHeader.signature)
        // Made by: Unix, so that the mode below is understood.
        record.append(littleEndian: UInt16(3 << 8 | 45))
        common(&record, zip64: usesZIP64 || !wide.isEmpty)
        record.append(littleEndian: crc32)
        for value in [compressedSize, size] { record.append(littleEndian: large(value) ? UInt32.max : UInt32(value)) }
        record.append(littleEndian: UInt16(name.count))
        record.append(littleEndian: UInt16(wide.isEmpty ? 0 : 4 + 8 * wide.count))
        record.append(littleEndian: UInt16(0))  // comment
        record.append(littleEndian: UInt16(0))  // disk
        record.append(littleEndian: UInt16(0))  // internal attributes
        let isDirectory = name.last == UInt8(ascii: "/")
        // Mode 0755 or 0644, and the MS-DOS folder bit.
        record.append(littleEndian: isDirectory ? UInt32(0o040755) << 16 | 0x10 : UInt32(0o100644) << 16)
        record.append(littleEndian: large(offset) ? UInt32.max : UInt32(offset))
        record += name
        if !wide.isEmpty {
            record.append(littleEndian: ExtraFields.zip64)
            record.append(littleEndian: UInt16(8 * wide.count))
            for value in wide { record.append(littleEndian: value) }
        }
        return record
    }

    static func endRecords(
        count: Int, directoryOffset: UInt64, directorySize: UInt64, alwaysZIP64: Bool
    ) -> [UInt8] {
        var record: [UInt8] = []
        let zip64 =
            alwaysZIP64 || count >= Int(UInt16.max) || directoryOffset >= UInt64(UInt32.max)
            || directorySize >= UInt64(UInt32.max)
        if zip64 {
            record.append(littleEndian: EndRecord.zip64Signature)
            record.append(littleEndian: UInt64(EndRecord.zip64Size - 12))
            record.append(littleEndian: UInt16(3 << 8 | 45))
            record.append(littleEndian: UInt16(45))
            record.append(littleEndian: UInt32(0))
            record.append(littleEndian: UInt32(0))
            record.append(littleEndian: UInt64(count))
            record.append(littleEndian: UInt64(count))
            record.append(littleEndian: directorySize)
            record.append(littleEndian: directoryOffset)
            record.append(littleEndian: EndRecord.locatorSignature)
            record.append(littleEndian: UInt32(0))
            record.append(littleEndian: directoryOffset + directorySize)
            record.append(littleEndian: UInt32(1))
        }
        record += EndRecord.signature
        record.append(littleEndian: UInt32(0))  // disks
        for _ in 0..<2 { record.append(littleEndian: UInt16(zip64 ? Int(UInt16.max) : count)) }
        record.append(littleEndian: zip64 ? UInt32.max : UInt32(directorySize))
        record.append(littleEndian: zip64 ? UInt32.max : UInt32(directoryOffset))
        record.append(littleEndian: UInt16(0))  // comment
        return record
    }
}
