/// Writes header fields: encodes, folds at 78 columns, keeps under 998 octets, and lets no line end through.
struct HeaderWriter {
    /// RFC 5322 §2.1.1.
    static let softLimit = 78
    static let hardLimit = 998

    let utf8: Bool
    private(set) var output: [UInt8] = []
    private var column = 0
    private var field = ""

    init(utf8: Bool) { self.utf8 = utf8 }

    mutating func write(_ item: OutgoingField) throws(WriterError) {
        guard !item.name.isEmpty, item.name.utf8.allSatisfy(Ascii.isFieldName), item.name.utf8.count <= 76 else {
            throw .invalidFieldName
        }
        field = item.name
        output.append(contentsOf: item.name.utf8)
        output.append(UInt8(ascii: ":"))
        column = item.name.utf8.count + 1
        switch item.value {
        case .text(let text): try unstructured(text)
        case .tokens(let text): try tokens(text)
        case .addresses(let entries): try addresses(entries)
        case .messageIDs(let identifiers):
            for identifier in identifiers {
                try check(identifier)
                guard HeaderWriter.isWritable(identifier) else { throw .unfoldable(field: field) }
                try word("<" + identifier + ">")
            }
        case .date(let date): try word(date.rfc5322)
        case .parameterized(let value, let parameters): try parameterized(value, parameters)
        }
        output.append(Ascii.cr)
        output.append(Ascii.lf)
        column = 0
    }

    /// Whether a text holds what ends a line or a C string.
    static func endsLine(_ text: String) -> Bool { text.utf8.contains { $0 == Ascii.cr || $0 == Ascii.lf || $0 == 0 } }

