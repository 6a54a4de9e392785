import MSSSASL

extension IMAPResponse {
    /// Reads a response, the last CRLF left off (RFC 9051 §9 `response`).
    ///
    /// - Parameter utf8: whether mailbox names are UTF-8: IMAP4rev2 is enabled.
    public init(octets: [UInt8], utf8: Bool = false) throws(IMAPSyntaxError) {
        var reader = IMAPReader(octets)
        self = try reader.response(utf8)
    }
}

extension IMAPReader {
    fileprivate mutating func response(_ utf8: Bool) throws(IMAPSyntaxError) -> IMAPResponse {
        if take(UInt8(ascii: "+")) {
            _ = take(.space)
            return .goOn(String(decoding: bytes[position...], as: UTF8.self))
        }
        if !take(UInt8(ascii: "*")) {
            let tag = run(\.isTagCharacter)
            guard (1...IMAPGrammarLimits.tag).contains(tag.count), take(.space) else { throw .malformedTag }
            return .status(try status(try word(), tag: String(decoding: tag, as: UTF8.self)))
        }
        try space()
        if current?.isDigit == true { return try numbered() }
        let name = try word()
        if IMAPStatus(rawValue: name) != nil { return .status(try status(name, tag: nil)) }
        guard let read = Self.untagged[name] else { return .other(name) }
        return try read(&self, utf8)
    }

    private typealias Untagged = @Sendable (inout IMAPReader, Bool) throws(IMAPSyntaxError) -> IMAPResponse

    private static let untagged: [String: Untagged] = [
        "CAPABILITY": { reader, _ throws(IMAPSyntaxError) in .capabilities(try reader.capabilities()) },
        "ENABLED": { reader, _ throws(IMAPSyntaxError) in .enabled(try reader.capabilities()) },
        "FLAGS": { reader, _ throws(IMAPSyntaxError) in
            try reader.space()
            return .flags(try reader.toldFlags())
        },
        "LIST": { reader, utf8 throws(IMAPSyntaxError) in .mailbox(try reader.listed(utf8)) },
        "LSUB": { reader, utf8 throws(IMAPSyntaxError) in .mailbox(try reader.listed(utf8)) },
        "STATUS": { reader, utf8 throws(IMAPSyntaxError) in try reader.mailboxStatus(utf8) },
        "SEARCH": { reader, _ throws(IMAPSyntaxError) in .found(try reader.numbers()) },
        "SORT": { reader, _ throws(IMAPSyntaxError) in .found(try reader.numbers()) },
        "ESEARCH": { reader, _ throws(IMAPSyntaxError) in .found(try reader.extendedSearch()) },
        "THREAD": { reader, _ throws(IMAPSyntaxError) in
            _ = reader.take(.space)
            return .threads(try reader.threads(0))
        },
        "VANISHED": { reader, _ throws(IMAPSyntaxError) in
            try reader.space()
            let isEarlier = reader.take(word: "(EARLIER) ")
            return .vanished(try reader.numberRanges(), isEarlier: isEarlier)
        },
        "ID": { reader, _ throws(IMAPSyntaxError) in
            try reader.space()
            return .id((try reader.idFields() ?? [:]).compactMapValues { $0 })
        },
        "QUOTA": { reader, _ throws(IMAPSyntaxError) in try reader.quota() },
    ]

    // MARK: Status

    private mutating func status(_ name: String, tag: String?) throws(IMAPSyntaxError) -> IMAPStatusResponse {
        guard let status = IMAPStatus(rawValue: name) else { throw .unexpected("a status") }
        _ = take(.space)
        var code: IMAPResponseCode?
        if take(.openBracket) {
            let name = asciiUppercased(run { $0 != .space && $0 != .closeBracket })
            let argument = take(.space) ? codeArgument() : nil
            try expect(.closeBracket)
            _ = take(.space)
            if !name.isEmpty { code = IMAPResponseCode(name, argument) }
        }
        return IMAPStatusResponse(tag: tag, status, code, String(decoding: bytes[position...], as: UTF8.self))
    }

