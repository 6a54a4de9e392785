import Glibc

/// The distinct texts of a list, each kept once and known by a number: thousands of entries share a few hundred names.
struct TextPool {
    /// The number of the empty text.
    static let empty: Int32 = 0

    /// All texts, one after the other.
    private var bytes: [UInt8] = []
    /// Where each ends.
    private var ends: [Int] = [0]
    private var hashes: [Int] = [0]
    /// Open addressing, a power of two: number of a text, or 0 for a free place (the empty text is never looked up).
    private var slots = [Int32](repeating: 0, count: 4096)
    private var strings: [String?] = [""]

    /// How many texts there are, the empty one counted.
    var count: Int { ends.count }

    /// The number of a text without the white space of XML at its ends.
    mutating func number(trimming text: UnsafeBufferPointer<UInt8>) -> Int32 {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        var slice = text[...]
        while let byte = slice.first, isSpace(byte) { slice.removeFirst() }
        while let byte = slice.last, isSpace(byte) { slice.removeLast() }
        return number(of: UnsafeBufferPointer(rebasing: slice))
    }

    /// The number of a text.
    mutating func number(of text: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard !text.isEmpty else { return Self.empty }
        let hash = Int(truncatingIfNeeded: FoldedHash.hash(UnsafeRawBufferPointer(text)))
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot]
            if hashes[Int(number)] == hash, isEqual(number, text) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        let number = Int32(count)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        hashes.append(hash)
        strings.append(nil)
        slots[slot] = number
        if count * 2 > slots.count { grow() }
        return number
    }

    private func isEqual(_ number: Int32, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard length(number) == text.count else { return false }
        return withBytes(number) { memcmp($0.baseAddress!, text.baseAddress!, text.count) == 0 }
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        for number in 1..<count {
            var slot = hashes[number] & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number)
        }
    }

    /// Bytes of a text.
    func length(_ number: Int32) -> Int { number == 0 ? 0 : ends[Int(number)] - ends[Int(number) - 1] }

    /// Lends the bytes of a text.
    func withBytes<Result>(_ number: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let range = number == 0 ? 0..<0 : ends[Int(number) - 1]..<ends[Int(number)]
        return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// A text as a string, made once.
    mutating func string(_ number: Int32) -> String {
        if let known = strings[Int(number)] { return known }
        let string = withBytes(number) { String(decoding: $0, as: UTF8.self) }
        strings[Int(number)] = string
        return string
    }
}
