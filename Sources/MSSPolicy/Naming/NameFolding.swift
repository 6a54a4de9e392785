/// Names as mail addresses write them: lower-case ASCII letters and digits, words apart.
enum NameFolding {
    /// The words of a text, folded to lower-case ASCII. Whatever is neither a letter nor a digit separates words; a
    /// letter that has no Latin form is dropped.
    static func words(_ text: some StringProtocol) -> [String] {
        var words: [String] = []
        var word = ""
        for character in text {
            if let byte = character.asciiValue {
                if isAlphanumeric(byte) {
                    word.append(Character(UnicodeScalar(byte | (byte < 0x3A ? 0 : 0x20))))
                } else if !word.isEmpty {
                    words.append(word)
                    word = ""
                }
            } else if let folded = letters[character] {
                word += folded
            } else if !character.isLetter, !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    /// The words joined: how two spellings of one name are compared (`Jean-Pierre`, `jean pierre`, `jeanpierre`).
    static func joined(_ text: some StringProtocol) -> String { words(text).joined() }

    /// A word without the digits at its ends: `test01` is `test`.
    static func withoutDigits(_ word: some StringProtocol) -> String {
        let isDigit = { (character: Character) in character.isASCII && character.isNumber }
        let head = word.drop(while: isDigit)
        return String(head.reversed().drop(while: isDigit).reversed())
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Latin letters of French civil status and its neighbours; strings compare by canonical equivalence, so that
    /// composed and decomposed spellings find the same entry.
    private static let letters: [Character: String] = {
        let rows: [(String, String)] = [
            ("àáâãäåāăą", "a"), ("çćĉċč", "c"), ("ďđð", "d"), ("èéêëēĕėęě", "e"), ("ĝğġģ", "g"), ("ĥħ", "h"),
            ("ìíîïĩīĭįı", "i"), ("ĵ", "j"), ("ķ", "k"), ("ĺļľŀł", "l"), ("ñńņň", "n"), ("òóôõöøōŏő", "o"),
            ("ŕŗř", "r"), ("śŝşšș", "s"), ("ţťŧț", "t"), ("ùúûüũūŭůűų", "u"), ("ŵ", "w"), ("ýÿŷ", "y"),
            ("źżž", "z"), ("œ", "oe"), ("æ", "ae"), ("ß", "ss"), ("þ", "th"),
        ]
        var table: [Character: String] = [:]
        for (variants, plain) in rows {
            for letter in variants {
                table[letter] = plain
                let upper = letter.uppercased()
                if upper.count == 1 { table[Character(upper)] = plain }
            }
        }
        return table
    }()
}
