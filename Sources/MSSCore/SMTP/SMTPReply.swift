/// An SMTP reply, of one line or several (RFC 5321 §4.2), with its enhanced status code (RFC 2034).
///
/// Whatever text it is given, it writes well-formed lines: line breaks make lines, other control characters become
/// spaces, so that no text from elsewhere can end the reply or start another.
public struct SMTPReply: Sendable, Hashable {
    /// The reply code.
    public let code: SMTPReplyCode
    /// The enhanced status code, repeated on every line.
    public let enhanced: EnhancedStatusCode?
    /// The text, line by line, without codes; at least one line, possibly empty.
    public let lines: [String]

    /// Longest line in octets, CRLF included (RFC 5321 §4.5.3.1.5).
    public static let maximumLineLength = 512
    /// Most lines in a reply; an `EHLO` answer has fewer than thirty.
    public static let maximumLines = 100

    /// A reply; an enhanced code of another class than the reply code's is a programming error (RFC 2034 §4).
    ///
    /// - Parameter text: one line, or several separated by line breaks. Longer lines than SMTP allows are folded at a
    ///   space where there is one.
    public init(code: SMTPReplyCode, enhanced: EnhancedStatusCode? = nil, text: String) {
        precondition(enhanced?.agrees(with: code) ?? true, "\(enhanced!) cannot accompany \(code)")
        self.code = code
        self.enhanced = enhanced
        let room = SMTPReply.maximumLineLength - 2 - 4 - (enhanced.map { $0.description.utf8.count + 1 } ?? 0)
        var lines: [String] = []
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            SMTPReply.fold(SMTPReply.cleaned(line), room: room, into: &lines)
        }
        self.lines = Array(lines.prefix(SMTPReply.maximumLines))
    }

    private init(code: SMTPReplyCode, enhanced: EnhancedStatusCode?, lines: [String]) {
        self.code = code
        self.enhanced = enhanced
        self.lines = lines
    }

    /// Control characters, which RFC 5321's `textstring` excludes (but the tab), become spaces.
    private static func cleaned(_ line: Substring) -> String {
        var text = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            let control = scalar.value < 0x20 && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
            text.append(control || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : scalar)
        }
        return String(text)
    }

    private static func fold(_ line: String, room: Int, into lines: inout [String]) {
        var rest = line[...]
        while rest.utf8.count > room {
            let utf8 = rest.utf8
            var end = utf8.index(utf8.startIndex, offsetBy: room)
            // Never inside a character of several octets.
            while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
            let head = rest[..<end]
            if let space = head.lastIndex(of: " "), space > head.startIndex {
                lines.append(String(rest[..<space]))
                rest = rest[rest.index(after: space)...]
            } else {
                lines.append(String(head))
                rest = rest[end...]
            }
        }
        lines.append(String(rest))
    }

    /// The reply as sent: each line with its codes and CRLF.
    public var wire: String {
        var text = ""
        for (index, line) in lines.enumerated() {
            text.append(code.description)
            text.append(index == lines.count - 1 ? " " : "-")
            if let enhanced { text.append("\(enhanced) ") }
            text.append(line)
            text.append("\r\n")
        }
        return text
    }

    /// Reads the lines of a reply, without their CRLF.
    ///
    /// An enhanced code counts when every line starts with the same one and its class is the reply's; otherwise it
    /// stays in the text: servers that do not know RFC 2034 write what they like.
    public static func parse(lines: [some StringProtocol]) throws(SMTPReplyError) -> SMTPReply {
        guard !lines.isEmpty else { throw .noLine }
        guard lines.count <= maximumLines else { throw .tooManyLines }
        var code: SMTPReplyCode?
        var texts: [String] = []
        for (index, line) in lines.enumerated() {
            let bytes = Array(line.utf8.prefix(maximumLineLength))
            guard bytes.count <= maximumLineLength - 2 else { throw .lineTooLong }
            guard bytes.count >= 3, bytes[..<3].allSatisfy(\.isASCIIDigit),
                let lineCode = SMTPReplyCode(number: bytes[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) })
            else { throw .malformedCode }
            guard code == nil || code == lineCode else { throw .differentCodes }
            code = lineCode
            // RFC 5321 §4.2: the space may be missing when no text follows.
            let separator = bytes.count > 3 ? bytes[3] : UInt8(ascii: " ")
            let isLast = index == lines.count - 1
            guard separator == (isLast ? UInt8(ascii: " ") : UInt8(ascii: "-")) else { throw .malformedSeparator }
            guard !bytes.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { throw .controlCharacter }
            guard let text = String(validating: bytes.dropFirst(4), as: UTF8.self) else { throw .invalidUTF8 }
            texts.append(text)
        }
        guard let code else { throw .noLine }
        // By octets: a combining mark after the space would make one character of both.
        let prefixes = texts.map { Array($0.utf8.prefix { $0 != UInt8(ascii: " ") }) }
        guard let first = prefixes.first, prefixes.allSatisfy({ $0 == first }),
            let enhanced = EnhancedStatusCode(text: String(decoding: first, as: UTF8.self)),
            enhanced.agrees(with: code)
        else { return SMTPReply(code: code, enhanced: nil, lines: texts) }
        let rest = texts.map { String(decoding: $0.utf8.dropFirst(first.count + 1), as: UTF8.self) }
        return SMTPReply(code: code, enhanced: enhanced, lines: rest)
    }
}

extension SMTPReply: CustomStringConvertible {
    /// The codes only: the text of a peer may repeat an address.
    public var description: String { enhanced.map { "\(code) \($0)" } ?? "\(code)" }
}

/// Why lines are not an SMTP reply.
public enum SMTPReplyError: Error, Sendable, Hashable {
    /// There is no line.
    case noLine
    /// More than ``SMTPReply/maximumLines``.
    case tooManyLines
    /// A line longer than ``SMTPReply/maximumLineLength`` with its CRLF.
    case lineTooLong
    /// A line does not start with a reply code.
    case malformedCode
    /// The lines have different codes.
    case differentCodes
    /// The code is followed by neither a space nor a hyphen, or by the wrong one of them.
    case malformedSeparator
    /// A control character in the text.
    case controlCharacter
    /// The text is not UTF-8 (RFC 6531 §3.7.4).
    case invalidUTF8
}

extension SMTPReplyError: ExplainedFailure {
    /// No requirement: the form of a reply is RFC 5321's.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the reader.
    public var explanation: String { "Le serveur de messagerie distant a envoyé une réponse incompréhensible." }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .noLine: "reply without a line"
        case .tooManyLines: "reply of more than \(SMTPReply.maximumLines) lines"
        case .lineTooLong: "reply line longer than \(SMTPReply.maximumLineLength) octets"
        case .malformedCode: "line without a reply code"
        case .differentCodes: "reply lines with different codes"
        case .malformedSeparator: "wrong character after the reply code"
        case .controlCharacter: "control character in a reply"
        case .invalidUTF8: "reply text that is not UTF-8"
        }
    }
}
