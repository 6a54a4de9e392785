/// A segment file in use. Reads from any thread; written by the log alone.
final class SpoolSegment: Sendable {
    let number: UInt32
    let file: File
    let key: SealingKey
    /// Bytes of the file. Segments differ: the setting may have changed since, and a full disk makes smaller ones.
    let size: Int

    init(_ number: UInt32, _ file: File, _ key: SealingKey, size: Int) {
        self.number = number
        self.file = file
        self.key = key
        self.size = size
    }

    /// Opens a segment by its header.
    static func open(
        _ layout: SpoolLayout, _ number: UInt32, store: [UInt8], _ master: StoreMasterKey, zeroesUnreadable: Bool
    ) throws(StoreError) -> SpoolSegment {
        let path = layout.segment(number)
        let file = try File(path, .readWrite, zeroesUnreadable: zeroesUnreadable)
        let header = try file.read(SpoolRecord.headerCount, at: 0)
        guard let wrapped = SpoolRecord.wrappedKey(header, number),
            let key = try master.key.unwrap(wrapped, context: SpoolRecord.keyContext(store, number))
        else { throw .damaged(path: path, offset: 0, reason: "segment header") }
        return SpoolSegment(number, file, key, size: try file.size())
    }

    /// The payload of a record; `nil` when it is not what was written.
    ///
    /// - Parameter limit: where the segment ends; its size when that is not known.
    func payload(_ kind: SpoolRecord.Kind, at offset: Int, limit: Int) throws(StoreError) -> [UInt8]? {
        let bytes = try file.read(SpoolRecord.frame, at: offset)
        let head = try bytes.withBytes { bytes throws(StoreError) in
            SpoolRecord.head(bytes, number: number, room: limit - offset)
        }
        guard let head, head.kind == kind else { return nil }
        let record = try file.read(SpoolRecord.frame + head.count, at: offset)
        return try record.withBytes { record throws(StoreError) in
            try SpoolRecord.payload(record, head, offset: offset, key)
        }
    }

    /// The same, and damage is an error.
    func need(_ kind: SpoolRecord.Kind, at offset: Int) throws(StoreError) -> [UInt8] {
        guard let payload = try payload(kind, at: offset, limit: size) else {
            throw .damaged(path: file.path, offset: offset, reason: "\(kind)")
        }
        return payload
    }
}

/// Where the files of a spool lie.
///
///     store                  identity and format
///     lock                   held by the one process
///     0000000001.segment     the log
///     0000000007.free        a file of zeros, or of a segment that is no longer needed
struct SpoolLayout: Sendable {
    let root: String

    var lock: String { root + "/lock" }
    func segment(_ number: UInt32) -> String { "\(root)/\(Folder.name(number)).segment" }
}
