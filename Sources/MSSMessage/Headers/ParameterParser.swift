/// Reads the parameters of structured fields (RFC 2045 §5.1, RFC 2183 §2, RFC 2231), tolerantly.
struct ParameterParser {
    /// Most parameters read from one field.
    static let limit = 1000

    private var scanner: TokenScanner

    init(_ scanner: TokenScanner) { self.scanner = scanner }

    /// Attributes and values as written, quotes and comments removed, nothing decoded.
    mutating func raw() -> [(name: [UInt8], value: [UInt8], quoted: Bool)] {
        var result: [(name: [UInt8], value: [UInt8], quoted: Bool)] = []
        while !scanner.atEnd, result.count < Self.limit {
            scanner.skipCFWS()
            if scanner.current == UInt8(ascii: ";") {
                scanner.position += 1
                continue
            }
            let name = attribute()
            scanner.skipCFWS()
            guard scanner.current == UInt8(ascii: "=") else {
                // No value: pass over the octet that stopped us, unless it starts the next parameter.
                if name.isEmpty, !scanner.atEnd { scanner.position += 1 }
                continue
            }
            scanner.position += 1
            scanner.skipCFWS()
            if scanner.current == UInt8(ascii: "\"") {
                let (value, _) = scanner.quotedString()
                if !name.isEmpty { result.append((name, value, true)) }
            } else {
                let value = bareValue()
                if !name.isEmpty, !value.isEmpty { result.append((name, value, false)) }
            }
        }
        return result
    }

    private mutating func attribute() -> [UInt8] {
        let start = scanner.position
        while let byte = scanner.current, byte != UInt8(ascii: "="), byte != UInt8(ascii: ";"), !Ascii.isBlank(byte),
            byte != UInt8(ascii: "("), byte != UInt8(ascii: "\"")
        {
            scanner.position += 1
        }
        return scanner.bytes[start..<scanner.position].map(Ascii.lower)
    }

    /// A value without quotes, to the next semicolon. Blanks belong to it when no new `attribute=` follows them: names
    /// of files are often left unquoted.
    private mutating func bareValue() -> [UInt8] {
        let start = scanner.position
        var end = start
        while let byte = scanner.current {
            if byte == UInt8(ascii: ";") { break }
            // A comment starts after a blank only: `file(1).pdf` is a name.
            if byte == UInt8(ascii: "("), end > start, Ascii.isBlank(scanner.bytes[scanner.position - 1]) { break }
            if Ascii.isBlank(byte) {
                if startsParameter() { break }
                scanner.skipBlanks()
                continue
            }
            scanner.position += 1
            end = scanner.position
        }
        return Array(scanner.bytes[start..<end])
    }

    /// Whether `token=` follows the blanks here, so that a semicolon was forgotten; an encoded word is no parameter.
    private func startsParameter() -> Bool {
        var ahead = scanner
        ahead.skipBlanks()
        let start = ahead.position
        while ahead.position - start < 64, let byte = ahead.current, Ascii.isMimeToken(byte) { ahead.position += 1 }
        guard ahead.position > start, ahead.current == UInt8(ascii: "=") else { return false }
        return ahead.position + 1 >= ahead.bytes.count || ahead.bytes[ahead.position + 1] != UInt8(ascii: "?")
    }

    /// The parameters decoded: continuations joined (RFC 2231 §3), extended values decoded (§4), encoded words in
    /// quoted strings too, as nearly all mail programs write them.
    mutating func parameters() -> Parameters {
        let raw = raw()
        if !raw.contains(where: { $0.name.contains(UInt8(ascii: "*")) }) {
            return Parameters(raw.map { .init(name: HeaderText.string($0.name), value: HeaderText.decode($0.value)) })
        }
        var order: [String] = []
        var plain: [String: String] = [:]
        var extended: [String: ExtendedParameter] = [:]
        for (name, value, _) in raw {
            let parts = name.split(separator: UInt8(ascii: "*"), maxSplits: 1, omittingEmptySubsequences: false)
            let base = HeaderText.string(Array(parts[0]))
            guard !base.isEmpty else { continue }
            if plain[base] == nil, extended[base] == nil { order.append(base) }
            if parts.count == 1 {
                if plain[base] == nil { plain[base] = HeaderText.decode(value) }
                // `name` without number amid continuations is their beginning for some writers.
                continue
            }
            extended[base, default: ExtendedParameter()].add(suffix: parts[1], value: value)
        }
        return Parameters(
            order.map { name in
                // The extended form carries what the plain one could not.
                guard let value = extended[name] else { return .init(name: name, value: plain[name] ?? "") }
                let (text, language) = value.decoded()
                return .init(name: name, value: text, language: language)
            })
    }
}

