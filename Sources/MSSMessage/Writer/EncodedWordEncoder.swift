/// Makes encoded words (RFC 2047) of UTF-8 text.
enum EncodedWordEncoder {
    private static let head = "=?UTF-8?"

    /// Octets that stand for themselves in the Q encoding, in any place an encoded word may stand (RFC 2047 §5 (3)).
    private static func isPlain(_ byte: UInt8) -> Bool {
        if Ascii.isLetter(byte) || Ascii.isDigit(byte) { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            Ascii.space:  // written `_`
            return true
        default: return false
        }
    }

    /// Whether Q is not longer than B for this text.
    static func prefersQuoted(_ text: String) -> Bool {
        var quoted = 0
        for byte in text.utf8 { quoted += isPlain(byte) ? 1 : 3 }
        return quoted <= (text.utf8.count + 2) / 3 * 4
    }

    /// The next encoded word of at most `maximum` characters, and the scalars left. A scalar is never split.
    static func next(
        _ scalars: Substring.UnicodeScalarView, quoted: Bool, maximum: Int
    ) -> (word: [UInt8], rest: Substring.UnicodeScalarView) {
        let frame = head.utf8.count + 4  // `Q?` and `?=`
        var raw: [UInt8] = []
        var width = 0
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let bytes = Array(String(scalars[index]).utf8)
            if quoted {
                let cost = bytes.reduce(0) { $0 + (isPlain($1) ? 1 : 3) }
                if width + cost + frame > maximum, !raw.isEmpty { break }
                width += cost
            } else {
                if (raw.count + bytes.count + 2) / 3 * 4 + frame > maximum, !raw.isEmpty { break }
            }
            raw += bytes
            index = scalars.index(after: index)
        }
        var word = Array((head + (quoted ? "Q?" : "B?")).utf8)
        if quoted {
            for byte in raw {
                if byte == Ascii.space {
                    word.append(UInt8(ascii: "_"))
                } else if isPlain(byte) {
                    word.append(byte)
                } else {
                    word += [
                        UInt8(ascii: "="), Ascii.hexDigits[Int(byte >> 4)], Ascii.hexDigits[Int(byte & 15)],
                    ]
                }
            }
        } else {
            word += Base64.encode(raw)
        }
        word += "?=".utf8
        return (word, scalars[index...])
    }

    /// The whole text as encoded words separated by spaces.
    static func words(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        let quoted = prefersQuoted(text)
        var result: [String] = []
        while !scalars.isEmpty {
            let (word, rest) = next(scalars, quoted: quoted, maximum: 75)
            result.append(String(decoding: word, as: UTF8.self))
            scalars = rest
        }
        return result.joined(separator: " ")
    }
}
