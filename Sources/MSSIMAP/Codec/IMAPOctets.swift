import MSSSASL

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let openParenthesis = UInt8(ascii: "(")
    static let closeParenthesis = UInt8(ascii: ")")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let star = UInt8(ascii: "*")

    /// ATOM-CHAR (RFC 9051 §9): visible ASCII without `(){%*"\]`.
    var isAtomCharacter: Bool {
        switch self {
        case 0x22, 0x25, 0x28, 0x29, 0x2A, 0x5C, 0x5D, 0x7B: false
        default: isGraphic
        }
    }

    /// ASTRING-CHAR: ATOM-CHAR and `]`.
    var isAstringCharacter: Bool { isAtomCharacter || self == .closeBracket }
    /// list-char: ATOM-CHAR, the wildcards and `]`.
    var isListCharacter: Bool { isAstringCharacter || self == .star || self == UInt8(ascii: "%") }
    /// A character of a tag: ASTRING-CHAR without `+`.
    var isTagCharacter: Bool { isAstringCharacter && self != UInt8(ascii: "+") }
}

/// Upper case of ASCII letters, for words that count without regard to case.
func asciiUppercased(_ octets: some Sequence<UInt8>) -> String {
    String(decoding: octets.map(\.uppercased), as: UTF8.self)
}
