/// Reads an archive that may be hostile.
///
/// Opening checks the whole structure before any entry is read: one end record, a central directory that fills its
/// announced place, local headers that agree with it, entries that follow each other without gap or overlap from the
/// first byte on, safe unique names, plain files and folders only, nothing encrypted, and sizes within ``ZIPLimits``.
/// Reading then checks what is really there against what was declared.
public struct ZIPReader: Sendable {
    /// The files and folders, in the order of the central directory.
    public let entries: [ZIPEntry]
    /// The limits that the archive was opened with.
    public let limits: ZIPLimits
    let source: any ZIPSource

    /// Opens the archive in `source`.
    public init(_ source: some ZIPSource, limits: ZIPLimits = ZIPLimits()) throws(ZIPError) {
        let end = try EndRecord(in: source)
        guard end.entryCount <= UInt64(limits.entries) else { throw ZIPError(.tooManyEntries) }
        let headers = try Self.centralHeaders(end, in: source, limits: limits)
        entries = try Self.layOut(headers, directoryOffset: end.directoryOffset, in: source)
        self.source = source
        self.limits = limits
    }

    /// Opens an archive in memory.
    public init(bytes: [UInt8], limits: ZIPLimits = ZIPLimits()) throws(ZIPError) {
        try self.init(ZIPMemorySource(bytes), limits: limits)
    }

    /// The entry of that exact name.
    public func entry(named name: String) -> ZIPEntry? { entries.first { $0.name == name } }

    private static func centralHeaders(
        _ end: EndRecord, in source: some ZIPSource, limits: ZIPLimits
    ) throws(ZIPError) -> [CentralHeader] {
        // Each record holds at least its fixed part: a count that does not fit is a lie found before any allocation.
        guard end.directorySize / UInt64(CentralHeader.size) >= end.entryCount, end.directorySize <= 64 << 20 else {
            throw ZIPError(.malformedRecord)
        }
        var rest = try source.bytes(at: end.directoryOffset, count: Int(end.directorySize))[...]
        var headers: [CentralHeader] = []
        var names: Set<String> = []
        var total: UInt64 = 0
        for index in 0..<Int(end.entryCount) {
            let header = try CentralHeader(rest, index: index, limits: limits)
            guard names.insert(ZIPEntryName.key(header.name)).inserted else {
                throw ZIPError(.duplicateName, entry: index)
            }
            total += header.expandedSize  // at most entries × entryBytes, checked: no overflow
            guard total <= limits.totalBytes else { throw ZIPError(.archiveTooLarge) }
            headers.append(header)
            rest = rest.dropFirst(header.length)
        }
        guard rest.isEmpty else { throw ZIPError(.malformedRecord) }
        return headers
    }

    /// Checks that the entries, in the order of their offsets, cover the archive from its first byte to its directory.
    private static func layOut(
        _ headers: [CentralHeader], directoryOffset: UInt64, in source: some ZIPSource
    ) throws(ZIPError) -> [ZIPEntry] {
        let order = headers.indices.sorted { headers[$0].offset < headers[$1].offset }
        var entries = [ZIPEntry?](repeating: nil, count: headers.count)
        var position: UInt64 = 0
        for (rank, index) in order.enumerated() {
            let header = headers[index]
            guard header.offset == position else {
                throw ZIPError(header.offset < position ? .overlappingEntries : .unlistedBytes, entry: index)
            }
            let local = try LocalHeader(of: header, in: source)
            let next = rank + 1 < order.count ? headers[order[rank + 1]].offset : directoryOffset
            guard local.dataOffset <= next, header.compressedSize <= next - local.dataOffset else {
                throw ZIPError(.overlappingEntries, entry: index)
            }
            let dataEnd = local.dataOffset + header.compressedSize
            position = dataEnd
            if header.flags.contains(.descriptor) {
                let count = next - dataEnd
                guard [12, 16, 20, 24].contains(count) else {
                    throw ZIPError(count < 12 ? .malformedRecord : .unlistedBytes, entry: index)
                }
                guard LocalHeader.isDescriptor(try source.bytes(at: dataEnd, count: Int(count)), of: header) else {
                    throw ZIPError(.headersDisagree, entry: index)
                }
                position = next
            }
            entries[index] = ZIPEntry(
                index: index, name: header.name, method: header.method, compressedSize: header.compressedSize,
                size: header.expandedSize, crc32: header.crc32, modified: header.modified, headerOffset: header.offset,
                dataOffset: local.dataOffset)
        }
        guard position == directoryOffset else { throw ZIPError(.unlistedBytes) }
        return entries.compactMap { $0 }
    }
}
