import Glibc

/// Text in which case does not count (RFC 5051's comparison, as Unicode's lower case has it), ready to be searched.
struct FoldedText: Sendable, Hashable {
    private let octets: [UInt8]
    /// The place of the octet that is looked for first.
    private let rarest: Int

    /// What is looked for.
    init(_ text: String) { self.init(octets: Array(text.utf8)) }

    /// Text in UTF-8; what is not is repaired.
    init(octets text: [UInt8]) {
        octets = Self.folded(text) ?? Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
        rarest = Self.rarest(octets)
    }

    /// The lower case of text in UTF-8, eight octets of ASCII at a time; `nil` when it is not UTF-8.
    private static func folded(_ text: [UInt8]) -> [UInt8]? {
        var isValid = true
        // A letter of two octets may become one of three (U+023A), one of three no longer one.
        let folded = [UInt8](unsafeUninitializedCapacity: text.count + text.count / 2 + 16) { output, count in
            text.withUnsafeBytes { bytes in
                var index = 0
                while index < bytes.count {
                    if index + 8 <= bytes.count {
                        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                        if word & 0x8080_8080_8080_8080 == 0 {
                            UnsafeMutableRawPointer(output.baseAddress! + count).storeBytes(
                                of: lower(word), as: UInt64.self)
                            (index, count) = (index + 8, count + 8)
                            continue
                        }
                    }
                    let octet = bytes[index]
                    if octet < 0x80 {
                        output[count] = (0x41...0x5A).contains(octet) ? octet | 0x20 : octet
                        (index, count) = (index + 1, count + 1)
                    } else if octet == 0xC3, index + 1 < bytes.count, bytes[index + 1] & 0xC0 == 0x80 {
                        // À to Þ, without ×: the letters of French, and their neighbours.
                        let letter = bytes[index + 1]
                        output[count] = octet
                        output[count + 1] = (0x80...0x9E).contains(letter) && letter != 0x97 ? letter | 0x20 : letter
                        (index, count) = (index + 2, count + 2)
                    } else {
                        guard let scalar = Self.scalar(bytes[index...]) else { return isValid = false }
                        for octet in scalar.properties.lowercaseMapping.utf8 {
                            output[count] = octet
                            count += 1
                        }
                        index += UTF8.width(scalar)
                    }
                }
            }
        }
        return isValid ? folded : nil
    }

    /// Adds 0x20 to each octet from `A` to `Z` of eight that are ASCII.
    private static func lower(_ word: UInt64) -> UInt64 {
        let notBeforeA = word &+ 0x3F3F_3F3F_3F3F_3F3F
        let afterZ = word &+ 0x2525_2525_2525_2525
        return word | ((notBeforeA & ~afterZ & 0x8080_8080_8080_8080) >> 2)
    }

    private static func scalar(_ bytes: Slice<UnsafeRawBufferPointer>) -> Unicode.Scalar? {
        var decoder = UTF8()
        var iterator = bytes.prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return scalar
    }

    var isEmpty: Bool { octets.isEmpty }

    /// Whether it is ASCII without blanks, line ends and colons.
    var isOneWord: Bool { octets.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") } }

    func contains(_ other: FoldedText) -> Bool { octets.withUnsafeBytes { other.isFound(in: $0) } }

    /// Whether it is in a text of ASCII whose case does not count either.
    func isFound(inASCII text: UnsafeRawBufferPointer) -> Bool {
        guard text.count >= octets.count else { return false }
        return withUnsafeTemporaryAllocation(byteCount: text.count, alignment: 8) { lower in
            var index = 0
            while index + 8 <= text.count {
                let word = text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                lower.storeBytes(of: Self.lower(word), toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < text.count {
                let octet = text[index]
                lower[index] = (0x41...0x5A).contains(octet) ? octet | 0x20 : octet
                index += 1
            }
            return isFound(in: UnsafeRawBufferPointer(lower))
        }
    }

    /// Whether it is in a text that is folded.
    private func isFound(in text: UnsafeRawBufferPointer) -> Bool {
        guard !octets.isEmpty else { return true }
        return octets.withUnsafeBytes { part in
            var start = 0
            while start + part.count <= text.count {
                let rest = text.baseAddress! + start + rarest
                guard let hit = memchr(rest, Int32(part[rarest]), text.count - part.count - start + 1) else {
                    return false
                }
                start += UnsafeRawPointer(hit) - rest
                if memcmp(text.baseAddress! + start, part.baseAddress!, part.count) == 0 { return true }
                start += 1
            }
            return false
        }
    }

    /// The place of an octet that texts seldom have.
    private static func rarest(_ octets: [UInt8]) -> Int {
        // Of a long text, its beginning is enough.
        octets.indices.prefix(64).min { frequencies[Int(octets[$0])] < frequencies[Int(octets[$1])] } ?? 0
    }

    private static let frequencies: [UInt8] = {
        // The letters of French and English texts, from the most frequent one.
        let common = Array(" etasinrulodcmpgfv\r\n".utf8)
        var table = [UInt8](repeating: 0, count: 256)
        for (index, octet) in common.enumerated() { table[Int(octet)] = UInt8(common.count - index) }
        return table
    }()
}
