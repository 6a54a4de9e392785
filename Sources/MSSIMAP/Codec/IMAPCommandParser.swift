import MSSCore
import MSSSASL

/// Why a line is not a command, with the tag to answer to.
public struct IMAPCommandError: Error, Sendable, Hashable {
    /// The tag; `nil` when there is none, and the answer is untagged.
    public var tag: String?
    /// The fault.
    public var reason: IMAPSyntaxError
}

extension IMAPTaggedCommand {
    /// Reads a command: its lines and literals one after the other as they were sent, the last CRLF left off. Of
    /// `APPEND`, up to the mark of its first message, `{n}`.
    ///
    /// - Parameter utf8: whether mailbox names are UTF-8: IMAP4rev2 is enabled.
    public init(octets: [UInt8], utf8: Bool = false) throws(IMAPCommandError) {
        var reader = IMAPReader(octets)
        let tag = reader.run(\.isTagCharacter)
        guard (1...IMAPGrammarLimits.tag).contains(tag.count), reader.take(.space) else {
            throw IMAPCommandError(tag: nil, reason: .malformedTag)
        }
        self.tag = String(decoding: tag, as: UTF8.self)
        do throws(IMAPSyntaxError) {
            command = try reader.command(utf8: utf8)
            try reader.finish()
        } catch { throw IMAPCommandError(tag: self.tag, reason: error) }
    }
}

extension IMAPReader {
    fileprivate mutating func command(utf8: Bool) throws(IMAPSyntaxError) -> IMAPCommand {
        var name = try word()
        let byUID = name == "UID"
        if byUID {
            try space()
            name = try word()
            guard ["FETCH", "STORE", "COPY", "MOVE", "SEARCH", "SORT", "THREAD", "EXPUNGE"].contains(name) else {
                throw .unknownCommand
            }
        }
        switch name {
        case "CAPABILITY": return .capability
        case "NOOP": return .noop
        case "LOGOUT": return .logout
        case "STARTTLS": return .startTLS
        case "NAMESPACE": return .namespace
        case "IDLE": return .idle
        case "CHECK": return .check
        case "CLOSE": return .close
        case "UNSELECT": return .unselect
        case "EXPUNGE" where !byUID: return .expunge(nil)
        default: break
        }
        guard let read = Self.arguments[name] else { throw .unknownCommand }
        try space()
        return try read(&self, name, byUID, utf8)
    }

    private typealias Arguments =
        @Sendable (inout IMAPReader, String, Bool, Bool) throws(IMAPSyntaxError) ->
        IMAPCommand

