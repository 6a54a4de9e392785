import CZlibShim

/// One record in a segment: length and CRC-32 of the body (little-endian, 4 bytes each), then the body: flags (1),
/// sequence (8), seconds (8), nanoseconds (4), digest of the record before (32), facts, personal. A part is a salt
/// (16), a length (4) and its bytes; once erased, its commitment (32) alone.
enum RecordFormat {
    static let frame = 8
    static let fixed = 1 + 8 + 8 + 4 + 32
    static let factsErased: UInt8 = 1
    static let personalErased: UInt8 = 2
    /// Two erased parts.
    static let minimumBody = fixed + 2 * TraceDigest.count
    /// A trace with some thousands of recipients.
    static let maximumBody = 1 << 20

    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        mss_zlib_crc32(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    static func partCount(_ part: SaltedPart) -> Int { SaltedPart.saltCount + 4 + part.bytes.count }

    /// Appends a whole record.
    static func append(
        _ link: ChainLink, facts: RecordPart, personal: RecordPart, to buffer: inout [UInt8]
    ) {
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: frame))
        buffer.append(
            (facts.isErased ? factsErased : 0) | (personal.isErased ? personalErased : 0))
        buffer.append(littleEndian: link.sequence)
        buffer.append(littleEndian: UInt64(bitPattern: link.seconds))
        buffer.append(littleEndian: UInt32(bitPattern: link.nanoseconds))
        link.previous.withBytes { buffer.append(contentsOf: $0) }
        facts.append(to: &buffer)
        personal.append(to: &buffer)
        buffer.withUnsafeMutableBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[(start + frame)...])
            bytes.storeBytes(of: UInt32(body.count).littleEndian, toByteOffset: start, as: UInt32.self)
            bytes.storeBytes(of: crc32(body).littleEndian, toByteOffset: start + 4, as: UInt32.self)
        }
    }
}

/// A part as it stands in a record.
enum RecordPart: Sendable, Hashable {
    case present(SaltedPart)
    case erased(TraceDigest)

    var isErased: Bool { if case .erased = self { true } else { false } }

    var commitment: TraceDigest {
        switch self {
        case .present(let part): part.commitment
        case .erased(let digest): digest
        }
    }

    var bytes: [UInt8]? { if case .present(let part) = self { part.bytes } else { nil } }

    fileprivate func append(to buffer: inout [UInt8]) {
        switch self {
        case .present(let part):
            buffer.append(contentsOf: part.salt)
            buffer.append(littleEndian: UInt32(part.bytes.count))
            buffer.append(contentsOf: part.bytes)
        case .erased(let digest): digest.withBytes { buffer.append(contentsOf: $0) }
        }
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(littleEndian value: Number) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// Why the bytes at an offset are no record.
enum RecordFault: Error, Sendable, Hashable {
    /// The bytes end before the record does.
    case incomplete
    /// The length is impossible.
    case length
    /// The checksum differs.
    case checksum
    /// The checksum is right, the form is not.
    case form
}

/// A record within the bytes of a segment, not copied.
struct RecordView {
    let flags: UInt8
    let sequence: UInt64
    let seconds: Int64
    let nanoseconds: Int32
    let previous: TraceDigest
    /// The whole record, frame included.
    let range: Range<Int>
    private let facts: Part
    private let personal: Part

    private struct Part {
        /// Salt, or the commitment of an erased part.
        let head: Range<Int>
        let body: Range<Int>?
    }

    /// Reads the record at `offset`.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(RecordFault) {
        let available = bytes.count - offset
        guard available >= RecordFormat.frame else { throw .incomplete }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        guard (RecordFormat.minimumBody...RecordFormat.maximumBody).contains(count) else { throw .length }
        guard available >= RecordFormat.frame + count else { throw .incomplete }
        let start = offset + RecordFormat.frame
        let body = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
        let crc = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        guard RecordFormat.crc32(body) == crc else { throw .checksum }

        range = offset..<start + count
        flags = body[0]
        guard flags & ~(RecordFormat.factsErased | RecordFormat.personalErased) == 0 else { throw .form }
        sequence = UInt64(littleEndian: body.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        seconds = Int64(littleEndian: body.loadUnaligned(fromByteOffset: 9, as: Int64.self))
        nanoseconds = Int32(littleEndian: body.loadUnaligned(fromByteOffset: 17, as: Int32.self))
        guard (0..<1_000_000_000).contains(nanoseconds), sequence > 0, sequence < UInt64.max else { throw .form }
        guard let digest = TraceDigest(body[21..<53]) else { throw .form }
        previous = digest
        var cursor = RecordFormat.fixed
        func part(erased: Bool) throws(RecordFault) -> Part {
            if erased {
                guard cursor + TraceDigest.count <= count else { throw .form }
                defer { cursor += TraceDigest.count }
                return Part(head: start + cursor..<start + cursor + TraceDigest.count, body: nil)
            }
            let salt = start + cursor..<start + cursor + SaltedPart.saltCount
            guard cursor + SaltedPart.saltCount + 4 <= count else { throw .form }
            let length = Int(
                UInt32(
                    littleEndian: body.loadUnaligned(
                        fromByteOffset: cursor + SaltedPart.saltCount, as: UInt32.self)))
            cursor += SaltedPart.saltCount + 4
            guard length <= count - cursor else { throw .form }
            defer { cursor += length }
            return Part(head: salt, body: start + cursor..<start + cursor + length)
        }
        facts = try part(erased: flags & RecordFormat.factsErased != 0)
        personal = try part(erased: flags & RecordFormat.personalErased != 0)
        guard cursor == count else { throw .form }
    }

    /// What the record says to the chain.
    func link(_ bytes: UnsafeRawBufferPointer, family: TraceFamily) -> ChainLink {
        ChainLink(
            family: family, sequence: sequence, seconds: seconds, nanoseconds: nanoseconds, previous: previous,
            facts: commitment(facts, bytes), personal: commitment(personal, bytes))
    }

    private func commitment(_ part: Part, _ bytes: UnsafeRawBufferPointer) -> TraceDigest {
        let head = UnsafeRawBufferPointer(rebasing: bytes[part.head])
        // An erased part's head is the commitment: 32 bytes by construction.
        guard let body = part.body else { return TraceDigest(head)! }
        return SaltedPart.commitment(salt: head, UnsafeRawBufferPointer(rebasing: bytes[body]))
    }

    func facts(_ bytes: UnsafeRawBufferPointer) -> RecordPart { copy(facts, bytes) }
    func personal(_ bytes: UnsafeRawBufferPointer) -> RecordPart { copy(personal, bytes) }

    private func copy(_ part: Part, _ bytes: UnsafeRawBufferPointer) -> RecordPart {
        guard let body = part.body else { return .erased(TraceDigest(bytes[part.head])!) }
        return .present(SaltedPart(salt: Array(bytes[part.head]), bytes: Array(bytes[body])))
    }
}
