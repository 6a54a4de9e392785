/// Properties of octets, noted as they pass.
public struct OctetTraits: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Traits from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Octets above 127: the next hop must offer 8BITMIME (RFC 6152).
    public static let eightBit = OctetTraits(rawValue: 1)
    /// NUL octets.
    public static let nul = OctetTraits(rawValue: 2)
    /// CR without LF, or LF without CR.
    public static let bareLineEnd = OctetTraits(rawValue: 4)
    /// Lines of more than 998 octets.
    public static let longLine = OctetTraits(rawValue: 8)
}

/// A part of a message: where it lies, and what its header says. Part 0 is the message itself.
public struct MessagePart: Sendable {
    /// How a part's body is made.
    public enum Kind: Hashable, Sendable {
        /// Content.
        case leaf
        /// Parts between delimiters.
        case multipart
        /// A whole message, which is the only child.
        case message
    }

    /// The part's place in ``MessageStructure/parts``.
    public let index: Int
    /// The enclosing part; `nil` for the message itself.
    public let parent: Int?
    /// Levels of nesting above this part.
    public let depth: Int
    /// Its header fields.
    public internal(set) var header: HeaderBlock
    /// Its header in the message, the empty line after it included.
    public internal(set) var headerRange: Range<Int>
    /// Its body in the message, as it stands there (encoded). The line end before a delimiter belongs to the delimiter
    /// (RFC 2046 §5.1.1).
    public internal(set) var bodyRange: Range<Int>
    /// Header and body.
    public var range: Range<Int> { headerRange.lowerBound..<bodyRange.upperBound }
    /// How its body is made.
    public internal(set) var kind: Kind = .leaf
    /// The parts within it, in order.
    public internal(set) var children: [Int] = []
    /// Line ends (LF) in its body.
    public internal(set) var bodyLines = 0
    /// Those of them that lack their CR: IMAP counts them as two octets when it serves the part with CRLF.
    public internal(set) var bodyBareLineFeeds = 0
    /// What octets its header and body hold, enclosed parts included.
    public internal(set) var traits: OctetTraits = []
    /// Whether it is a part of a `multipart/digest`, where the default type is `message/rfc822`.
    public let isInDigest: Bool

    /// The media type, the default when its header gives none (RFC 2045 §5.2, RFC 2046 §5.1.5).
    public var contentType: ContentType {
        guard let type = header.contentType else { return isInDigest ? .defaultDigest : .defaultText }
        // RFC 2045 §5.2: what cannot be read is text, except where bytes say otherwise.
        return type.subtype.isEmpty && type.type != "text"
            ? ContentType("application", "octet-stream", type.parameters) : type
    }

    /// The suggested file name: `filename` of the disposition, else `name` of the type.
    public var filename: String? { header.contentDisposition?.filename ?? header.contentType?.parameters["name"] }
}

/// The structure of a message: its parts in the order in which they begin, and what was amiss.
public struct MessageStructure: Sendable {
    /// The parts; never empty.
    public internal(set) var parts: [MessagePart]
    /// What was tolerated, one entry a kind.
    public internal(set) var diagnostics: [Diagnostic]
    /// Octets of the message.
    public internal(set) var size: Int

    /// The message itself.
    public var root: MessagePart { parts[0] }

    /// The part of an IMAP section number (RFC 3501 §6.4.5): `[1, 2]` for `1.2`. An empty number is the message.
    public func part(section: [Int]) -> MessagePart? {
        var part = parts[0]
        for (level, number) in section.enumerated() {
            // Numbers pass through an embedded message to its body.
            if level > 0, part.kind == .message, let inner = part.children.first { part = parts[inner] }
            if part.kind == .multipart {
                guard number >= 1, number <= part.children.count else { return nil }
                part = parts[part.children[number - 1]]
            } else if number != 1 || (level > 0 && parts[part.parent ?? 0].kind == .multipart && part.kind == .leaf) {
                return nil
            }
        }
        return part
    }
}
