import MSSCore

/// Writes numbers (little-endian), texts and times one after the other.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    mutating func integer<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func append(_ value: some Collection<UInt8>) { bytes += value }

    mutating func blob(_ value: some Collection<UInt8>) {
        integer(UInt32(value.count))
        bytes += value
    }

    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            integer(UInt32(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func optionalText(_ value: String?) {
        flag(value != nil)
        if let value { text(value) }
    }

    mutating func time(_ value: Timestamp) {
        integer(value.seconds)
        integer(value.nanoseconds)
    }
}

/// Bytes that are not what a writer wrote.
struct MalformedBytes: Error, Hashable {}

/// Reads what ``ByteWriter`` wrote. No length in the bytes makes it reserve more than they hold.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    /// The index of what comes next.
    private(set) var position: Int

    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }
    var remaining: Int { bytes.endIndex - position }

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(MalformedBytes) -> Number {
        let size = MemoryLayout<Number>.size
        guard remaining >= size else { throw MalformedBytes() }
        defer { position += size }
        let offset = position - bytes.startIndex
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        return Number(littleEndian: value)
    }

    mutating func flag() throws(MalformedBytes) -> Bool {
        switch try integer(UInt8.self) {
        case 0: false
        case 1: true
        default: throw MalformedBytes()
        }
    }

    /// A count of things that take at least `size` bytes each.
    mutating func count(size: Int) throws(MalformedBytes) -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= remaining / size else { throw MalformedBytes() }
        return count
    }

    mutating func blob() throws(MalformedBytes) -> [UInt8] { Array(bytes[try blobPlace()]) }

    /// Where the next blob lies.
    mutating func blobPlace() throws(MalformedBytes) -> Range<Int> {
        let count = try count(size: 1)
        defer { position += count }
        return position..<position + count
    }

    mutating func skipBlob() throws(MalformedBytes) { _ = try blobPlace() }

    mutating func text() throws(MalformedBytes) -> String {
        let count = try count(size: 1)
        guard let text = String(validating: bytes[position..<position + count], as: UTF8.self) else {
            throw MalformedBytes()
        }
        position += count
        return text
    }

    mutating func optionalText() throws(MalformedBytes) -> String? { try flag() ? try text() : nil }

    mutating func time() throws(MalformedBytes) -> Timestamp {
        let (seconds, nanoseconds) = (try integer(Int64.self), try integer(Int32.self))
        guard (0..<1_000_000_000).contains(nanoseconds) else { throw MalformedBytes() }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
}