    private static let arguments: [String: Arguments] = [
        "ID": { reader, _, _, _ throws(IMAPSyntaxError) in .id(try reader.idFields()) },
        "AUTHENTICATE": { reader, _, _, _ throws(IMAPSyntaxError) in try reader.authenticate() },
        "LOGIN": { reader, _, _, _ throws(IMAPSyntaxError) in
            let user = try reader.text()
            try reader.space()
            return .login(user: user, password: SASLSecret(try reader.text()))
        },
        "ENABLE": { reader, _, _, _ throws(IMAPSyntaxError) in .enable(try reader.words()) },
        "SELECT": { reader, _, _, utf8 throws(IMAPSyntaxError) in try reader.select(isReadOnly: false, utf8) },
        "EXAMINE": { reader, _, _, utf8 throws(IMAPSyntaxError) in try reader.select(isReadOnly: true, utf8) },
        "CREATE": { reader, _, _, utf8 throws(IMAPSyntaxError) in try reader.create(utf8) },
        "DELETE": { reader, _, _, utf8 throws(IMAPSyntaxError) in .delete(try reader.mailbox(utf8: utf8)) },
        "RENAME": { reader, _, _, utf8 throws(IMAPSyntaxError) in
            let old = try reader.mailbox(utf8: utf8)
            try reader.space()
            return .rename(old, to: try reader.mailbox(utf8: utf8))
        },
        "SUBSCRIBE": { reader, _, _, utf8 throws(IMAPSyntaxError) in .subscribe(try reader.mailbox(utf8: utf8), true) },
        "UNSUBSCRIBE": { reader, _, _, utf8 throws(IMAPSyntaxError) in
            .subscribe(try reader.mailbox(utf8: utf8), false)
        },
        "LIST": { reader, _, _, utf8 throws(IMAPSyntaxError) in .list(try reader.listRequest(utf8)) },
        "LSUB": { reader, _, _, utf8 throws(IMAPSyntaxError) in .list(try reader.lsubRequest(utf8)) },
        "STATUS": { reader, _, _, utf8 throws(IMAPSyntaxError) in
            let name = try reader.mailbox(utf8: utf8)
            try reader.space()
            return .status(name, try reader.statusItems())
        },
        "APPEND": { reader, _, _, utf8 throws(IMAPSyntaxError) in
            let name = try reader.mailbox(utf8: utf8)
            try reader.space()
            return .append(name, try reader.appendItem().item)
        },
        "COMPRESS": { reader, _, _, _ throws(IMAPSyntaxError) in .compress(try reader.word()) },
        "GETQUOTA": { reader, _, _, _ throws(IMAPSyntaxError) in .getQuota(root: try reader.text()) },
        "GETQUOTAROOT": { reader, _, _, utf8 throws(IMAPSyntaxError) in
            .getQuotaRoot(try reader.mailbox(utf8: utf8))
        },
        "SETQUOTA": { reader, _, _, _ throws(IMAPSyntaxError) in
            let root = try reader.text()
            try reader.space()
            try reader.list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
                _ = try reader.atom()
                try reader.space()
                _ = try reader.number64()
            }
            return .setQuota(root: root)
        },
        "EXPUNGE": { reader, _, _, _ throws(IMAPSyntaxError) in .expunge(try reader.sequenceSet()) },
        "SEARCH": { reader, _, byUID, _ throws(IMAPSyntaxError) in
            let returns = try reader.searchReturn()
            return .search(IMAPSearchRequest(byUID: byUID, returns: returns, try reader.searchProgram()))
        },
        "SORT": { reader, _, byUID, _ throws(IMAPSyntaxError) in
            let returns = try reader.searchReturn()
            let criteria = try reader.sortCriteria()
            try reader.space()
            return .sort(IMAPSearchRequest(byUID: byUID, returns: returns, try reader.orderedSearch()), criteria)
        },
        "THREAD": { reader, _, byUID, _ throws(IMAPSyntaxError) in
            let algorithm = try reader.word()
            try reader.space()
            return .thread(IMAPSearchRequest(byUID: byUID, try reader.orderedSearch()), algorithm: algorithm)
        },
        "FETCH": { reader, _, byUID, _ throws(IMAPSyntaxError) in
            let messages = try reader.sequenceSet()
            try reader.space()
            let items = try reader.fetchItems()
            let (changedSince, vanished) = try reader.fetchModifiers()
            return .fetch(
                IMAPFetchRequest(messages, byUID: byUID, items, changedSince: changedSince, vanished: vanished))
        },
        "STORE": { reader, _, byUID, _ throws(IMAPSyntaxError) in try reader.store(byUID) },
        "COPY": { reader, _, byUID, utf8 throws(IMAPSyntaxError) in try reader.copy(byUID, utf8, moves: false) },
        "MOVE": { reader, _, byUID, utf8 throws(IMAPSyntaxError) in try reader.copy(byUID, utf8, moves: true) },
    ]

    // MARK: Arguments

    private mutating func words() throws(IMAPSyntaxError) -> [String] {
        var words: [String] = []
        repeat {
            guard words.count < 100 else { throw .tooMany }
            words.append(try word())
        } while take(.space)
        return words
    }

    /// RFC 2971 §3.1.
    mutating func idFields() throws(IMAPSyntaxError) -> [String: String?]? {
        if take(word: "NIL") { return nil }
        var fields: [String: String?] = [:]
        try list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
            guard fields.count < 30 else { throw .tooMany }
            let name = try Self.text(try reader.string())
            try reader.space()
            let value = try reader.nstring()
            fields[name.lowercased()] = .some(try value.map { octets throws(IMAPSyntaxError) in try Self.text(octets) })
        }
        return fields
    }

    private mutating func authenticate() throws(IMAPSyntaxError) -> IMAPCommand {
        guard let mechanism = SASLMechanism(try atom()) else { throw .unexpected("a mechanism") }
        guard take(.space) else { return .authenticate(mechanism, nil) }
        let octets = run { $0 != .space }
        // RFC 4959 §3: an empty response is `=`.
        if octets.elementsEqual("=".utf8) { return .authenticate(mechanism, SASLMessage([])) }
        guard !octets.isEmpty, let message = SASLMessage(base64: octets) else { throw .malformedBase64 }
        return .authenticate(mechanism, message)
    }

    private mutating func select(isReadOnly: Bool, _ utf8: Bool) throws(IMAPSyntaxError) -> IMAPCommand {
        var selection = IMAPSelection(try mailbox(utf8: utf8), isReadOnly: isReadOnly)
        if take(.space) {
            try list { reader throws(IMAPSyntaxError) in
                switch try reader.word() {
                case "CONDSTORE": selection.condstore = true
                case "QRESYNC":
                    try reader.space()
                    selection.known = try reader.known()
                default: throw .unexpected("a select parameter")
                }
            }
        }
        return .select(selection)
    }

    /// `(uidvalidity modseq [uids] [(numbers uids)])`, RFC 7162 §3.2.5.
    private mutating func known() throws(IMAPSyntaxError) -> IMAPSelection.Known {
        try expect(.openParenthesis)
        let validity = try nonZero()
        try space()
        var known = IMAPSelection.Known(validity: validity, changeNumber: try number64())
        if take(.space), current != .openParenthesis { known.uids = try sequenceSet() }
        if current == .openParenthesis || take(.space) {
            try list { reader throws(IMAPSyntaxError) in known.match.append(try reader.sequenceSet()) }
            guard known.match.count == 2 else { throw .unexpected("two sets") }
        }
        try expect(.closeParenthesis)
        return known
    }

    private mutating func create(_ utf8: Bool) throws(IMAPSyntaxError) -> IMAPCommand {
        // A separator at the end says that names will be made below it (RFC 9051 §6.3.4).
        var octets = try astring()
        if octets.count > 1, octets.last == UInt8(ascii: "/") { octets.removeLast() }
        guard let name = IMAPMailboxName(wire: octets, utf8: utf8) else { throw .malformedMailboxName }
        var uses: [String] = []
        if take(.space) {
            try list { reader throws(IMAPSyntaxError) in
                guard try reader.word() == "USE" else { throw .unexpected("USE") }
                try reader.space()
                try reader.list(allowsEmpty: true) { reader throws(IMAPSyntaxError) in
                    uses.append(try reader.flag().name)
                }
            }
        }
        return .create(name, uses: uses)
    }

    private mutating func orderedSearch() throws(IMAPSyntaxError) -> IMAPSearchKey {
        try charset()
        try space()
        return try searchProgram()
    }
}
