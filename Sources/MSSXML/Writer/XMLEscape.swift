/// Escaping and the character classes of XML 1.0 (fifth edition).
enum XMLEscape {
    /// Appends text in UTF-8, escaped for element content or for an attribute value in double quotes.
    ///
    /// `>` is always escaped (no `]]>` can arise). Carriage returns, and in attributes tabs and line feeds, are written
    /// as references: XML 1.0 §2.11 and §3.3.3 would change them into other characters otherwise.
    static func append(_ text: some StringProtocol, to buffer: inout [UInt8], attribute: Bool)
        throws(XMLWriterFailure)
    {
        var contiguous = String(text)
        var failure: XMLWriterFailure?
        contiguous.withUTF8 { bytes in
            var run = 0
            for index in bytes.indices {
                let replacement: StaticString
                switch bytes[index] {
                case UInt8(ascii: "&"): replacement = "&amp;"
                case UInt8(ascii: "<"): replacement = "&lt;"
                case UInt8(ascii: ">"): replacement = "&gt;"
                case UInt8(ascii: "\r"): replacement = "&#13;"
                case UInt8(ascii: "\"") where attribute: replacement = "&quot;"
                case UInt8(ascii: "\t") where attribute: replacement = "&#9;"
                case UInt8(ascii: "\n") where attribute: replacement = "&#10;"
                case UInt8(ascii: "\t"), UInt8(ascii: "\n"): continue
                case 0..<0x20:
                    failure = .forbiddenCharacter(scalar: UInt32(bytes[index]))
                    return
                // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
                case 0xEF where bytes[index + 1] == 0xBF && bytes[index + 2] >= 0xBE:
                    failure = .forbiddenCharacter(scalar: 0xFF00 | UInt32(bytes[index + 2]) | 0x40)
                    return
                default: continue
                }
                buffer.append(contentsOf: bytes[run..<index])
                buffer.append(
                    contentsOf: UnsafeBufferPointer(start: replacement.utf8Start, count: replacement.utf8CodeUnitCount))
                run = index + 1
            }
            buffer.append(contentsOf: bytes[run...])
        }
        if let failure { throw failure }
    }

    /// Whether a string is an `NCName`: a `Name` (XML 1.0 §2.3) without colon.
    static func isNCName(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, isNameStart(first.value) else { return false }
        return name.unicodeScalars.dropFirst().allSatisfy { scalar in
            switch scalar.value {
            case 0x2D, 0x2E, 0x30...0x39, 0xB7, 0x0300...0x036F, 0x203F...0x2040: true
            default: isNameStart(scalar.value)
            }
        }
    }

    /// `NameStartChar` without the colon.
    private static func isNameStart(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x41...0x5A, 0x5F, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF,
            0x200C...0x200D, 0x2070...0x218F, 0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD,
            0x10000...0xEFFFF:
            true
        default: false
        }
    }
}
