/// A part of a message, as `FETCH` names it (RFC 9051 §6.4.5).
public struct IMAPSection: Sendable, Hashable {
    /// What of the part.
    public enum Content: Sendable, Hashable {
        /// All of it: the message, or the body of a part.
        case whole
        /// `HEADER`: of a message.
        case header
        /// `HEADER.FIELDS`, or `.NOT`: fields of a message's header by their names.
        case fields([String], isNot: Bool)
        /// `TEXT`: a message without its header.
        case text
        /// `MIME`: the header of a part.
        case mime

        /// Names of fields are equal without regard to case: a server may write them as it likes.
        public static func == (left: Content, right: Content) -> Bool { left.comparable == right.comparable }

        /// Feeds what is compared.
        public func hash(into hasher: inout Hasher) { hasher.combine(comparable) }

        private var comparable: [String] {
            switch self {
            case .whole: ["whole"]
            case .header: ["header"]
            case .fields(let names, let isNot): [isNot ? "fields.not" : "fields"] + names.map { $0.uppercased() }
            case .text: ["text"]
            case .mime: ["mime"]
            }
        }
    }

    /// The part's number, empty for the message itself.
    public var part: [Int]
    /// What of it.
    public var content: Content

    /// A section.
    public init(part: [Int] = [], _ content: Content = .whole) {
        self.part = part
        self.content = content
    }

    /// Levels of a part number: what MSSMessage indexes at most.
    static let maximumDepth = 100
}

/// Octets `offset ..< offset + count` of a section.
public struct IMAPPartial: Sendable, Hashable {
    /// The first octet.
    public var offset: Int
    /// Octets at most.
    public var count: Int

    /// A part of a section.
    public init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    /// What it means of a section of this size.
    func range(of size: Int) -> Range<Int> {
        let start = Swift.min(offset, size)
        return start..<(start + Swift.min(count, size - start))
    }
}

/// What `FETCH` asks of a message.
public enum IMAPFetchItem: Sendable, Hashable {
    /// `UID`.
    case uid
    /// `FLAGS`.
    case flags
    /// `INTERNALDATE`.
    case internalDate
    /// `RFC822.SIZE`.
    case size
    /// `ENVELOPE`.
    case envelope
    /// `BODYSTRUCTURE`, or `BODY` without extension data.
    case bodyStructure(extended: Bool)
    /// `MODSEQ` (RFC 7162).
    case modSeq
    /// `BODY[…]` or `BODY.PEEK[…]`.
    case section(IMAPSection, partial: IMAPPartial?, peek: Bool)
    /// `BINARY[…]` or `BINARY.PEEK[…]` (RFC 3516): a part, decoded.
    case binary([Int], partial: IMAPPartial?, peek: Bool)
    /// `BINARY.SIZE[…]`.
    case binarySize([Int])
    /// `RFC822`, `RFC822.HEADER` or `RFC822.TEXT` of RFC 3501: sections under an old name.
    case rfc822(IMAPSection.Content)

    /// Whether the message counts as read by it.
    var marksSeen: Bool {
        switch self {
        case .section(_, _, let peek), .binary(_, _, let peek): !peek
        case .rfc822(let content): content != .header
        default: false
        }
    }
}

/// What `FETCH` or `UID FETCH` asks for.
public struct IMAPFetchRequest: Sendable, Hashable {
    /// The messages.
    public var messages: IMAPSequenceSet
    /// Whether they are named by UID.
    public var byUID: Bool
    /// The items; macros are resolved.
    public var items: [IMAPFetchItem]
    /// `CHANGEDSINCE` (RFC 7162 §3.1.4).
    public var changedSince: Int64?
    /// Whether what vanished is told too (RFC 7162 §3.2.6).
    public var vanished: Bool

    /// A request.
    public init(
        _ messages: IMAPSequenceSet, byUID: Bool, _ items: [IMAPFetchItem], changedSince: Int64? = nil,
        vanished: Bool = false
    ) {
        self.messages = messages
        self.byUID = byUID
        self.items = items
        self.changedSince = changedSince
        self.vanished = vanished
    }
}

extension IMAPSection {
    /// The section between its brackets; as a response names it, and, but for literals, as a command does.
    public var wire: String {
        let number = part.map(String.init).joined(separator: ".")
        let name: String? =
            switch content {
            case .whole: nil
            case .header: "HEADER"
            case .text: "TEXT"
            case .mime: "MIME"
            case .fields(let names, let isNot):
                "HEADER.FIELDS\(isNot ? ".NOT" : "") (\(names.map(IMAPText.astring).joined(separator: " ")))"
            }
        return [number.isEmpty ? nil : number, name].compactMap { $0 }.joined(separator: ".")
    }
}

extension IMAPFetchItem {
    /// The item as a response names it, before its value.
    var responseName: String {
        switch self {
        case .uid: "UID"
        case .flags: "FLAGS"
        case .internalDate: "INTERNALDATE"
        case .size: "RFC822.SIZE"
        case .envelope: "ENVELOPE"
        case .bodyStructure(let extended): extended ? "BODYSTRUCTURE" : "BODY"
        case .modSeq: "MODSEQ"
        case .section(let section, let partial, _):
            "BODY[\(section.wire)]" + (partial.map { "<\($0.offset)>" } ?? "")
        case .binary(let part, let partial, _):
            "BINARY[\(part.map(String.init).joined(separator: "."))]" + (partial.map { "<\($0.offset)>" } ?? "")
        case .binarySize(let part): "BINARY.SIZE[\(part.map(String.init).joined(separator: "."))]"
        case .rfc822(.header): "RFC822.HEADER"
        case .rfc822(.text): "RFC822.TEXT"
        case .rfc822: "RFC822"
        }
    }

    /// The item as a command names it.
    public var wire: String {
        func with(_ partial: IMAPPartial?) -> String { partial.map { "<\($0.offset).\($0.count)>" } ?? "" }
        return switch self {
        case .section(let section, let partial, let peek):
            "BODY\(peek ? ".PEEK" : "")[\(section.wire)]\(with(partial))"
        case .binary(let part, let partial, let peek):
            "BINARY\(peek ? ".PEEK" : "")[\(part.map(String.init).joined(separator: "."))]\(with(partial))"
        default: responseName
        }
    }
}
