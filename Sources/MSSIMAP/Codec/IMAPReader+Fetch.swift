import MSSSASL

extension IMAPReader {
    /// Items of `FETCH`: a macro, an item, or a list of items.
    mutating func fetchItems() throws(IMAPSyntaxError) -> [IMAPFetchItem] {
        let all: [IMAPFetchItem] = [.flags, .internalDate, .size, .envelope]
        switch current {
        case .openParenthesis?:
            var items: [IMAPFetchItem] = []
            try list { reader throws(IMAPSyntaxError) in items.append(try reader.fetchItem()) }
            return items
        default:
            let start = position
            let name = asciiUppercased(run(\.isLetter))
            if isAtEnd || current == .space {
                switch name {
                case "ALL": return all
                case "FAST": return Array(all.dropLast())
                case "FULL": return all + [.bodyStructure(extended: false)]
                default: break
                }
            }
            position = start
            return [try fetchItem()]
        }
    }

    private mutating func fetchItem() throws(IMAPSyntaxError) -> IMAPFetchItem {
        let name = asciiUppercased(run { $0.isLetterOrDigit || $0 == UInt8(ascii: ".") })
        switch name {
        case "UID": return .uid
        case "FLAGS": return .flags
        case "INTERNALDATE": return .internalDate
        case "ENVELOPE": return .envelope
        case "BODYSTRUCTURE": return .bodyStructure(extended: true)
        case "MODSEQ": return .modSeq
        case "RFC822": return .rfc822(.whole)
        case "RFC822.SIZE": return .size
        case "RFC822.HEADER": return .rfc822(.header)
        case "RFC822.TEXT": return .rfc822(.text)
        case "BODY" where current != .openBracket: return .bodyStructure(extended: false)
        case "BODY", "BODY.PEEK":
            let section = try section()
            return .section(section, partial: try partial(), peek: name == "BODY.PEEK")
        case "BINARY", "BINARY.PEEK":
            let part = try bracketedPart()
            return .binary(part, partial: try partial(), peek: name == "BINARY.PEEK")
        case "BINARY.SIZE": return .binarySize(try bracketedPart())
        default: throw .unexpected("a fetch item")
        }
    }

    /// `section`, with its brackets.
    mutating func section() throws(IMAPSyntaxError) -> IMAPSection {
        try expect(.openBracket)
        let part = try partNumber()
        if !part.isEmpty, take(.closeBracket) { return IMAPSection(part: part) }
        if part.isEmpty, take(.closeBracket) { return IMAPSection() }
        if !part.isEmpty, bytes[position - 1] != UInt8(ascii: ".") { throw .unexpected("a section") }
        let name = asciiUppercased(run { $0.isLetter || $0 == UInt8(ascii: ".") })
        let content: IMAPSection.Content
        switch name {
        case "HEADER": content = .header
        case "TEXT": content = .text
        case "MIME" where !part.isEmpty: content = .mime
        case "HEADER.FIELDS", "HEADER.FIELDS.NOT":
            try space()
            var names: [String] = []
            try list { reader throws(IMAPSyntaxError) in
                let name = try reader.astring()
                // field-name (RFC 5322 §3.6.8)
                guard name.allSatisfy({ $0.isGraphic && $0 != UInt8(ascii: ":") }), !name.isEmpty else {
                    throw .unexpected("a field name")
                }
                names.append(asciiUppercased(name))
            }
            content = .fields(names, isNot: name.hasSuffix("NOT"))
        default: throw .unexpected("a section")
        }
        try expect(.closeBracket)
        return IMAPSection(part: part, content)
    }

    /// Numbers parted by dots; a dot after the last one is taken too, when a word follows.
    private mutating func partNumber() throws(IMAPSyntaxError) -> [Int] {
        var part: [Int] = []
        while current?.isDigit == true {
            guard part.count < IMAPSection.maximumDepth else { throw .tooDeep }
            part.append(Int(try nonZero()))
            guard take(UInt8(ascii: ".")) else { break }
            guard let current, current.isDigit || current.isLetter else { throw .unexpected("a section") }
        }
        return part
    }

    private mutating func bracketedPart() throws(IMAPSyntaxError) -> [Int] {
        try expect(.openBracket)
        let part = try partNumber()
        try expect(.closeBracket)
        return part
    }

    /// `<offset.count>`.
    private mutating func partial() throws(IMAPSyntaxError) -> IMAPPartial? {
        guard take(UInt8(ascii: "<")) else { return nil }
        let offset = try number()
        try expect(UInt8(ascii: "."))
        let count = try nonZero()
        try expect(UInt8(ascii: ">"))
        return IMAPPartial(offset: Int(offset), count: Int(count))
    }

    /// `(CHANGEDSINCE n VANISHED)` after the items (RFC 7162 §3.1.4, §3.2.6).
    mutating func fetchModifiers() throws(IMAPSyntaxError) -> (changedSince: Int64?, vanished: Bool) {
        guard take(.space) else { return (nil, false) }
        var changedSince: Int64?
        var vanished = false
        try list { reader throws(IMAPSyntaxError) in
            switch try reader.word() {
            case "CHANGEDSINCE":
                try reader.space()
                changedSince = try reader.number64()
            case "VANISHED": vanished = true
            default: throw .unexpected("a fetch modifier")
            }
        }
        guard !vanished || changedSince != nil else { throw .unexpected("CHANGEDSINCE") }
        return (changedSince, vanished)
    }
}
