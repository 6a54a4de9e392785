import Glibc

/// The form of a segment file and of the records in it. No IO.
///
/// A segment begins with a header of 4 KiB: magic (8), the segment's number (4), its own key wrapped by the master key
/// (60), zeros. Then records, each at a multiple of 16 bytes:
///
///     0   magic and kind                4
///     4   number of the segment         4
///     8   bytes of the payload          4
///     12  how far the segment was synced when the record was written   4
///     16  tag of AES-256-GCM            16
///     32  payload, encrypted
///
/// The nonce is the record's offset, the additional data its first 16 bytes. A segment has its key for one life only, and
/// no offset is written twice in it: no nonce serves twice, and what a recycled file still holds of its earlier life is
/// no record of this one.
enum SpoolRecord {
    static let headerCount = 4096
    static let frame = 32
    static let alignment = 16
    private static let magic: UInt32 = 0x5053_4D00
    private static let headerMagic = Array("MSSSPL01".utf8)

    enum Kind: UInt8 {
        /// What the log knows of older segments; the first record of each.
        case manifest = 1
        /// A piece of a message.
        case chunk = 2
        /// Operations that take effect together.
        case transaction = 3
    }

    struct Head: Hashable {
        var kind: Kind
        var count: Int
        var synced: Int
    }

    /// Bytes that a payload takes in a segment.
    static func room(_ count: Int) -> Int { (frame + count + alignment - 1) / alignment * alignment }

    // MARK: Header

    static func header(_ number: UInt32, wrapped: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: headerCount)
        for byte in headerMagic { writer.integer(byte) }
        writer.integer(number)
        return writer.bytes + wrapped + [UInt8](repeating: 0, count: headerCount - 12 - wrapped.count)
    }

    /// The wrapped key of a header; `nil` when it is none of this number.
    static func wrappedKey(_ header: [UInt8], _ number: UInt32) -> [UInt8]? {
        guard header.count == headerCount, Array(header.prefix(8)) == headerMagic else { return nil }
        var reader = ByteReader(Array(header[8..<12]))
        guard (try? reader.integer(UInt32.self)) == number else { return nil }
        return Array(header[12..<12 + SealingKey.wrappedCount])
    }

    static func keyContext(_ store: [UInt8], _ number: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(number)
        return headerMagic + store + writer.bytes
    }

    // MARK: Records

    /// Appends a record for `offset` to `buffer`.
    static func append(
        _ kind: Kind, _ payload: [UInt8], number: UInt32, offset: Int, synced: Int, _ key: SealingKey,
        to buffer: inout [UInt8]
    ) throws(StoreError) {
        let start = buffer.count
        let room = room(payload.count)
        buffer.append(contentsOf: repeatElement(0, count: room))
        try buffer.withMutableBytes { buffer throws(StoreError) in
            let record = buffer.baseAddress! + start
            record.storeBytes(of: (magic | UInt32(kind.rawValue)).littleEndian, as: UInt32.self)
            record.storeBytes(of: number.littleEndian, toByteOffset: 4, as: UInt32.self)
            record.storeBytes(of: UInt32(payload.count).littleEndian, toByteOffset: 8, as: UInt32.self)
            record.storeBytes(of: UInt32(synced).littleEndian, toByteOffset: 12, as: UInt32.self)
            try payload.withBytes { payload throws(StoreError) in
                try key.seal(
                    payload, nonce: SealingNonce(UInt64(offset)), aad: UnsafeRawBufferPointer(start: record, count: 16),
                    to: record + frame, tag: record + 16)
            }
        }
    }

    /// The first 32 bytes of a record; `nil` when they cannot be those of a record in this segment.
    static func head(_ bytes: UnsafeRawBufferPointer, number: UInt32, room available: Int) -> Head? {
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        guard bytes.count >= frame, word(0) & 0xFFFF_FF00 == magic, let kind = Kind(rawValue: UInt8(word(0) & 0xFF)),
            word(4) == number
        else { return nil }
        let head = Head(kind: kind, count: Int(word(8)), synced: Int(word(12)))
        return room(head.count) <= available ? head : nil
    }

    /// The payload of a whole record; `nil` when it is not what was written.
    static func payload(
        _ record: UnsafeRawBufferPointer, _ head: Head, offset: Int, _ key: SealingKey
    ) throws(StoreError) -> [UInt8]? {
        guard record.count >= frame + head.count else { return nil }
        var failure: StoreError?
        var fits = false
        let payload = [UInt8](unsafeUninitializedCapacity: head.count) { buffer, count in
            let sealed = UnsafeRawBufferPointer(rebasing: record[frame..<frame + head.count])
            // An empty payload has a tag too, and an address that nothing is written to.
            let plain = UnsafeMutableRawPointer(buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 16)!)
            do throws(StoreError) {
                fits = try key.unseal(
                    sealed, nonce: SealingNonce(UInt64(offset)), aad: UnsafeRawBufferPointer(rebasing: record[..<16]),
                    to: plain, tag: record.baseAddress! + 16)
            } catch { failure = error }
            count = head.count
        }
        if let failure { throw failure }
        return fits ? payload : nil
    }
}
