/// Reads message identifiers (RFC 5322 §3.6.4).
enum MessageIDs {
    /// The identifiers between angle brackets, blanks inside removed; without any bracket, the first word that is not
    /// a comment.
    static func parse(_ value: [UInt8]) -> [String] {
        var identifiers: [String] = []
        var scanner = TokenScanner(value)
        var bare: [UInt8] = []
        while let byte = scanner.current {
            switch byte {
            case UInt8(ascii: "("): _ = scanner.comment()
            case UInt8(ascii: "\""): _ = scanner.quotedString()  // the phrases of obs-in-reply-to
            case UInt8(ascii: "<"):
                scanner.position += 1
                var identifier: [UInt8] = []
                while let inner = scanner.current, inner != UInt8(ascii: ">"), inner != UInt8(ascii: "<") {
                    if !Ascii.isBlank(inner) { identifier.append(inner) }
                    scanner.position += 1
                }
                if scanner.current == UInt8(ascii: ">") { scanner.position += 1 }
                if !identifier.isEmpty { identifiers.append(HeaderText.string(identifier)) }
            default:
                if identifiers.isEmpty, !Ascii.isBlank(byte) || !bare.isEmpty { bare.append(byte) }
                scanner.position += 1
            }
        }
        if identifiers.isEmpty, let word = bare.split(whereSeparator: Ascii.isBlank).first {
            return [HeaderText.string(Array(word))]
        }
        return identifiers
    }
}
