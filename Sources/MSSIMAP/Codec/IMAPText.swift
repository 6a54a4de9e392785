import MSSSASL

/// Strings as they are sent.
enum IMAPText {
    /// Octets of the longest quoted string; longer ones are literals.
    static let longestQuoted = 1000

    /// Whether a text can stand between quotes for any reader: ASCII without line ends.
    static func isQuotable(_ text: some Collection<UInt8>) -> Bool {
        text.count <= longestQuoted && text.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    /// A quoted string; other than ``isQuotable(_:)`` text is for readers of UTF-8 only.
    static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { output.unicodeScalars.append("\\") }
            output.unicodeScalars.append(scalar)
        }
        return output + "\""
    }

    /// An astring in its shortest form. What cannot be quoted is a literal without wait.
    static func astring(_ text: String) -> String {
        let octets = text.utf8
        // `NIL` is an atom that means nothing where a string may be absent.
        if !octets.isEmpty, octets.allSatisfy(\.isAstringCharacter), !octets.equalsIgnoringCase("NIL") { return text }
        return string(text)
    }

    /// A string: quoted, or a literal without wait.
    static func string(_ text: String) -> String {
        isQuotable(text.utf8) ? quoted(text) : "{\(text.utf8.count)+}\r\n\(text)"
    }

    /// Text of a status response: one line of what `resp-text` allows; other characters become `?`.
    static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
    }
}
