/// Folding of French and neighbouring letters, for subjects (names without accents) and for recognising phrases.
enum LatinText {
    private static let folds: [Character: String] = {
        var table: [Character: String] = [
            "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d",
            "Đ": "D",
        ]
        let families = [
            "aàáâãäåāăą", "AÀÁÂÃÄÅĀĂĄ", "cçćčĉċ", "CÇĆČĈĊ", "dď", "DĎ", "eèéêëēĕėęě", "EÈÉÊËĒĔĖĘĚ", "gĝğġģ", "GĜĞĠĢ",
            "hĥ", "HĤ",
            "iìíîïĩīĭį", "IÌÍÎÏĨĪĬĮİ", "jĵ", "JĴ", "kķ", "KĶ", "lĺļľ", "LĹĻĽ", "nñńņň", "NÑŃŅŇ", "oòóôõöōŏő",
            "OÒÓÔÕÖŌŎŐ", "rŕŗř",
            "RŔŖŘ", "sśŝşšș", "SŚŜŞŠȘ", "tţťț", "TŢŤȚ", "uùúûüũūŭůűų", "UÙÚÛÜŨŪŬŮŰŲ", "wŵ", "WŴ", "yýÿŷ", "YÝŸŶ",
            "zźżž", "ZŹŻŽ",
        ]
        for family in families {
            for letter in family.dropFirst() { table[letter] = String(family.first!) }
        }
        return table
    }()

    /// The text without accents, in ASCII as far as its letters are Latin. A character compares by canonical
    /// equivalence, so composed and decomposed accents fold alike.
    static func withoutAccents(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text { if let fold = folds[character] { result += fold } else { result.append(character) } }
        return result
    }

    /// For comparing phrases: lower case, no accents, straight apostrophes, single blanks.
    static func folded(_ text: some StringProtocol) -> String {
        var result = ""
        var blank = true
        for character in withoutAccents(text.lowercased()) {
            if character.isWhitespace || character == "\u{A0}" || character == "\u{202F}" {
                if !blank { result.append(" ") }
                blank = true
            } else {
                result.append(character == "’" || character == "ʼ" ? "'" : character)
                blank = false
            }
        }
        return blank && !result.isEmpty ? String(result.dropLast()) : result
    }
}
