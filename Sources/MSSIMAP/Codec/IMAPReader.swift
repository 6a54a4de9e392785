import MSSSASL

/// Reads the elements of the grammar from a command or response whose literals stand in line, after `{n}` and CRLF.
struct IMAPReader {
    let bytes: [UInt8]
    var position: Int
    let end: Int

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
        end = bytes.count
    }

    var isAtEnd: Bool { position >= end }
    var current: UInt8? { position < end ? bytes[position] : nil }

    func next(_ offset: Int) -> UInt8? { position + offset < end ? bytes[position + offset] : nil }

    /// Takes one octet when it is this one.
    mutating func take(_ octet: UInt8) -> Bool {
        guard current == octet else { return false }
        position += 1
        return true
    }

    /// Takes a word in upper case when it stands here, whatever its case there.
    mutating func take(word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= end, bytes[position..<position + count].equalsIgnoringCase(word) else { return false }
        position += count
        return true
    }

    mutating func expect(_ octet: UInt8) throws(IMAPSyntaxError) {
        guard take(octet) else {
            throw .unexpected(octet == .space ? "a space" : String(UnicodeScalar(octet)))
        }
    }

    mutating func space() throws(IMAPSyntaxError) { try expect(.space) }

    mutating func finish() throws(IMAPSyntaxError) { guard isAtEnd else { throw .trailing } }

    mutating func run(_ belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while position < end, belongs(bytes[position]) { position += 1 }
        return bytes[start..<position]
    }

    // MARK: Words and numbers

    mutating func atom() throws(IMAPSyntaxError) -> ArraySlice<UInt8> {
        let octets = run(\.isAtomCharacter)
        guard !octets.isEmpty else { throw .unexpected("a word") }
        return octets
    }

    /// A word in upper case.
    mutating func word() throws(IMAPSyntaxError) -> String { asciiUppercased(try atom()) }

    mutating func number64() throws(IMAPSyntaxError) -> Int64 {
        let digits = run(\.isDigit)
        guard (1...19).contains(digits.count), let value = Int64(String(decoding: digits, as: UTF8.self)) else {
            throw .malformedNumber
        }
        return value
    }

    mutating func number() throws(IMAPSyntaxError) -> UInt32 {
        guard let value = UInt32(exactly: try number64()) else { throw .malformedNumber }
        return value
    }

    mutating func nonZero() throws(IMAPSyntaxError) -> UInt32 {
        let value = try number()
        guard value > 0 else { throw .malformedNumber }
        return value
    }

    // MARK: Strings

    /// `quoted` (RFC 9051 §9: with UTF-8, which RFC 3501 clients send too).
    mutating func quoted() throws(IMAPSyntaxError) -> [UInt8] {
        try expect(.quote)
        var text: [UInt8] = []
        while let octet = current {
            position += 1
            switch octet {
            case .quote: return text
            case .backslash:
                guard let escaped = current, escaped == .quote || escaped == .backslash else { throw .malformedString }
                position += 1
                text.append(escaped)
            case 0, .carriageReturn, .lineFeed: throw .malformedString
            default: text.append(octet)
            }
        }
        throw .malformedString
    }

    /// `literal` and `literal8`: `{n}`, `{n+}`, `~{n}` and what follows.
    mutating func literal() throws(IMAPSyntaxError) -> ArraySlice<UInt8> {
        let isBinary = take(UInt8(ascii: "~"))
        try expect(.openBrace)
        let count = try number64()
        _ = take(UInt8(ascii: "+"))
        guard take(.closeBrace), take(.carriageReturn), take(.lineFeed), count <= Int64(end - position) else {
            throw .malformedString
        }
        let octets = bytes[position..<position + Int(count)]
        position += Int(count)
        guard isBinary || !octets.contains(0) else { throw .malformedString }
        return octets
    }

    mutating func string() throws(IMAPSyntaxError) -> [UInt8] {
        switch current {
        case .quote?: return try quoted()
        case .openBrace?, UInt8(ascii: "~")?: return Array(try literal())
        default: throw .unexpected("a string")
        }
    }

    mutating func astring() throws(IMAPSyntaxError) -> [UInt8] {
        if current == .quote || current == .openBrace { return try string() }
        let octets = run(\.isAstringCharacter)
        guard !octets.isEmpty else { throw .unexpected("a string") }
        return Array(octets)
    }

    /// `nstring`; `nil` for `NIL`.
    mutating func nstring() throws(IMAPSyntaxError) -> [UInt8]? {
        if take(word: "NIL") { return nil }
        return try string()
    }

    /// A string that is text.
    mutating func text() throws(IMAPSyntaxError) -> String { try Self.text(try astring()) }

    static func text(_ octets: [UInt8]) throws(IMAPSyntaxError) -> String {
        guard let text = String(validating: octets, as: UTF8.self) else { throw .malformedString }
        return text
    }

    // MARK: Lists

    /// Elements between parentheses, parted by single spaces.
    mutating func list(
        allowsEmpty: Bool = false, _ element: (inout IMAPReader) throws(IMAPSyntaxError) -> Void
    ) throws(IMAPSyntaxError) {
        try expect(.openParenthesis)
        if allowsEmpty, take(.closeParenthesis) { return }
        var count = 0
        repeat {
            count += 1
            guard count <= IMAPGrammarLimits.elements else { throw .tooMany }
            try element(&self)
        } while take(.space)
        try expect(.closeParenthesis)
    }

    // MARK: Names, flags, sets

    mutating func mailbox(utf8: Bool) throws(IMAPSyntaxError) -> IMAPMailboxName {
        guard let name = IMAPMailboxName(wire: try astring(), utf8: utf8) else { throw .malformedMailboxName }
        return name
    }

    mutating func flag() throws(IMAPSyntaxError) -> IMAPFlag {
        let isSystem = take(.backslash)
        let name = run(\.isAtomCharacter)
        guard let flag = IMAPFlag(isSystem ? [.backslash] + name : Array(name)) else { throw .malformedFlag }
        return flag
    }

    mutating func sequenceSet() throws(IMAPSyntaxError) -> IMAPSequenceSet {
        if take(UInt8(ascii: "$")) { return .saved }
        var ranges: [IMAPSequenceSet.Range] = []
        repeat {
            guard ranges.count < IMAPGrammarLimits.elements else { throw .tooMany }
            let first = try sequenceNumber()
            let last = take(UInt8(ascii: ":")) ? try sequenceNumber() : first
            ranges.append(IMAPSequenceSet.Range(first, last))
        } while take(UInt8(ascii: ","))
        return .ranges(ranges)
    }

    private mutating func sequenceNumber() throws(IMAPSyntaxError) -> UInt32? {
        if take(.star) { return nil }
        guard current?.isDigit == true else { throw .malformedSet }
        return try nonZero()
    }
}
