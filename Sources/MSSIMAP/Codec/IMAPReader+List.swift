import MSSSASL

extension IMAPReader {
    mutating func lsubRequest(_ utf8: Bool) throws(IMAPSyntaxError) -> IMAPListRequest {
        let reference = try listText(utf8)
        try space()
        var request = IMAPListRequest(reference: reference, patterns: [try pattern(utf8)])
        request.isLSUB = true
        return request
    }

    /// RFC 5258 §6 `list-extended`.
    mutating func listRequest(_ utf8: Bool) throws(IMAPSyntaxError) -> IMAPListRequest {
        var request = IMAPListRequest(patterns: [])
        if current == .openParenthesis {
            request.isExtended = true
            try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
                switch try reader.word() {
                case "SUBSCRIBED": request.selection.insert(.subscribed)
                case "RECURSIVEMATCH": request.selection.insert(.recursiveMatch)
                case "REMOTE": request.selection.insert(.remote)
                case "SPECIAL-USE": request.selection.insert(.specialUse)
                default: throw .unexpected("a selection option")
                }
            }
            try space()
            // RFC 5258 §3.1: RECURSIVEMATCH says something of another option.
            guard !request.selection.contains(.recursiveMatch) || request.selection.contains(.subscribed) else {
                throw .unexpected("SUBSCRIBED")
            }
        }
        request.reference = try listText(utf8)
        try space()
        if current == .openParenthesis {
            request.isExtended = true
            try list { reader throws(IMAPSyntaxError) in request.patterns.append(try reader.pattern(utf8)) }
            guard request.patterns.count <= 100 else { throw .tooMany }
        } else {
            request.patterns = [try pattern(utf8)]
        }
        if take(word: " RETURN ") {
            request.isExtended = true
            try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
                switch try reader.word() {
                case "SUBSCRIBED": request.returns.insert(.subscribed)
                case "CHILDREN": request.returns.insert(.children)
                case "SPECIAL-USE": request.returns.insert(.specialUse)
                case "STATUS":
                    try reader.space()
                    request.status = try reader.statusItems()
                default: throw .unexpected("a return option")
                }
            }
        }
        return request
    }

    mutating func statusItems() throws(IMAPSyntaxError) -> [IMAPStatusItem] {
        var items: [IMAPStatusItem] = []
        try list { reader throws(IMAPSyntaxError) in
            guard let item = IMAPStatusItem(rawValue: try reader.word()) else { throw .unexpected("a status item") }
            if !items.contains(item) { items.append(item) }
        }
        return items
    }

    /// `list-mailbox`.
    private mutating func pattern(_ utf8: Bool) throws(IMAPSyntaxError) -> String {
        if current == .quote || current == .openBrace { return try listText(utf8) }
        let octets = run(\.isListCharacter)
        guard !octets.isEmpty else { throw .unexpected("a pattern") }
        return try decoded(Array(octets), utf8)
    }

    private mutating func listText(_ utf8: Bool) throws(IMAPSyntaxError) -> String { try decoded(try astring(), utf8) }

    private func decoded(_ octets: [UInt8], _ utf8: Bool) throws(IMAPSyntaxError) -> String {
        guard octets.count <= IMAPGrammarLimits.mailboxName else { throw .malformedMailboxName }
        let text =
            utf8 || octets.contains { $0 >= 0x80 }
            ? String(validating: octets, as: UTF8.self) : ModifiedUTF7.decode(octets)
        guard let text else { throw .malformedMailboxName }
        return text
    }
}
