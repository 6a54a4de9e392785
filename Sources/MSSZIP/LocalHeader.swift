/// A local header (APPNOTE 4.3.7), held against the central one: a reader that streams must see the same archive as one
/// that starts from the directory.
struct LocalHeader {
    static let signature: UInt32 = 0x0403_4B50
    static let size = 30
    static let descriptorSignature: UInt32 = 0x0807_4B50

    /// Where the entry's data begins.
    let dataOffset: UInt64

    init(of central: CentralHeader, in source: some ZIPSource) throws(ZIPError) {
        func refuse(_ reason: ZIPError.Reason) -> ZIPError { ZIPError(reason, entry: central.index) }
        guard central.offset <= source.byteCount, source.byteCount - central.offset >= UInt64(Self.size) else {
            throw refuse(.malformedRecord)
        }
        let fixed = try source.bytes(at: central.offset, count: Self.size)
        guard LittleEndian.uint32(fixed, at: 0) == Self.signature else { throw refuse(.malformedRecord) }
        let flags = CentralHeader.Flags(rawValue: LittleEndian.uint16(fixed, at: 6))
        guard flags.intersection(.binding) == central.flags.intersection(.binding),
            LittleEndian.uint16(fixed, at: 8) == central.method.rawValue
        else { throw refuse(.headersDisagree) }
        let nameCount = Int(LittleEndian.uint16(fixed, at: 26))
        let extraCount = Int(LittleEndian.uint16(fixed, at: 28))
        let offset = central.offset + UInt64(Self.size)
        guard source.byteCount - offset >= UInt64(nameCount + extraCount) else { throw refuse(.malformedRecord) }
        let variable = try source.bytes(at: offset, count: nameCount + extraCount)
        guard variable.prefix(nameCount).elementsEqual(central.storedName) else { throw refuse(.headersDisagree) }
        let extras = try ExtraFields(variable[nameCount...], entry: central.index)

        let crc32 = LittleEndian.uint32(fixed, at: 14)
        let small = [LittleEndian.uint32(fixed, at: 22), LittleEndian.uint32(fixed, at: 18)]
        let wide = try extras.widen(small, entry: central.index)
        // With a data descriptor each field is zero here, in 32 or 64 bits, unless its writer knew it already (Info-ZIP
        // knows the size of a file it streams out).
        let found = [UInt64(crc32)] + wide
        let expected = [UInt64(central.crc32), central.expandedSize, central.compressedSize]
        let deferred = flags.contains(.descriptor)
        guard zip(found, expected).allSatisfy({ $0 == $1 || (deferred && $0 == 0) }) else {
            throw refuse(.headersDisagree)
        }
        dataOffset = offset + UInt64(nameCount + extraCount)
    }

    /// Whether `bytes` are the data descriptor of `central` (APPNOTE 4.3.9): with or without signature, sizes in 32 or 64
    /// bits.
    static func isDescriptor(_ bytes: [UInt8], of central: CentralHeader) -> Bool {
        var rest = bytes[...]
        if rest.count == 16 || rest.count == 24 {
            guard LittleEndian.uint32(rest, at: 0) == descriptorSignature else { return false }
            rest = rest.dropFirst(4)
        }
        guard rest.count == 12 || rest.count == 20, LittleEndian.uint32(rest, at: 0) == central.crc32 else {
            return false
        }
        if rest.count == 12 {
            return UInt64(LittleEndian.uint32(rest, at: 4)) == central.compressedSize
                && UInt64(LittleEndian.uint32(rest, at: 8)) == central.expandedSize
        }
        return LittleEndian.uint64(rest, at: 4) == central.compressedSize
            && LittleEndian.uint64(rest, at: 12) == central.expandedSize
    }
}