    /// Whether a message identifier can stand in a header: printable ASCII without angle brackets, on a line.
    static func isWritable(_ identifier: String) -> Bool {
        !identifier.isEmpty && identifier.utf8.count <= 900
            && identifier.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 60 && $0 != 62 }
    }

    /// Ends the header block.
    mutating func finish() -> [UInt8] {
        output.append(Ascii.cr)
        output.append(Ascii.lf)
        return output
    }

    // MARK: Pieces

    /// No value may hold what ends a line (header injection) or a C string.
    func check(_ text: String) throws(WriterError) {
        if HeaderWriter.endsLine(text) { throw .forbiddenCharacter(field: field) }
    }

    /// Writes blanks and a word, the blanks on a new line when the word does not fit. The blanks are kept as they are,
    /// so that unfolding (RFC 5322 §2.2.3) gives the value back.
    private mutating func piece(blanks: [UInt8], _ text: [UInt8]) throws(WriterError) {
        let width = blanks.count + text.count
        if column + width > Self.softLimit, !blanks.isEmpty, column > field.utf8.count + 1 || text.count > 900 {
            // A field's first line must not be blank after the colon unless the word would pass the hard limit.
            output.append(Ascii.cr)
            output.append(Ascii.lf)
            column = 0
        }
        guard column + width <= Self.hardLimit else { throw .unfoldable(field: field) }
        output.append(contentsOf: blanks)
        output.append(contentsOf: text)
        column += width
    }

    private mutating func word(_ text: String) throws(WriterError) {
        try piece(blanks: [Ascii.space], Array(text.utf8))
    }

    private mutating func tokens(_ text: String) throws(WriterError) {
        try check(text)
        guard text.utf8.allSatisfy({ $0 >= 32 && $0 < 127 || $0 == Ascii.tab }) else {
            throw .forbiddenCharacter(field: field)
        }
        for token in text.utf8.split(whereSeparator: { $0 == Ascii.space || $0 == Ascii.tab }) {
            try piece(blanks: [Ascii.space], Array(token))
        }
    }

    // MARK: Text

    /// Unstructured text (RFC 5322 §2.2.1): words that need it become encoded words, all else stays readable.
    private mutating func unstructured(_ text: String) throws(WriterError) {
        try check(text)
        var words = Self.words(text)
        guard !words.isEmpty else { return }
        // A leading blank is the separator after the colon: more of it, and trailing blanks, live only in encoding.
        let blankEdges = words.first!.blanks.count > 0 || words.last!.text.isEmpty
        let needing = words.indices.filter { needsEncoding(words[$0].text) }
        var range: ClosedRange<Int>? = needing.first.map { $0...needing.last! }
        if blankEdges { range = 0...(words.count - 1) }
        if let range {
            var encoded = String(decoding: range.lowerBound == 0 ? words[0].blanks : [], as: UTF8.self)
            for index in range {
                if index > range.lowerBound { encoded += String(decoding: words[index].blanks, as: UTF8.self) }
                encoded += String(decoding: words[index].text, as: UTF8.self)
            }
            for index in 0..<range.lowerBound { try piece(blanks: words[index].blanksOrSpace, words[index].text) }
            let blanks = range.lowerBound == 0 ? [Ascii.space] : words[range.lowerBound].blanks
            try encodedWords(encoded, blanks: blanks)
            words.removeFirst(range.upperBound + 1)
        }
        for word in words { try piece(blanks: word.blanksOrSpace, word.text) }
    }

    struct Word {
        var blanks: [UInt8]
        var text: [UInt8]
        var blanksOrSpace: [UInt8] { blanks.isEmpty ? [Ascii.space] : blanks }
    }

    /// Splits at blanks; each word knows the blanks before it.
    static func words(_ text: String) -> [Word] {
        var words: [Word] = []
        var word = Word(blanks: [], text: [])
        for byte in text.utf8 {
            if byte == Ascii.space || byte == Ascii.tab {
                if !word.text.isEmpty {
                    words.append(word)
                    word = Word(blanks: [], text: [])
                }
                word.blanks.append(byte)
            } else {
                word.text.append(byte)
            }
        }
        if !word.blanks.isEmpty || !word.text.isEmpty { words.append(word) }
        return words
    }

    private func needsEncoding(_ word: [UInt8]) -> Bool {
        if word.count > 900 { return true }
        var previous: UInt8 = 0
        for byte in word {
            if byte < 32 || byte == 127 || (byte > 127 && !utf8) { return true }
            // What a reader would take for an encoded word must itself be encoded (RFC 2047 §7).
            if previous == UInt8(ascii: "="), byte == UInt8(ascii: "?") { return true }
            previous = byte
        }
        return false
    }

    /// Writes `text` as encoded words of at most 75 characters, split between characters of the text (RFC 2047 §5).
    private mutating func encodedWords(_ text: String, blanks: [UInt8]) throws(WriterError) {
        var blanks = blanks
        var scalars = text.unicodeScalars[...]
        let quoted = EncodedWordEncoder.prefersQuoted(text)
        while !scalars.isEmpty {
            // A word must leave room for its frame; when the line is nearly full, it starts on the next one.
            let room = Self.softLimit - column - blanks.count
            let (word, rest) = EncodedWordEncoder.next(
                scalars, quoted: quoted, maximum: room >= 30 ? min(75, room) : 75)
            try piece(blanks: blanks, word)
            scalars = rest
            blanks = [Ascii.space]
        }
    }

    // MARK: Addresses

    private mutating func addresses(_ entries: [AddressEntry]) throws(WriterError) {
        for (index, entry) in entries.enumerated() {
            let last = index == entries.count - 1
            switch entry {
            case .mailbox(let mailbox): try self.mailbox(mailbox, end: last ? "" : ",")
            case .group(let name, let members):
                try phrase(name, end: ":")
                for (number, member) in members.enumerated() {
                    try mailbox(member, end: number == members.count - 1 ? "" : ",")
                }
                output.append(contentsOf: last ? ";".utf8 : ";,".utf8)
                column += last ? 1 : 2
            }
        }
    }

    private mutating func mailbox(_ mailbox: Mailbox, end: String) throws(WriterError) {
        try check(mailbox.address)
        try AddressCheck.verify(mailbox.address, field: field, utf8: utf8)
        if let name = mailbox.name, !name.isEmpty {
            try phrase(name, end: "")
            try word("<" + mailbox.address + ">" + end)
        } else {
            try word(mailbox.address + end)
        }
    }

    /// A display name: atoms as they are, a quoted string for other ASCII, encoded words for the rest.
    private mutating func phrase(_ name: String, end: String) throws(WriterError) {
        try check(name)
        let words = Self.words(name)
        let plain =
            words.allSatisfy { $0.blanks.count <= 1 && !$0.blanks.contains(Ascii.tab) }
            && words.first?.blanks.isEmpty != false && words.last?.text.isEmpty != true && !words.isEmpty
        if words.contains(where: { needsEncoding($0.text) }) {
            try encodedWords(name, blanks: [Ascii.space])
            output.append(contentsOf: end.utf8)
            column += end.utf8.count
        } else if plain, words.allSatisfy({ $0.text.allSatisfy { Ascii.isAtext($0) || $0 > 127 } }) {
            for (index, word) in words.enumerated() {
                try piece(blanks: [Ascii.space], word.text + (index == words.count - 1 ? Array(end.utf8) : []))
            }
        } else {
            try quotedString(name, end: end)
        }
    }

    /// A quoted string (RFC 5322 §3.2.4), folded at its blanks when long.
    private mutating func quotedString(_ text: String, end: String) throws(WriterError) {
        var words = Self.words(text)
        if words.isEmpty { words = [Word(blanks: [], text: [])] }
        for (index, word) in words.enumerated() {
            var bytes: [UInt8] = []
            for byte in word.text {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            if index == words.count - 1 { bytes += [UInt8(ascii: "\"")] + Array(end.utf8) }
            if index == 0 {
                try piece(blanks: [Ascii.space], [UInt8(ascii: "\"")] + word.blanks + bytes)
            } else {
                try piece(blanks: word.blanks, bytes)
            }
        }
    }

    // MARK: Parameters

    private mutating func parameterized(_ value: String, _ parameters: Parameters) throws(WriterError) {
        try check(value)
        guard value.utf8.allSatisfy({ Ascii.isMimeToken($0) && $0 < 127 || $0 == UInt8(ascii: "/") }), !value.isEmpty
        else { throw .invalidToken }
        try word(parameters.entries.isEmpty ? value : value + ";")
        let pieces = try ParameterEncoder(utf8: utf8, field: field).pieces(parameters)
        for (index, text) in pieces.enumerated() {
            for word in Self.words(index == pieces.count - 1 ? text : text + ";") {
                try piece(blanks: word.blanksOrSpace, word.text)
            }
        }
    }
}
