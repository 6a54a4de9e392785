public import NIOCore

extension IMAPConnection {
    private static let isMessage: IMAPExchange.Belonging = { if case .message = $0 { true } else { false } }

    // MARK: Reading

    /// What is asked of messages, as it comes: no more of it is held than the configuration says.
    ///
    /// - Parameter changedSince: only messages that changed after this number (RFC 7162).
    public func messages(
        _ uids: IMAPSequenceSet, _ items: [IMAPFetchItem], changedSince: Int64? = nil
    ) -> IMAPMessages {
        let items = (items.contains(.uid) ? items : [.uid] + items).map(\.wire).joined(separator: " ")
        let modifier = changedSince.map { " (CHANGEDSINCE \($0))" } ?? ""
        var request = IMAPExchange.Request([.text("UID FETCH \(uids.wire) (\(items))\(modifier)")], Self.isMessage)
        request.streams = true
        return IMAPMessages(connection: self, request: request)
    }

    /// The octets of a section of a message, as they come; nothing at all when there is no such message.
    ///
    /// - Parameter peek: whether the message stays unread.
    public func download(_ uid: UInt32, _ section: IMAPSection = IMAPSection(), peek: Bool = true) -> IMAPDownload {
        download(uid, item: .section(section, partial: nil, peek: peek))
    }

    /// The octets of a part with its transfer encoding undone, by a server that does it (RFC 3516).
    public func downloadDecoded(_ uid: UInt32, part: [Int], peek: Bool = true) -> IMAPDownload {
        download(uid, item: .binary(part, partial: nil, peek: peek))
    }

    private func download(_ uid: UInt32, item: IMAPFetchItem) -> IMAPDownload {
        var request = IMAPExchange.Request([.text("UID FETCH \(uid) (\(item.wire))")], Self.isMessage)
        (request.streams, request.streamsLiterals) = (true, true)
        return IMAPDownload(connection: self, request: request, uid: uid)
    }

    // MARK: Searching

    /// UIDs of the messages that match, ascending.
    public func search(_ key: IMAPSearchKey) async throws(IMAPClientFailure) -> [UInt32] {
        try await found([.text("UID SEARCH ")] + (key.isASCII ? [] : [.text("CHARSET UTF-8 ")]) + key.parts).sorted()
    }

    /// UIDs of the messages that match, in an order (RFC 5256).
    public func sort(
        _ key: IMAPSearchKey, by criteria: [IMAPSortCriterion]
    ) async throws(IMAPClientFailure) -> [UInt32] {
        guard capabilities.contains("SORT") else { throw IMAPClientFailure(.notOffered("SORT")) }
        let order = criteria.map { ($0.isReversed ? "REVERSE " : "") + $0.key.rawValue }.joined(separator: " ")
        return try await found([.text("UID SORT (\(order)) UTF-8 ")] + key.parts)
    }

    private func found(_ parts: [IMAPExchange.Part]) async throws(IMAPClientFailure) -> [UInt32] {
        let replies = try await execute(
            IMAPExchange.Request(parts) { if case .found = $0 { true } else { false } })
        return replies.responses.flatMap { response -> [UInt32] in
            if case .found(let found) = response { found.numbers } else { [] }
        }
    }

    /// Conversations of the messages that match, by their UIDs (RFC 5256).
    public func conversations(_ key: IMAPSearchKey = .all) async throws(IMAPClientFailure) -> [IMAPThread] {
        guard capabilities.contains("THREAD=REFERENCES") else {
            throw IMAPClientFailure(.notOffered("THREAD=REFERENCES"))
        }
        let replies = try await execute(
            IMAPExchange.Request([.text("UID THREAD REFERENCES UTF-8 ")] + key.parts) {
                if case .threads = $0 { true } else { false }
            })
        return replies.responses.flatMap { response -> [IMAPThread] in
            if case .threads(let threads) = response { threads } else { [] }
        }
    }

    // MARK: Changing