    /// Up to the closing bracket that is not quoted.
    private mutating func codeArgument() -> String {
        let start = position
        var isQuoted = false
        while let octet = current, isQuoted || octet != .closeBracket {
            if isQuoted, octet == .backslash, next(1) != nil { position += 1 }
            if octet == .quote { isQuoted.toggle() }
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func capabilities() throws(IMAPSyntaxError) -> [IMAPCapability] {
        var list: [IMAPCapability] = []
        while take(.space) {
            // Some servers leave a space at the end.
            let name = run { $0 > .space && $0 != .closeBracket }
            guard list.count < 1000 else { throw .tooMany }
            if !name.isEmpty { list.append(IMAPCapability(String(decoding: name, as: UTF8.self))) }
        }
        return list
    }

    // MARK: Numbers

    private mutating func numbered() throws(IMAPSyntaxError) -> IMAPResponse {
        let number = try number()
        try space()
        switch try word() {
        case "EXISTS": return .exists(number)
        case "RECENT": return .recent(number)
        case "EXPUNGE" where number > 0: return .expunged(number)
        case "FETCH" where number > 0:
            try space()
            return .message(try fetched(number))
        case let word: return .other(word)
        }
    }

    /// Flags as a server tells them: `\*` and what else is no flag are left out.
    mutating func toldFlags() throws(IMAPSyntaxError) -> [IMAPFlag] {
        var flags: [IMAPFlag] = []
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
            let name = reader.run { $0 > .space && $0 != .closeParenthesis && $0 != .openParenthesis }
            guard !name.isEmpty else { throw .malformedFlag }
            if let flag = IMAPFlag(Array(name)) { flags.append(flag) }
        }
        return flags
    }

    private mutating func numberRanges() throws(IMAPSyntaxError) -> NumberRanges {
        guard let ranges = try sequenceSet().resolved(largest: .max) else { throw .malformedSet }
        return ranges
    }

    private mutating func numbers() throws(IMAPSyntaxError) -> IMAPFoundMessages {
        var found = IMAPFoundMessages()
        while take(.space) {
            if take(word: "(MODSEQ ") {
                found.changeNumber = try number64()
                try expect(.closeParenthesis)
            } else if !isAtEnd {
                found.numbers.append(try nonZero())
            }
        }
        return found
    }

    /// RFC 4731 §3.1.
    private mutating func extendedSearch() throws(IMAPSyntaxError) -> IMAPFoundMessages {
        var found = IMAPFoundMessages()
        var (least, greatest): (UInt32?, UInt32?)
        if take(word: " (TAG ") {
            _ = try astring()
            try expect(.closeParenthesis)
        }
        _ = take(word: " UID")
        while take(.space) {
            let name = try word()
            try space()
            switch name {
            case "MIN": least = try nonZero()
            case "MAX": greatest = try nonZero()
            case "COUNT": found.count = Int(try number())
            case "MODSEQ": found.changeNumber = try number64()
            case "ALL":
                guard case .ranges(let ranges) = try sequenceSet() else { throw .malformedSet }
                for range in ranges {
                    guard let first = range.first, let last = range.last else { throw .malformedSet }
                    let (low, high) = (min(first, last), max(first, last))
                    guard found.numbers.count + Int(high - low) < 10_000_000 else { throw .tooMany }
                    found.numbers += low...high
                }
            default: _ = try value(0)
            }
        }
        if let low = least ?? greatest, let high = greatest ?? least, low <= high { found.ends = low...high }
        return found
    }

    /// `(1 2 (3)(4 5))(6)` (RFC 5256 §5).
    private mutating func threads(_ depth: Int) throws(IMAPSyntaxError) -> [IMAPThread] {
        guard depth < 200 else { throw .tooDeep }
        var threads: [IMAPThread] = []
        while take(.openParenthesis) {
            var thread = IMAPThread(messages: [], branches: [])
            while current?.isDigit == true {
                thread.messages.append(try nonZero())
                _ = take(.space)
            }
            thread.branches = try self.threads(depth + 1)
            try expect(.closeParenthesis)
            threads.append(thread)
        }
        return threads
    }

    // MARK: Mailboxes

    private mutating func listed(_ utf8: Bool) throws(IMAPSyntaxError) -> IMAPListedMailbox {
        try space()
        var attributes: Set<String> = []
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
            let name = reader.run { $0 > .space && $0 != .closeParenthesis }
            attributes.insert(String(decoding: name, as: UTF8.self).lowercased())
        }
        try space()
        let separator = try nstring().map { String(decoding: $0, as: UTF8.self) }
        try space()
        let octets = try astring()
        let written = String(decoding: octets, as: UTF8.self)
        var text = utf8 || octets.contains { $0 >= 0x80 } ? written : ModifiedUTF7.decode(octets) ?? written
        if let separator, separator.count == 1, separator != "/" {
            text = String(text.map { String($0) == separator ? "/" : $0 })
        }
        guard let name = text.isEmpty ? .inbox : IMAPMailboxName(text) else { throw .malformedMailboxName }
        return IMAPListedMailbox(name: name, serverName: written, attributes: attributes)
    }

    private mutating func mailboxStatus(_ utf8: Bool) throws(IMAPSyntaxError) -> IMAPResponse {
        try space()
        let name = try mailbox(utf8: utf8)
        try space()
        var values: [IMAPStatusItem: Int64] = [:]
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
            let item = IMAPStatusItem(rawValue: try reader.word())
            try reader.space()
            let value = try reader.value(0)
            if let item, case .text(let digits) = value { values[item] = digits.decimal().map(Int64.init) }
        }
        return .mailboxStatus(name, values)
    }

    private mutating func quota() throws(IMAPSyntaxError) -> IMAPResponse {
        try space()
        let root = try text()
        try space()
        var quota: IMAPQuota?
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
            let name = try reader.word()
            try reader.space()
            let used = try reader.number64()
            try reader.space()
            let limit = try reader.number64()
            // RFC 9208 §5.1: in units of 1,024 octets.
            guard name == "STORAGE", used < 1 << 50, limit < 1 << 50 else { return }
            quota = IMAPQuota(used: used << 10, limit: limit << 10)
        }
        return .quota(root: root, quota)
    }
}
