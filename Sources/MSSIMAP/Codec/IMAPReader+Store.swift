import MSSSASL

/// Arguments of the commands that change messages and bring new ones.
extension IMAPReader {
    mutating func store(_ byUID: Bool) throws(IMAPSyntaxError) -> IMAPCommand {
        let messages = try sequenceSet()
        try space()
        var unchangedSince: Int64?
        if current == .openParenthesis {
            try list { reader throws(IMAPSyntaxError) in
                guard try reader.word() == "UNCHANGEDSINCE" else { throw .unexpected("UNCHANGEDSINCE") }
                try reader.space()
                unchangedSince = try reader.number64()
            }
            try space()
        }
        var request = IMAPStoreRequest(messages, byUID: byUID, .replace, [], unchangedSince: unchangedSince)
        if take(UInt8(ascii: "+")) {
            request.change = .add
        } else if take(UInt8(ascii: "-")) {
            request.change = .remove
        }
        switch try word() {
        case "FLAGS": break
        case "FLAGS.SILENT": request.isSilent = true
        default: throw .unexpected("FLAGS")
        }
        try space()
        request.flags = try flags()
        guard request.flags.allSatisfy(\.isSettable) else { throw .malformedFlag }
        return .store(request)
    }

    /// A list of flags, or, in `STORE`, flags without parentheses.
    private mutating func flags() throws(IMAPSyntaxError) -> [IMAPFlag] {
        var flags: [IMAPFlag] = []
        if current == .openParenthesis {
            try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in flags.append(try reader.flag()) }
        } else {
            repeat {
                guard flags.count < IMAPGrammarLimits.elements else { throw .tooMany }
                flags.append(try flag())
            } while take(.space)
        }
        return flags
    }

    mutating func copy(_ byUID: Bool, _ utf8: Bool, moves: Bool) throws(IMAPSyntaxError) -> IMAPCommand {
        let messages = try sequenceSet()
        try space()
        return .copy(IMAPCopyRequest(messages, byUID: byUID, to: try mailbox(utf8: utf8), moves: moves))
    }

    /// `[flags] [date] {n}`: a message of `APPEND` up to its content; the position ends behind the mark.
    mutating func appendItem() throws(IMAPSyntaxError) -> (item: IMAPAppendItem, size: Int64) {
        var item = IMAPAppendItem()
        if current == .openParenthesis {
            item.flags = try flags()
            guard item.flags.allSatisfy({ $0.isSettable || $0 == .recent }) else { throw .malformedFlag }
            item.flags.removeAll { $0 == .recent }
            try space()
        }
        if current == .quote {
            item.date = try dateTime()
            try space()
        }
        item.isBinary = take(UInt8(ascii: "~"))
        try expect(.openBrace)
        let size = try number64()
        _ = take(UInt8(ascii: "+"))
        try expect(.closeBrace)
        return (item, size)
    }
}
