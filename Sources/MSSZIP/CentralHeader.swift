/// A record of the central directory (APPNOTE 4.3.12), checked by itself.
struct CentralHeader {
    static let signature: UInt32 = 0x0201_4B50
    static let size = 46

    let index: Int
    let flags: Flags
    let method: ZIPEntry.Method
    let modified: ZIPTime
    let crc32: UInt32
    let compressedSize, expandedSize, offset: UInt64
    let storedName: [UInt8]
    let name: String
    /// Bytes of the record in the directory.
    let length: Int

    /// General-purpose bit flags (APPNOTE 4.4.4).
    struct Flags: OptionSet {
        let rawValue: UInt16
        static let encrypted = Flags(rawValue: 1 << 0)
        static let descriptor = Flags(rawValue: 1 << 3)
        static let patched = Flags(rawValue: 1 << 5)
        static let stronglyEncrypted = Flags(rawValue: 1 << 6)
        static let utf8 = Flags(rawValue: 1 << 11)
        static let masked = Flags(rawValue: 1 << 13)
        /// What the local header must repeat.
        static let binding: Flags = [.encrypted, .descriptor, .patched, .stronglyEncrypted, .utf8, .masked]
    }

    init(_ bytes: ArraySlice<UInt8>, index: Int, limits: ZIPLimits) throws(ZIPError) {
        func refuse(_ reason: ZIPError.Reason) -> ZIPError { ZIPError(reason, entry: index) }
        guard bytes.count >= Self.size, LittleEndian.uint32(bytes, at: 0) == Self.signature else {
            throw refuse(.malformedRecord)
        }
        self.index = index
        flags = Flags(rawValue: LittleEndian.uint16(bytes, at: 8))
        let methodCode = LittleEndian.uint16(bytes, at: 10)
        // 99: WinZip AES. Encryption cannot be scanned for malware, so it is refused before anything else.
        guard flags.isDisjoint(with: [.encrypted, .stronglyEncrypted, .masked]), methodCode != 99 else {
            throw refuse(.encrypted)
        }
        guard let method = ZIPEntry.Method(rawValue: methodCode), !flags.contains(.patched) else {
            throw refuse(.unsupportedMethod)
        }
        self.method = method
        modified = ZIPTime(date: LittleEndian.uint16(bytes, at: 14), time: LittleEndian.uint16(bytes, at: 12))
        crc32 = LittleEndian.uint32(bytes, at: 16)
        let nameCount = Int(LittleEndian.uint16(bytes, at: 28))
        let extraCount = Int(LittleEndian.uint16(bytes, at: 30))
        length = Self.size + nameCount + extraCount + Int(LittleEndian.uint16(bytes, at: 32))
        guard bytes.count >= length else { throw refuse(.malformedRecord) }
        guard LittleEndian.uint16(bytes, at: 34) == 0 else { throw refuse(.multipleDisks) }

        storedName = Array(bytes.dropFirst(Self.size).prefix(nameCount))
        let extras = try ExtraFields(bytes.dropFirst(Self.size + nameCount).prefix(extraCount), entry: index)
        name = try ZIPEntryName.decode(
            storedName, utf8Flag: flags.contains(.utf8),
            unicodeExtra: extras.first(ExtraFields.unicodePath).map(Array.init),
            entry: index)
        try ZIPEntryName.check(name, limits: limits, entry: index)
        let isDirectory = name.hasSuffix("/")
        try Self.checkKind(
            host: LittleEndian.uint16(bytes, at: 4) >> 8, attributes: LittleEndian.uint32(bytes, at: 38),
            isDirectory: isDirectory, index: index)

        let wide = try extras.widen(
            [
                LittleEndian.uint32(bytes, at: 24), LittleEndian.uint32(bytes, at: 20),
                LittleEndian.uint32(bytes, at: 42),
            ], entry: index)
        (expandedSize, compressedSize, offset) = (wide[0], wide[1], wide[2])
        guard method == .deflate || compressedSize == expandedSize, !isDirectory || expandedSize == 0 else {
            throw refuse(.sizeMismatch)
        }
        guard expandedSize <= limits.entryBytes else { throw refuse(.entryTooLarge) }
        if expandedSize > limits.expansionFloor, expandedSize / limits.expansion > compressedSize {
            throw refuse(.expansionTooHigh)
        }
    }

    /// Unix and macOS writers keep the file's mode in the upper half of the external attributes.
    private static func checkKind(
        host: UInt16, attributes: UInt32, isDirectory: Bool, index: Int
    ) throws(ZIPError) {
        guard host == 3 || host == 19 else { return }
        let kind = attributes >> 16 & 0xF000  // 0 where the writer kept none
        guard kind == 0 || kind == (isDirectory ? 0x4000 : 0x8000) else { throw ZIPError(.notAFile, entry: index) }
    }
}
