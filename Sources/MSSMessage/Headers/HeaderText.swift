/// Unfolding and decoding of header values.
enum HeaderText {
    /// Removes line ends, and blanks at both ends (RFC 5322 §2.2.3).
    static func unfold(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        for byte in raw where byte != Ascii.cr && byte != Ascii.lf {
            if result.isEmpty, byte == Ascii.space || byte == Ascii.tab { continue }
            result.append(byte)
        }
        while let last = result.last, last == Ascii.space || last == Ascii.tab { result.removeLast() }
        return result
    }

    /// Octets as text: UTF-8 (RFC 6532) where they are, else Windows-1252, which holds what French mail means by stray
    /// octets.
    static func string(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return Charset.windows1252.decode(bytes[...])
    }

    /// Decodes the encoded words of an unstructured value; blanks between adjacent ones vanish (RFC 2047 §6.2).
    static func decode(_ bytes: [UInt8]) -> String {
        var scanner = EncodedWordScanner(bytes)
        guard scanner.mayHoldWords else { return string(bytes) }
        var decoder = WordJoiner()
        var plainStart = 0
        var position = 0
        while position + 1 < bytes.count {
            guard bytes[position] == UInt8(ascii: "="), bytes[position + 1] == UInt8(ascii: "?"),
                let word = scanner.word(at: position)
            else {
                position += 1
                continue
            }
            decoder.add(plain: bytes[plainStart..<position])
            decoder.add(word)
            position = word.end
            plainStart = position
        }
        decoder.add(plain: bytes[plainStart...])
        return decoder.finish()
    }
}

/// An encoded word (RFC 2047 §2) with its content decoded to octets.
struct EncodedWord {
    var charset: String
    var octets: [UInt8]
    /// Position after the word.
    var end: Int
}

/// Finds encoded words in time linear in the value, however many beginnings it holds.
struct EncodedWordScanner {
    private let bytes: [UInt8]
    /// The last `?=` looked for: from where, and where it was found (`nil`: none to the end).
    private var searchedFrom = -1
    private var found: Int? = nil

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var mayHoldWords: Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == UInt8(ascii: "?"), previous == UInt8(ascii: "=") { return true }
            previous = byte
        }
        return false
    }

    /// The encoded word that starts at `start`, where `=?` stands. Tolerated: blanks inside, any length, text glued to
    /// it, base64 with junk.
    mutating func word(at start: Int) -> EncodedWord? {
        // Charset and language tag (RFC 2231 §5), at most 64 octets.
        var position = start + 2
        let charsetEnd = min(bytes.count, position + 64)
        while position < charsetEnd, Ascii.isMimeToken(bytes[position]) || bytes[position] == UInt8(ascii: ":") {
            position += 1
        }
        guard position > start + 2, position + 2 < bytes.count, bytes[position] == UInt8(ascii: "?"),
            bytes[position + 2] == UInt8(ascii: "?")
        else { return nil }
        let encoding = Ascii.lower(bytes[position + 1])
        guard encoding == UInt8(ascii: "q") || encoding == UInt8(ascii: "b") else { return nil }
        let textStart = position + 3
        guard let textEnd = terminator(from: textStart) else { return nil }
        let name = bytes[(start + 2)..<position].prefix { $0 != UInt8(ascii: "*") }
        let text = bytes[textStart..<textEnd]
        return EncodedWord(
            charset: String(decoding: name, as: UTF8.self),
            octets: encoding == UInt8(ascii: "b") ? Base64.decode(text) : Self.decodeQ(text), end: textEnd + 2)
    }

    private mutating func terminator(from start: Int) -> Int? {
        if searchedFrom >= 0, start >= searchedFrom {
            guard let found else { return nil }
            if start <= found { return found }
        }
        searchedFrom = start
        found = nil
        var position = start
        while position + 1 < bytes.count {
            if bytes[position] == UInt8(ascii: "?"), bytes[position + 1] == UInt8(ascii: "=") {
                found = position
                break
            }
            position += 1
        }
        return found
    }

    /// RFC 2047 §4.2; a `=` without two digits stays.
    private static func decodeQ(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            if byte == UInt8(ascii: "_") {
                result.append(Ascii.space)
            } else if byte == UInt8(ascii: "="), position + 2 < text.endIndex,
                let high = Ascii.hexValue(text[position + 1]), let low = Ascii.hexValue(text[position + 2])
            {
                result.append(high << 4 | low)
                position += 2
            } else {
                result.append(byte)
            }
            position += 1
        }
        return result
    }
}

/// Joins plain text and encoded words. Adjacent words of one charset are decoded together: careless writers split a
/// character between two words.
struct WordJoiner {
    private var text = ""
    private var charset: String?
    private var octets: [UInt8] = []
    /// Blanks after an encoded word, kept until it is known whether another follows.
    private var blanks: [UInt8] = []

    mutating func add(plain: ArraySlice<UInt8>) {
        guard !plain.isEmpty else { return }
        if charset != nil, plain.allSatisfy(Ascii.isBlank) {
            blanks += plain
            return
        }
        flush()
        text += HeaderText.string(Array(plain))
    }

    mutating func add(_ word: EncodedWord) {
        blanks = []
        if let charset, charset.lowercased() != word.charset.lowercased() { flush() }
        charset = word.charset
        octets += word.octets
    }

    private mutating func flush() {
        if let charset {
            text += Charset.decode(octets[...], label: charset)
            octets = []
            self.charset = nil
        }
        text += String(decoding: blanks, as: UTF8.self)
        blanks = []
    }

    mutating func finish() -> String {
        flush()
        return text
    }
}
