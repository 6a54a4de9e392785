/// Why bytes are not the DER that was expected. The cause never quotes the bytes.
enum DERError: Error, Hashable {
    /// The bytes end before the value does.
    case truncated
    /// A length or number is not in its only DER form (X.690 §10.1), or a length has more than four bytes.
    case notMinimal
    /// Another tag was expected.
    case unexpectedTag
    /// Bytes are left after the last value.
    case trailingBytes
    /// A value is outside what its type or profile allows.
    case invalidValue
}

/// The tags that PKIX structures use: class, constructed bit and number in one byte (X.690 §8.1.2).
enum DERTag {
    static let boolean: UInt8 = 0x01
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let null: UInt8 = 0x05
    static let objectIdentifier: UInt8 = 0x06
    static let enumerated: UInt8 = 0x0A
    static let utcTime: UInt8 = 0x17
    static let generalizedTime: UInt8 = 0x18
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31

    /// `[number]` holding a primitive value (implicit tag over a primitive type).
    static func contextPrimitive(_ number: UInt8) -> UInt8 { 0x80 | number }
    /// `[number]` holding constructed content (explicit tag, or implicit over a constructed type).
    static func context(_ number: UInt8) -> UInt8 { 0xA0 | number }
}

/// One DER value: where it stands in the bytes that were read.
struct DERElement {
    let tag: UInt8
    /// Tag, length and content.
    let whole: Range<Int>
    /// The content alone.
    let content: Range<Int>
}

/// A strict, bounds-checked cursor over DER (X.690 §10): one-byte tags, definite minimal lengths, nothing beyond the
/// end. It never recurses by itself, so hostile nesting costs nothing.
struct DERReader {
    let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8]) {
        self.init(bytes, in: 0..<bytes.count)
    }

    init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position == end }

    var nextTag: UInt8? { position < end ? bytes[position] : nil }

    /// Reads the next value, whatever its tag.
    mutating func readAny() throws(DERError) -> DERElement {
        let start = position
        guard end - start >= 2 else { throw .truncated }
        let tag = bytes[start]
        guard tag & 0x1F != 0x1F else { throw .unexpectedTag }  // no PKIX type has a tag number above 30
        var cursor = start + 2
        var length = Int(bytes[start + 1])
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...4).contains(count) else { throw .notMinimal }  // 0x80 is BER's indefinite form
            guard end - cursor >= count else { throw .truncated }
            length = 0
            for _ in 0..<count {
                length = length << 8 | Int(bytes[cursor])
                cursor += 1
            }
            guard length >= 0x80, count == 1 || length >> (8 * (count - 1)) != 0 else { throw .notMinimal }
        }
        guard end - cursor >= length else { throw .truncated }
        position = cursor + length
        return DERElement(tag: tag, whole: start..<position, content: cursor..<position)
    }

    /// Reads the next value, which must have `tag`.
    mutating func read(_ tag: UInt8) throws(DERError) -> DERElement {
        guard let next = nextTag else { throw .truncated }
        guard next == tag else { throw .unexpectedTag }
        return try readAny()
    }

    /// Reads the next value if it has `tag`, else leaves it.
    mutating func readOptional(_ tag: UInt8) throws(DERError) -> DERElement? {
        nextTag == tag ? try readAny() : nil
    }

    /// Reads a constructed value with `tag` and returns a reader of its content.
    mutating func enter(_ tag: UInt8 = DERTag.sequence) throws(DERError) -> DERReader {
        inside(try read(tag))
    }

    /// A reader of an element's content.
    func inside(_ element: DERElement) -> DERReader { DERReader(bytes, in: element.content) }

    /// The bytes of a range of these bytes.
    func copy(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

    /// Checks that everything was read.
    func finish() throws(DERError) {
        guard isAtEnd else { throw .trailingBytes }
    }
}

// MARK: Primitive types

extension DERReader {
    /// An INTEGER's two's-complement content, in its minimal form (X.690 §8.3.2).
    mutating func readInteger(_ tag: UInt8 = DERTag.integer) throws(DERError) -> [UInt8] {
        let element = try read(tag)
        let content = bytes[element.content]
        guard let first = content.first else { throw .invalidValue }
        if content.count > 1 {
            let second = content[content.startIndex + 1]
            guard !(first == 0 && second < 0x80), !(first == 0xFF && second >= 0x80) else { throw .notMinimal }
        }
        return Array(content)
    }

    /// A non-negative INTEGER or ENUMERATED that fits an `Int`.
    mutating func readSmallInteger(_ tag: UInt8 = DERTag.integer) throws(DERError) -> Int {
        let content = try readInteger(tag)
        guard content.count <= 7, content[0] < 0x80 else { throw .invalidValue }
        return content.reduce(0) { $0 << 8 | Int($1) }
    }

    /// A BOOLEAN; DER allows only 0x00 and 0xFF (X.690 §11.1).
    mutating func readBoolean(_ tag: UInt8 = DERTag.boolean) throws(DERError) -> Bool {
        let element = try read(tag)
        guard element.content.count == 1 else { throw .invalidValue }
        switch bytes[element.content.lowerBound] {
        case 0x00: return false
        case 0xFF: return true
        default: throw .invalidValue
        }
    }

    /// An OBJECT IDENTIFIER's content bytes.
    mutating func readObjectIdentifier() throws(DERError) -> [UInt8] {
        let element = try read(DERTag.objectIdentifier)
        let content = copy(element.content)
        guard let last = content.last, last < 0x80 else { throw .invalidValue }
        return content
    }

    /// A BIT STRING of whole bytes (keys and signatures).
    mutating func readBitStringBytes() throws(DERError) -> [UInt8] {
        let element = try read(DERTag.bitString)
        guard element.content.count >= 1, bytes[element.content.lowerBound] == 0 else { throw .invalidValue }
        return copy(element.content.lowerBound + 1..<element.content.upperBound)
    }

    /// A BIT STRING of named flags: bit 0 is the highest bit of the first byte (X.690 §8.6); at most 16 bits.
    mutating func readFlags(_ tag: UInt8 = DERTag.bitString) throws(DERError) -> UInt16 {
        let element = try read(tag)
        let content = bytes[element.content]
        guard let unused = content.first, unused < 8, content.count <= 3, content.count > 1 || unused == 0 else {
            throw .invalidValue
        }
        var flags: UInt16 = 0
        for (index, byte) in content.dropFirst().enumerated() {
            for bit in 0..<8 where byte & (0x80 >> bit) != 0 {
                flags |= 1 << UInt16(index * 8 + bit)
            }
        }
        return flags
    }

    /// The bytes of an IA5String under any tag: ASCII without control characters, so that no NUL can cut a name short.
    func visibleASCII(_ element: DERElement) throws(DERError) -> String {
        let content = bytes[element.content]
        guard content.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .invalidValue }
        return String(decoding: content, as: UTF8.self)
    }
}
