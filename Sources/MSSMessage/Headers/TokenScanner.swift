/// Reads the lexical tokens of structured fields (RFC 5322 §3.2) from an unfolded value, tolerantly: it never fails,
/// and every step moves forward.
struct TokenScanner {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var atEnd: Bool { position >= bytes.count }
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Skips blanks and line ends (a value may still be folded).
    mutating func skipBlanks() {
        while position < bytes.count, Ascii.isBlank(bytes[position]) { position += 1 }
    }

    /// Skips blanks and comments.
    mutating func skipCFWS() {
        while true {
            skipBlanks()
            guard current == UInt8(ascii: "(") else { return }
            _ = comment()
        }
    }

    /// Reads a comment at the present `(`, nested ones included (RFC 5322 §3.2.2); returns its inside, with
    /// quoted-pairs resolved, and whether it was closed.
    mutating func comment() -> (text: [UInt8], closed: Bool) {
        var text: [UInt8] = []
        var depth = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "("):
                if depth > 0 { text.append(byte) }
                depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return (text, true) }
                text.append(byte)
            case UInt8(ascii: "\\") where position < bytes.count:
                text.append(bytes[position])
                position += 1
            case Ascii.cr, Ascii.lf: break
            default: text.append(byte)
            }
        }
        return (text, false)
    }

    /// Reads a quoted string at the present `"` (RFC 5322 §3.2.4); returns its inside, with quoted-pairs resolved and
    /// folds removed, and whether it was closed.
    mutating func quotedString() -> (text: [UInt8], closed: Bool) {
        var text: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return (text, true)
            case UInt8(ascii: "\\") where position < bytes.count:
                let escaped = bytes[position]
                position += 1
                if escaped != Ascii.cr, escaped != Ascii.lf { text.append(escaped) }
            case Ascii.cr, Ascii.lf: break
            default: text.append(byte)
            }
        }
        return (text, false)
    }

    /// The next token of RFC 2045 §5.1, blanks and comments before it skipped; empty at a separator.
    mutating func restOfToken() -> [UInt8] {
        skipCFWS()
        let start = position
        while position < bytes.count, Ascii.isMimeToken(bytes[position]) { position += 1 }
        return Array(bytes[start..<position])
    }
}

/// Character classes of mail headers.
enum Ascii {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab || byte == cr || byte == lf }
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }
    static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

    /// RFC 5322 §3.6.8 `ftext`.
    static func isFieldName(_ byte: UInt8) -> Bool { byte > 32 && byte < 127 && byte != UInt8(ascii: ":") }

    /// RFC 5322 §3.2.3 `atext`.
    static func isAtext(_ byte: UInt8) -> Bool {
        if isLetter(byte) || isDigit(byte) { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    /// RFC 2045 §5.1 `token`, octets above 127 let through.
    static func isMimeToken(_ byte: UInt8) -> Bool {
        guard byte > 32, byte != 127 else { return false }
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""),
            UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="):
            return false
        default: return true
        }
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    static let hexDigits: [UInt8] = Array("0123456789ABCDEF".utf8)
}
