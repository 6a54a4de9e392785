import MSSSASL

/// A value of a response whose form is not known beforehand.
enum IMAPValue: Hashable {
    case none
    case text([UInt8])
    case list([IMAPValue])

    var string: String? { if case .text(let octets) = self { String(decoding: octets, as: UTF8.self) } else { nil } }
    var number: Int? { if case .text(let octets) = self { octets.decimal() } else { nil } }
    var list: [IMAPValue] { if case .list(let values) = self { values } else { [] } }
}

extension IMAPReader {
    /// Levels of lists: messages within messages; recursion must end somewhere.
    private static let depth = 100

    /// Any value: `NIL`, a string, an atom, a list.
    mutating func value(_ depth: Int) throws(IMAPSyntaxError) -> IMAPValue {
        guard depth < Self.depth else { throw .tooDeep }
        switch current {
        case .openParenthesis?:
            position += 1
            var values: [IMAPValue] = []
            while !take(.closeParenthesis) {
                guard values.count < IMAPGrammarLimits.elements else { throw .tooMany }
                values.append(try value(depth + 1))
                _ = take(.space)
            }
            return .list(values)
        case .quote?, .openBrace?: return .text(try string())
        case UInt8(ascii: "~")? where next(1) == .openBrace: return .text(try string())
        default:
            let octets = run { $0 > .space && $0 != .openParenthesis && $0 != .closeParenthesis }
            guard !octets.isEmpty else { throw .unexpected("a value") }
            return octets.equalsIgnoringCase("NIL") ? .none : .text(Array(octets))
        }
    }

    /// What stands behind `n FETCH `.
    mutating func fetched(_ number: UInt32) throws(IMAPSyntaxError) -> IMAPFetchedMessage {
        var message = IMAPFetchedMessage(number: number)
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in try reader.fetchedItem(&message) }
        return message
    }

    private mutating func fetchedItem(_ message: inout IMAPFetchedMessage) throws(IMAPSyntaxError) {
        let name = asciiUppercased(run { $0.isLetterOrDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        if current == .openBracket { return try fetchedSection(name, &message) }
        try space()
        switch name {
        case "UID": message.uid = try nonZero()
        case "FLAGS": message.flags = try toldFlags()
        case "INTERNALDATE": message.received = try dateTime()
        case "RFC822.SIZE": message.size = Int(try number64())
        case "MODSEQ":
            try expect(.openParenthesis)
            message.changeNumber = try number64()
            try expect(.closeParenthesis)
        case "ENVELOPE": message.envelope = IMAPEnvelope(try value(0))
        case "BODYSTRUCTURE", "BODY": message.structure = IMAPBodyPart(try value(0), [])
        case "RFC822": message.sections[IMAPSection()] = try nstring()
        case "RFC822.HEADER": message.sections[IMAPSection(.header)] = try nstring()
        case "RFC822.TEXT": message.sections[IMAPSection(.text)] = try nstring()
        default: _ = try value(0)
        }
    }

    private mutating func fetchedSection(
        _ name: String, _ message: inout IMAPFetchedMessage
    ) throws(IMAPSyntaxError) {
        let section = try section()
        if take(UInt8(ascii: "<")) {
            _ = try number()
            try expect(UInt8(ascii: ">"))
        }
        try space()
        switch name {
        case "BODY": message.sections[section] = try nstring()
        case "BINARY": message.decodedParts[section.part] = try nstring()
        default: _ = try value(0)
        }
    }
}

extension IMAPEnvelope {
    /// The ten values of an envelope (RFC 9051 §7.5.2); what is missing is absent.
    init(_ value: IMAPValue) {
        let values = value.list
        func at(_ index: Int) -> IMAPValue { index < values.count ? values[index] : .none }
        func addresses(_ index: Int) -> [Address] {
            at(index).list.map { entry in
                let parts = entry.list
                func part(_ index: Int) -> String? { index < parts.count ? parts[index].string : nil }
                return Address(name: part(0), mailbox: part(2), host: part(3))
            }
        }
        self.init(
            date: at(0).string, subject: at(1).string, from: addresses(2), sender: addresses(3), replyTo: addresses(4),
            to: addresses(5), cc: addresses(6), bcc: addresses(7), inReplyTo: at(8).string, messageID: at(9).string)
    }
}

extension IMAPBodyPart {
    /// A body (RFC 9051 §7.5.2). Recursion is bounded by that of the value.
    init(_ value: IMAPValue, _ number: [Int]) {
        let values = value.list
        func at(_ index: Int) -> IMAPValue { index < values.count ? values[index] : .none }
        if case .list? = values.first {  // a multipart: its parts, then its subtype
            let children = values.prefix { if case .list = $0 { true } else { false } }
            self.init(number: number, type: "multipart/\((at(children.count).string ?? "mixed").lowercased())")
            parts = children.enumerated().map { IMAPBodyPart($1, number + [$0 + 1]) }
            parameters = Self.pairs(at(children.count + 1))
            setDisposition(at(children.count + 2))
            return
        }
        let (type, subtype) = ((at(0).string ?? "text").lowercased(), (at(1).string ?? "plain").lowercased())
        // A message that is not divided has one part: 1.
        self.init(number: number.isEmpty ? [1] : number, type: "\(type)/\(subtype)")
        parameters = Self.pairs(at(2))
        id = at(3).string
        encoding = (at(5).string ?? "7bit").lowercased()
        size = at(6).number ?? 0
        var extensions = 7
        if self.type == "message/rfc822" || self.type == "message/global", case .list = at(7) {
            var inner = IMAPBodyPart(at(8), self.number)
            if !inner.type.hasPrefix("multipart/") { inner.number = self.number + [1] }
            parts = [inner]
            extensions = 10
        } else if type == "text" {
            extensions = 8
        }
        setDisposition(at(extensions + 1))
    }

    private mutating func setDisposition(_ value: IMAPValue) {
        guard let kind = value.list.first?.string else { return }
        disposition = kind.lowercased()
        if value.list.count > 1 { dispositionParameters = Self.pairs(value.list[1]) }
    }

    private static func pairs(_ value: IMAPValue) -> [String: String] {
        let values = value.list
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            if let name = values[index].string?.lowercased(), pairs[name] == nil {
                pairs[name] = values[index + 1].string
            }
        }
        return pairs
    }
}
