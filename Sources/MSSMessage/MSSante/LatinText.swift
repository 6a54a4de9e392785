import Glibc

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

/// Folded text that is searched for many phrases: by bytes, which for folded text are what characters are compared by.
struct FoldedText {
    private let bytes: [UInt8]
    /// The text.
    let text: String

    init(_ text: some StringProtocol) {
        self.text = LatinText.folded(text)
        bytes = Array(self.text.utf8)
    }

    func contains(_ phrase: String) -> Bool {
        var phrase = phrase
        return phrase.withUTF8 { needle in bytes.withUnsafeBytes { FoldedText.finds(needle, in: $0) } }
    }

    private static func finds(_ needle: UnsafeBufferPointer<UInt8>, in text: UnsafeRawBufferPointer) -> Bool {
        guard let first = needle.first, var place = text.baseAddress else { return needle.isEmpty }
        var left = text.count - needle.count + 1  // places where the phrase may begin
        while left > 0, let hit = memchr(place, CInt(first), left) {
            if memcmp(hit, needle.baseAddress!, needle.count) == 0 { return true }
            left -= hit - UnsafeMutableRawPointer(mutating: place) + 1
            place = UnsafeRawPointer(hit) + 1
        }
        return false
    }

    func hasPrefix(_ phrase: String) -> Bool { bytes.starts(with: phrase.utf8) }
}
