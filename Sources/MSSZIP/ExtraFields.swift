/// The extra fields of a header: (identifier, length, bytes), repeated (APPNOTE 4.5).
struct ExtraFields {
    static let zip64: UInt16 = 0x0001
    static let unicodePath: UInt16 = 0x7075

    private var fields: [(identifier: UInt16, bytes: ArraySlice<UInt8>)] = []

    init(_ bytes: ArraySlice<UInt8>, entry: Int) throws(ZIPError) {
        var rest = bytes
        while rest.count >= 4 {
            let identifier = LittleEndian.uint16(rest, at: 0)
            let count = Int(LittleEndian.uint16(rest, at: 2))
            guard rest.count - 4 >= count else { throw ZIPError(.malformedRecord, entry: entry) }
            fields.append((identifier, rest.dropFirst(4).prefix(count)))
            rest = rest.dropFirst(4 + count)
        }
    }

    func first(_ identifier: UInt16) -> ArraySlice<UInt8>? { fields.first { $0.identifier == identifier }?.bytes }

    /// The 64-bit values of a header whose 32-bit fields are, in the order of APPNOTE 4.5.3, `small`.
    ///
    /// A field present in the extra answers each sentinel in order. Some writers list every field, sentinel or not: that
    /// is accepted as long as the values are the same.
    func widen(_ small: [UInt32], entry: Int) throws(ZIPError) -> [UInt64] {
        guard fields.count(where: { $0.identifier == Self.zip64 }) <= 1 else {
            throw ZIPError(.zip64Inconsistent, entry: entry)
        }
        let extra = first(Self.zip64) ?? []
        let sentinels = small.count { $0 == .max }
        let listsAll = extra.count >= 8 * small.count && sentinels < small.count
        guard extra.count >= 8 * sentinels else { throw ZIPError(.zip64Inconsistent, entry: entry) }
        if sentinels == 0, !extra.isEmpty, !listsAll { throw ZIPError(.zip64Inconsistent, entry: entry) }
        var offset = 0
        var values: [UInt64] = []
        for value in small {
            if value == .max || listsAll {
                let wide = LittleEndian.uint64(extra, at: offset)
                guard value == .max || UInt64(value) == wide else { throw ZIPError(.zip64Inconsistent, entry: entry) }
                values.append(wide)
                offset += 8
            } else {
                values.append(UInt64(value))
            }
        }
        return values
    }
}