    /// Changes flags; the messages as they are afterwards, as far as the server tells.
    ///
    /// - Parameter unchangedSince: messages that somebody changed after this number are left alone (RFC 7162).
    @discardableResult
    public func setFlags(
        _ change: IMAPStoreRequest.Change, _ flags: [IMAPFlag], of uids: IMAPSequenceSet, unchangedSince: Int64? = nil
    ) async throws(IMAPClientFailure) -> [IMAPFetchedMessage] {
        let sign =
            switch change {
            case .replace: ""
            case .add: "+"
            case .remove: "-"
            }
        let condition = unchangedSince.map { "(UNCHANGEDSINCE \($0)) " } ?? ""
        let list = flags.map(\.name).joined(separator: " ")
        let replies = try await execute(
            IMAPExchange.Request([.text("UID STORE \(uids.wire) \(condition)\(sign)FLAGS (\(list))")], Self.isMessage))
        return replies.responses.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    /// Copies messages; the UIDs of the copies when the server tells them (RFC 4315).
    @discardableResult
    public func copy(
        _ uids: IMAPSequenceSet, to mailbox: IMAPMailboxName
    ) async throws(IMAPClientFailure) -> NumberRanges {
        let replies = try await execute(
            IMAPExchange.Request([.text("UID COPY \(uids.wire) ")] + name(mailbox)) { $0.isCopyUID })
        return Self.copies(replies)
    }

    /// Moves messages. A server without MOVE copies them, marks them deleted and expunges them, as RFC 6851 §3.3 has it.
    @discardableResult
    public func move(
        _ uids: IMAPSequenceSet, to mailbox: IMAPMailboxName
    ) async throws(IMAPClientFailure) -> NumberRanges {
        guard capabilities.contains(.move) else {
            let copies = try await copy(uids, to: mailbox)
            try await setFlags(.add, [.deleted], of: uids)
            try await expunge(uids)
            return copies
        }
        let replies = try await execute(
            IMAPExchange.Request([.text("UID MOVE \(uids.wire) ")] + name(mailbox)) { $0.isCopyUID })
        return Self.copies(replies)
    }

    private static func copies(_ replies: IMAPReplies) -> NumberRanges {
        let told = replies.responses.compactMap { if case .status(let status) = $0 { status.code } else { nil } }
        guard let code = (told + [replies.status.code].compactMap { $0 }).first(where: { $0.name == "COPYUID" }),
            let set = code.argument?.split(separator: " ").last
        else { return NumberRanges() }
        var reader = IMAPReader(Array(set.utf8))
        return (try? reader.sequenceSet())?.resolved(largest: .max) ?? NumberRanges()
    }

    /// Takes messages with `\Deleted` out for good: of these, or all.
    public func expunge(_ uids: IMAPSequenceSet? = nil) async throws(IMAPClientFailure) {
        guard let uids, capabilities.contains(.uidPlus) else {
            // RFC 4315 §2.1: without UIDPLUS others' messages would go too.
            guard uids == nil else { throw IMAPClientFailure(.notOffered("UIDPLUS")) }
            try await execute(IMAPExchange.Request([.text("EXPUNGE")]))
            return
        }
        try await execute(IMAPExchange.Request([.text("UID EXPUNGE \(uids.wire)")]))
    }

    /// Asks for news, which ``takeNews()`` then has.
    public func poll() async throws(IMAPClientFailure) { try await execute(IMAPExchange.Request([.text("NOOP")])) }
}

extension IMAPResponse {
    /// `OK [COPYUID …]`, untagged: of a move (RFC 6851 §4.3).
    fileprivate var isCopyUID: Bool {
        if case .status(let status) = self { status.code?.name == "COPYUID" } else { false }
    }
}

extension IMAPSearchKey {
    /// Whether no text in it needs a charset.
    var isASCII: Bool {
        switch self {
        case .header(_, let text), .body(let text), .text(let text): text.utf8.allSatisfy { $0 < 0x80 }
        case .not(let key): key.isASCII
        case .or(let one, let other): one.isASCII && other.isASCII
        case .and(let keys): keys.allSatisfy(\.isASCII)
        default: true
        }
    }

    /// The key as a command has it.
    var parts: [IMAPExchange.Part] {
        func word(_ text: String) -> [IMAPExchange.Part] { [.text(text)] }
        switch self {
        case .all: return word("ALL")
        case .flag(let flag, let isSet):
            guard !flag.isKeyword else { return word("\(isSet ? "" : "UN")KEYWORD \(flag.name)") }
            let name = flag.name.dropFirst().uppercased()
            return word(flag == .recent ? (isSet ? name : "NOT \(name)") : (isSet ? name : "UN\(name)"))
        case .recent(let isRecent): return word(isRecent ? "NEW" : "OLD")
        case .header(let name, let text):
            return word("HEADER ") + IMAPConnection.string(name) + word(" ") + IMAPConnection.string(text)
        case .body(let text): return word("BODY ") + IMAPConnection.string(text)
        case .text(let text): return word("TEXT ") + IMAPConnection.string(text)
        case .received(let relation, let day): return word("\(relation.rawValue) \(day.wire)")
        case .sent(let relation, let day): return word("SENT\(relation.rawValue) \(day.wire)")
        case .larger(let size): return word("LARGER \(size)")
        case .smaller(let size): return word("SMALLER \(size)")
        case .uid(let set): return word("UID \(set.wire)")
        case .sequence(let set): return word(set.wire)
        case .modSeq(let number): return word("MODSEQ \(number)")
        case .not(let key): return word("NOT ") + key.parts
        case .or(let one, let other): return word("OR ") + one.parts + word(" ") + other.parts
        case .and(let keys):
            guard !keys.isEmpty else { return word("ALL") }
            return word("(") + keys.map(\.parts).joined(separator: word(" ")) + word(")")
        }
    }
}
