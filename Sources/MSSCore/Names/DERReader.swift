/// Reads DER elements (X.690) from bytes: definite, minimal lengths only.
struct DERReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// One element: its identifier octet, its content, and the whole encoding.
    struct Element {
        let tag: UInt8
        let content: ArraySlice<UInt8>
        let encoding: ArraySlice<UInt8>
    }

    init(_ bytes: some Collection<UInt8>) { self.init(slice: ArraySlice(bytes)) }

    private init(slice: ArraySlice<UInt8>) {
        bytes = slice
        position = slice.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// The next element; `nil` when what follows is not DER. Identifiers of several octets are not supported: names
    /// have none.
    mutating func read() -> Element? {
        let start = position
        guard bytes.endIndex - start >= 2 else { return nil }
        let tag = bytes[start]
        guard tag & 0x1F != 0x1F else { return nil }
        var cursor = start + 2
        var length = Int(bytes[start + 1])
        if length >= 0x80 {
            // X.690 §10.1: the shortest length; three octets are more than any name needs.
            let octets = length & 0x7F
            guard (1...3).contains(octets), bytes.endIndex - cursor >= octets, bytes[cursor] != 0 else { return nil }
            length = 0
            for _ in 0..<octets {
                length = length << 8 | Int(bytes[cursor])
                cursor += 1
            }
            guard length >= 0x80 else { return nil }
        }
        guard bytes.endIndex - cursor >= length else { return nil }
        position = cursor + length
        return Element(tag: tag, content: bytes[cursor..<position], encoding: bytes[start..<position])
    }

    /// The content of the next element, which must have this tag.
    mutating func read(tag: UInt8, _ expected: String) throws(DistinguishedNameError) -> DERReader {
        guard let element = read(), element.tag == tag else { throw .malformedDER(expected) }
        return DERReader(slice: element.content)
    }
}

/// Writes DER elements.
enum DERWriter {
    /// An element from its identifier octet and content.
    static func element(_ tag: UInt8, _ content: some Collection<UInt8>) -> [UInt8] {
        var bytes = [tag]
        if content.count < 0x80 {
            bytes.append(UInt8(content.count))
        } else {
            var octets: [UInt8] = []
            var rest = content.count
            while rest > 0 {
                octets.append(UInt8(rest & 0xFF))
                rest >>= 8
            }
            bytes.append(0x80 | UInt8(octets.count))
            bytes += octets.reversed()
        }
        bytes += content
        return bytes
    }
}
