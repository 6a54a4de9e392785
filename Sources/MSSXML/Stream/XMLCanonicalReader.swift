import Glibc

/// Reads the canonical form of a document, as a signature was computed over it, as events without libxml2.
///
/// Canonical XML 1.0 §2.3 leaves one way to write each thing: tags in pairs, values between `"`, seven references, no
/// CDATA, no comment. What it still leaves open here, processing instructions, stops the reading (``hasDeclined``), as
/// does whatever is not canonical: read the bytes by ``XMLEventReader`` then.
///
/// The events are those of ``XMLEventReader``, but for white space between tags, which is not reported.
package struct XMLCanonicalReader: ~Copyable {
    /// What was met last.
    package private(set) var kind = XMLEvent.Kind.start
    /// How many elements are open, the one met counted.
    package private(set) var depth = 0
    /// The element's name; for text, the name of the element that holds it. Names outside the vocabulary share one id.
    package private(set) var name = XMLCanonicalReader.unknown
    /// True once something was met that is not read here.
    package private(set) var hasDeclined = false

    private static let unknown = XMLNameID(rawValue: .max)

    /// An element that is open.
    private struct Open {
        let name: XMLNameID
        let spelling: Range<Int>
        /// Declarations before its own.
        let bindings: Int
    }

    /// A declaration in force: by the vocabulary's number.
    private struct Binding {
        let prefix: Range<Int>
        let namespace: Range<Int>
        let space: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let vocabulary: CanonicalVocabulary
    private var position = 0
    private var open: [Open] = []
    private var bindings: [Binding] = []
    /// The namespace of names without prefix.
    private var defaultSpace = CanonicalVocabulary.noSpace
    /// Names as spelled, by a hash of their own, resolved since the declarations in force last changed: the elements of a
    /// list repeat a few names.
    private var resolved = [(spelling: Range<Int>, id: XMLNameID)](repeating: (0..<0, unknown), count: 16)
    private var spelling = 0..<0
    private var content: UnsafeBufferPointer<UInt8>
    private var tagFollowsText = false
    private var decoded = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

    /// A reader of bytes that the caller keeps in place while it is used.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, vocabulary: XMLVocabulary) {
        self.bytes = bytes
        content = UnsafeBufferPointer(start: nil, count: 0)
        self.vocabulary = CanonicalVocabulary(vocabulary)
    }

    deinit { decoded.deallocate() }

    /// Goes to the next event; false at the end, and when the reading stops before it.
    package mutating func next() -> Bool {
        guard !hasDeclined else { return false }
        if tagFollowsText {
            tagFollowsText = false
            return tag()
        }
        let start = position
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, 0x3C, bytes.count - start)
        else {
            // The end is the end of the document element, and only once there was one.
            if start < bytes.count || !open.isEmpty || depth == 0 { hasDeclined = true }
            return false
        }
        position = base.distance(to: found.assumingMemoryBound(to: UInt8.self))
        content = UnsafeBufferPointer(rebasing: bytes[start..<position])
        if content.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }) {
            guard content.isEmpty || !open.isEmpty else { return decline() }
            return tag()
        }
        guard let last = open.last, decodeContent() else { return decline() }
        kind = .text
        depth = open.count
        name = last.name
        spelling = last.spelling
        tagFollowsText = true
        return true
    }

    private mutating func decline() -> Bool {
        hasDeclined = true
        return false
    }

    // MARK: Text

    /// Lends the text: of a text event, or what stood between the previous tag and an end tag.
    package func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        try body(content)
    }

    /// Bytes of the text.
    package var textLength: Int { content.count }

    /// Whether the text is white space only: then it is reported only when it holds carriage returns.
    package var isWhitespace: Bool { content.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D } }

    /// Resolves the references in `content`, if any; false when one is not canonical.
    private mutating func decodeContent() -> Bool {
        guard let start = content.baseAddress, memchr(start, 0x26, content.count) != nil else { return true }
        if decoded.count < content.count {
            decoded.deallocate()
            decoded = .allocate(capacity: max(4096, content.count))
        }
        var count = 0
        var index = 0
        while index < content.count {
            var byte = content[index]
            index += 1
            if byte == 0x26 {
                let rest = UnsafeBufferPointer(rebasing: content[index...])
                guard let (value, length) = Self.reference(rest) else { return false }
                byte = value
                index += length
            }
            decoded[count] = byte
            count += 1
        }
        content = UnsafeBufferPointer(rebasing: decoded[..<count])
        return true
    }

    /// What stands after `&`, with its length.
    private static func reference(_ rest: UnsafeBufferPointer<UInt8>) -> (UInt8, Int)? {
        if rest.starts(with: "amp;".utf8) { return (0x26, 4) }
        if rest.starts(with: "lt;".utf8) { return (0x3C, 3) }
        if rest.starts(with: "gt;".utf8) { return (0x3E, 3) }
        if rest.starts(with: "#xD;".utf8) { return (0x0D, 4) }
        return nil
    }

    // MARK: Tags

    /// Reads the tag at `position`.
    private mutating func tag() -> Bool {
        let start = position + 1
        guard start < bytes.count else { return decline() }
        switch bytes[start] {
        case UInt8(ascii: "/"): return endTag(start + 1)
        case UInt8(ascii: "?"), UInt8(ascii: "!"): return decline()
        default: return startTag(start)
        }
    }

    private mutating func endTag(_ start: Int) -> Bool {
        guard let last = open.popLast() else { return decline() }
        let end = start + last.spelling.count
        guard end < bytes.count, bytes[end] == UInt8(ascii: ">"),
            equal(start..<end, last.spelling)
        else { return decline() }
        kind = .end
        depth = open.count + 1
        name = last.name
        spelling = last.spelling
        position = end + 1
        if bindings.count > last.bindings {
            bindings.removeLast(bindings.count - last.bindings)
            bindingsChanged()
        }
        return true
    }

    private mutating func startTag(_ start: Int) -> Bool {
        guard !(open.isEmpty && depth > 0) else { return decline() }
        var index = start
        while index < bytes.count, bytes[index] != 0x3E, bytes[index] != 0x20 {
            // Not a character of names: not canonical, or not read here.
            guard bytes[index] > 0x20, bytes[index] != 0x2F, bytes[index] != 0x3C else { return decline() }
            index += 1
        }
        let spelling = start..<index
        let before = bindings.count
        while index < bytes.count, bytes[index] == 0x20 {
            guard let end = attribute(index + 1) else { return decline() }
            index = end
        }
        guard index < bytes.count, bytes[index] == 0x3E, !spelling.isEmpty else { return decline() }
        if bindings.count > before { bindingsChanged() }
        guard let id = id(of: spelling) else { return decline() }
        open.append(Open(name: id, spelling: spelling, bindings: before))
        kind = .start
        depth = open.count
        name = id
        self.spelling = spelling
        content = UnsafeBufferPointer(start: nil, count: 0)
        position = index + 1
        return true
    }

    /// Reads `name="value"`, noting a declaration; where it ends, or `nil`.
    private mutating func attribute(_ start: Int) -> Int? {
        guard let base = bytes.baseAddress, let equals = find(0x3D, from: start), equals > start,
            equals + 1 < bytes.count, base[equals + 1] == 0x22, let quote = find(0x22, from: equals + 2)
        else { return nil }
        let name = start..<equals
        let value = (equals + 2)..<quote
        if name.count >= 5, bytes[name].starts(with: "xmlns".utf8),
            name.count == 5 || bytes[start + 5] == UInt8(ascii: ":")
        {
            guard !bytes[value].contains(0x26) else { return nil }
            let prefix = name.count == 5 ? 0..<0 : (start + 6)..<equals
            let space = vocabulary.space(UnsafeBufferPointer(rebasing: bytes[value]))
            bindings.append(Binding(prefix: prefix, namespace: value, space: space))
        }
        return quote + 1
    }

    // MARK: Names

    private mutating func bindingsChanged() {
        defaultSpace = space(of: 0..<0) ?? CanonicalVocabulary.otherSpace
        for slot in resolved.indices { resolved[slot].spelling = 0..<0 }
    }

    /// The id of a name as it is spelled (not empty), remembered; `nil` when its prefix is declared nowhere.
    private mutating func id(of spelling: Range<Int>) -> XMLNameID? {
        let slot = (spelling.count &+ Int(bytes[spelling.upperBound - 1])) & 15
        if equal(resolved[slot].spelling, spelling) { return resolved[slot].id }
        guard let id = resolve(spelling) else { return nil }
        resolved[slot] = (spelling, id)
        return id
    }

    /// The id of a name as it is spelled; `nil` when its prefix is declared nowhere.
    private func resolve(_ spelling: Range<Int>) -> XMLNameID? {
        var local = spelling
        var space = defaultSpace
        if let colon = find(0x3A, from: spelling.lowerBound, to: spelling.upperBound) {
            guard let found = self.space(of: spelling.lowerBound..<colon) else { return nil }
            space = found
            local = (colon + 1)..<spelling.upperBound
        }
        return vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[local]), in: space) ?? Self.unknown
    }

    /// The namespace that a prefix (empty: none) names; `nil` for an undeclared prefix.
    private func space(of prefix: Range<Int>) -> Int? {
        for binding in bindings.reversed() where equal(binding.prefix, prefix) {
            return binding.namespace.isEmpty ? CanonicalVocabulary.noSpace : binding.space
        }
        return prefix.isEmpty ? CanonicalVocabulary.noSpace : nil
    }

    /// The name met last, spelled out.
    package var expandedName: XMLName {
        let prefixEnd = bytes[spelling].firstIndex(of: UInt8(ascii: ":"))
        let prefix = prefixEnd.map { spelling.lowerBound..<$0 } ?? 0..<0
        let local = (prefixEnd.map { $0 + 1 } ?? spelling.lowerBound)..<spelling.upperBound
        let namespace = bindings.last { equal($0.prefix, prefix) }?.namespace ?? 0..<0
        return XMLName(
            String(decoding: bytes[local], as: UTF8.self),
            in: namespace.isEmpty ? nil : String(decoding: bytes[namespace], as: UTF8.self))
    }

    // MARK: Bytes

    private func equal(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        guard let base = bytes.baseAddress, !left.isEmpty else { return true }
        return memcmp(base + left.lowerBound, base + right.lowerBound, left.count) == 0
    }

    private func find(_ byte: CInt, from start: Int, to end: Int? = nil) -> Int? {
        let end = end ?? bytes.count
        guard let base = bytes.baseAddress, start < end, let found = memchr(base + start, byte, end - start) else {
            return nil
        }
        return base.distance(to: found.assumingMemoryBound(to: UInt8.self))
    }
}
