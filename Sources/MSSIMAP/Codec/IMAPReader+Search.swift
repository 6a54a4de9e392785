import MSSSASL

extension IMAPReader {
    /// `search-program` (RFC 9051 §9): charset and keys.
    mutating func searchProgram() throws(IMAPSyntaxError) -> IMAPSearchKey {
        if take(word: "CHARSET ") {
            try charset()
            try space()
        }
        return try searchKeys(depth: 0)
    }

    /// A charset that is known: every text is read as UTF-8, which US-ASCII is a part of.
    mutating func charset() throws(IMAPSyntaxError) {
        let name = asciiUppercased(try astring())
        guard name == "UTF-8" || name == "US-ASCII" else { throw .unknownCharset }
    }

    private mutating func searchKeys(depth: Int) throws(IMAPSyntaxError) -> IMAPSearchKey {
        var keys: [IMAPSearchKey] = []
        repeat {
            guard keys.count < IMAPGrammarLimits.elements else { throw .tooMany }
            keys.append(try searchKey(depth: depth))
        } while take(.space)
        return keys.count == 1 ? keys[0] : .and(keys)
    }

    private mutating func searchKey(depth: Int) throws(IMAPSyntaxError) -> IMAPSearchKey {
        guard depth < IMAPGrammarLimits.depth else { throw .tooDeep }
        if take(.openParenthesis) {
            let keys = try searchKeys(depth: depth + 1)
            try expect(.closeParenthesis)
            return keys
        }
        if let current, current.isDigit || current == .star || current == UInt8(ascii: "$") {
            return .sequence(try sequenceSet())
        }
        let name = try word()
        if let key = simpleKey(name) { return key }
        try space()
        switch name {
        case "NOT": return .not(try searchKey(depth: depth + 1))
        case "OR":
            let first = try searchKey(depth: depth + 1)
            try space()
            return .or(first, try searchKey(depth: depth + 1))
        case "BCC", "CC", "FROM", "SUBJECT", "TO": return .header(name, try text())
        case "BODY": return .body(try text())
        case "TEXT": return .text(try text())
        case "HEADER":
            let field = try text()
            try space()
            return .header(field, try text())
        case "KEYWORD", "UNKEYWORD":
            let keyword = try flag()
            guard keyword.isKeyword else { throw .malformedFlag }
            return .flag(keyword, name == "KEYWORD")
        case "BEFORE", "ON", "SINCE": return .received(IMAPSearchKey.DateRelation(rawValue: name)!, try day())
        case "SENTBEFORE", "SENTON", "SENTSINCE":
            return .sent(IMAPSearchKey.DateRelation(rawValue: String(name.dropFirst(4)))!, try day())
        case "LARGER": return .larger(try number64())
        case "SMALLER": return .smaller(try number64())
        case "UID": return .uid(try sequenceSet())
        case "MODSEQ": return try modSeqKey()
        default: throw .unexpected("a search key")
        }
    }

    private func simpleKey(_ name: String) -> IMAPSearchKey? {
        switch name {
        case "ALL": .all
        case "ANSWERED": .flag(.answered, true)
        case "DELETED": .flag(.deleted, true)
        case "DRAFT": .flag(.draft, true)
        case "FLAGGED": .flag(.flagged, true)
        case "SEEN": .flag(.seen, true)
        case "UNANSWERED": .flag(.answered, false)
        case "UNDELETED": .flag(.deleted, false)
        case "UNDRAFT": .flag(.draft, false)
        case "UNFLAGGED": .flag(.flagged, false)
        case "UNSEEN": .flag(.seen, false)
        case "RECENT", "NEW": .recent(true)
        case "OLD": .recent(false)
        default: nil
        }
    }

    /// RFC 7162 §3.1.5: an entry name and type may stand before the number; all flags share one number here.
    private mutating func modSeqKey() throws(IMAPSyntaxError) -> IMAPSearchKey {
        if current == .quote {
            _ = try quoted()
            try space()
            guard ["ALL", "PRIV", "SHARED"].contains(try word()) else { throw .unexpected("an entry type") }
            try space()
        }
        return .modSeq(try number64())
    }

    /// `RETURN (…)` and the space after it; `nil` when it does not stand here.
    mutating func searchReturn() throws(IMAPSyntaxError) -> IMAPSearchReturn? {
        guard take(word: "RETURN ") else { return nil }
        var returns: IMAPSearchReturn = []
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
            let name = try reader.word()
            guard let known = IMAPSearchReturn.names.first(where: { $0.0 == name }) else {
                throw .unexpected("a return option")
            }
            returns.insert(known.1)
        }
        try space()
        // RFC 4731 §3.1: nothing asked for is all.
        return returns.isEmpty ? .all : returns
    }

    mutating func sortCriteria() throws(IMAPSyntaxError) -> [IMAPSortCriterion] {
        var criteria: [IMAPSortCriterion] = []
        try list { reader throws(IMAPSyntaxError) in
            var name = try reader.word()
            let isReversed = name == "REVERSE"
            if isReversed {
                try reader.space()
                name = try reader.word()
            }
            guard let key = IMAPSortCriterion.Key(rawValue: name) else { throw .unexpected("a sort key") }
            criteria.append(IMAPSortCriterion(key, isReversed: isReversed))
        }
        return criteria
    }
}
