/// Where the central directory is and how many entries it lists (APPNOTE 4.3.14 to 4.3.16).
struct EndRecord {
    static let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    static let size = 22
    static let zip64Signature: UInt32 = 0x0606_4B50
    static let zip64Size = 56
    static let locatorSignature: UInt32 = 0x0706_4B50
    static let locatorSize = 20

    let entryCount: UInt64
    let directoryOffset: UInt64
    let directorySize: UInt64

    /// Finds the record at the end of `source`.
    ///
    /// Readers that search differently must all find the same one: it must reach the end of the file exactly, no second
    /// one may do so from inside its comment, and the central directory must end where the end records begin.
    init(in source: some ZIPSource) throws(ZIPError) {
        let tailCount = Int(min(source.byteCount, UInt64(Self.size + 0xFFFF)))
        guard tailCount >= Self.size else { throw ZIPError(.noEndRecord) }
        let tailOffset = source.byteCount - UInt64(tailCount)
        let tail = try source.bytes(at: tailOffset, count: tailCount)
        let found = (0...tailCount - Self.size).filter { start in
            tail[start] == 0x50 && tail[start..<start + 4].elementsEqual(Self.signature)
                && start + Self.size + Int(LittleEndian.uint16(tail, at: start + 20)) == tailCount
        }
        guard let start = found.first else { throw ZIPError(.noEndRecord) }
        guard found.count == 1 else { throw ZIPError(.ambiguousEndRecord) }

        let small = Small(tail[start...])
        let position = tailOffset + UInt64(start)
        guard small.disk == 0, small.directoryDisk == 0, small.entriesHere == small.entries else {
            throw ZIPError(.multipleDisks)
        }
        var end = position
        if let large = try Large(before: position, in: source) {
            guard small.agrees(with: large) else { throw ZIPError(.zip64Inconsistent) }
            (entryCount, directoryOffset, directorySize) = (large.entries, large.directoryOffset, large.directorySize)
            end = large.position
        } else {
            guard small.directoryOffset != .max, small.directorySize != .max else { throw ZIPError(.zip64Inconsistent) }
            entryCount = UInt64(small.entries)
            directoryOffset = UInt64(small.directoryOffset)
            directorySize = UInt64(small.directorySize)
        }
        let (sum, overflow) = directoryOffset.addingReportingOverflow(directorySize)
        guard !overflow, sum <= end else { throw ZIPError(.malformedRecord) }
        guard sum == end else { throw ZIPError(.unlistedBytes) }
    }

    /// The 32-bit record.
    private struct Small {
        let disk, directoryDisk, entriesHere, entries: UInt16
        let directorySize, directoryOffset: UInt32

        init(_ bytes: ArraySlice<UInt8>) {
            disk = LittleEndian.uint16(bytes, at: 4)
            directoryDisk = LittleEndian.uint16(bytes, at: 6)
            entriesHere = LittleEndian.uint16(bytes, at: 8)
            entries = LittleEndian.uint16(bytes, at: 10)
            directorySize = LittleEndian.uint32(bytes, at: 12)
            directoryOffset = LittleEndian.uint32(bytes, at: 16)
        }

        /// Each field must be the sentinel or the same number: a reader that ignores ZIP64 must not see another archive.
        func agrees(with large: Large) -> Bool {
            (entries == .max || UInt64(entries) == large.entries)
                && (directorySize == .max || UInt64(directorySize) == large.directorySize)
                && (directoryOffset == .max || UInt64(directoryOffset) == large.directoryOffset)
        }
    }

    /// The ZIP64 record, found by the locator that stands right before the 32-bit record.
    private struct Large {
        let position, entries, directorySize, directoryOffset: UInt64

        init?(before end: UInt64, in source: some ZIPSource) throws(ZIPError) {
            guard end >= UInt64(EndRecord.locatorSize) else { return nil }
            let locatorOffset = end - UInt64(EndRecord.locatorSize)
            let locator = try source.bytes(at: locatorOffset, count: EndRecord.locatorSize)
            guard LittleEndian.uint32(locator, at: 0) == EndRecord.locatorSignature else { return nil }
            guard LittleEndian.uint32(locator, at: 4) == 0, LittleEndian.uint32(locator, at: 16) <= 1 else {
                throw ZIPError(.multipleDisks)
            }
            position = LittleEndian.uint64(locator, at: 8)
            guard position <= locatorOffset, locatorOffset - position >= UInt64(EndRecord.zip64Size) else {
                throw ZIPError(.zip64Inconsistent)
            }
            let record = try source.bytes(at: position, count: EndRecord.zip64Size)
            // The size field leaves out itself and the signature; the record must end where the locator begins.
            guard LittleEndian.uint32(record, at: 0) == EndRecord.zip64Signature,
                LittleEndian.uint64(record, at: 4) == locatorOffset - position - 12
            else { throw ZIPError(.zip64Inconsistent) }
            entries = LittleEndian.uint64(record, at: 32)
            guard LittleEndian.uint32(record, at: 16) == 0, LittleEndian.uint32(record, at: 20) == 0,
                LittleEndian.uint64(record, at: 24) == entries
            else { throw ZIPError(.multipleDisks) }
            directorySize = LittleEndian.uint64(record, at: 40)
            directoryOffset = LittleEndian.uint64(record, at: 48)
        }
    }
}