/// The segments of one RFC 2231 parameter.
private struct ExtendedParameter {
    private var segments: [(number: Int, encoded: Bool, value: [UInt8])] = []

    mutating func add(suffix: ArraySlice<UInt8>, value: [UInt8]) {
        let encoded = suffix.isEmpty || suffix.last == UInt8(ascii: "*")
        let digits = suffix.prefix(while: Ascii.isDigit)
        let number = digits.isEmpty ? -1 : Int(String(decoding: digits.prefix(9), as: UTF8.self)) ?? 0
        segments.append((number, encoded, value))
    }

    /// The joined octets, decoded by the charset of the first segment. Segments come in any order.
    func decoded() -> (text: String, language: String?) {
        let sorted = segments.enumerated().sorted { ($0.element.number, $0.offset) < ($1.element.number, $1.offset) }
        var octets: [UInt8] = []
        var charset: String?
        var language: String?
        for (index, (_, segment)) in sorted.enumerated() {
            var value = segment.value[...]
            guard segment.encoded else {
                octets += value
                continue
            }
            if index == 0 || charset == nil {
                let pieces = value.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
                if pieces.count == 3, pieces[0].count <= 64 {
                    charset = String(decoding: pieces[0], as: UTF8.self)
                    if !pieces[1].isEmpty { language = String(decoding: pieces[1], as: UTF8.self) }
                    value = pieces[2]
                }
            }
            octets += Self.unescape(value)
        }
        guard let charset, !charset.isEmpty else { return (HeaderText.decode(octets), language) }
        return (Charset.decode(octets[...], label: charset), language)
    }

    private static func unescape(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var position = value.startIndex
        while position < value.endIndex {
            if value[position] == UInt8(ascii: "%"), position + 2 < value.endIndex,
                let high = Ascii.hexValue(value[position + 1]), let low = Ascii.hexValue(value[position + 2])
            {
                result.append(high << 4 | low)
                position += 3
            } else {
                result.append(value[position])
                position += 1
            }
        }
        return result
    }
}

extension ContentType {
    /// Reads a `Content-Type` value; `nil` when no type stands at its beginning.
    public init?(parsing text: String) { self.init(parsing: Array(text.utf8)) }

    init?(parsing bytes: [UInt8]) {
        var scanner = TokenScanner(bytes)
        let type = scanner.headToken()
        guard !type.isEmpty else { return nil }
        var subtype: [UInt8] = []
        scanner.skipCFWS()
        if scanner.current == UInt8(ascii: "/") {
            scanner.position += 1
            subtype = scanner.headToken(slash: true)
        }
        var parser = ParameterParser(scanner)
        self.init(HeaderText.string(type), HeaderText.string(subtype), parser.parameters())
    }
}

extension ContentDisposition {
    /// Reads a `Content-Disposition` value; `nil` when no disposition stands at its beginning.
    public init?(parsing text: String) { self.init(parsing: Array(text.utf8)) }

    init?(parsing bytes: [UInt8]) {
        var scanner = TokenScanner(bytes)
        let kind = scanner.headToken()
        guard !kind.isEmpty else { return nil }
        var parser = ParameterParser(scanner)
        self.init(HeaderText.string(kind), parser.parameters())
    }
}

extension TokenScanner {
    /// The token at the head of a field with parameters: anything up to a blank, a comment, `;` or `/`.
    mutating func headToken(slash: Bool = false) -> [UInt8] {
        skipCFWS()
        let start = position
        while let byte = current, !Ascii.isBlank(byte), byte != UInt8(ascii: ";"), byte != UInt8(ascii: "("),
            slash || byte != UInt8(ascii: "/")
        {
            position += 1
        }
        return Array(bytes[start..<position])
    }
}
