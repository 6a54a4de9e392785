import MSSSASL

/// A flag or keyword of a message (RFC 9051 §2.3.2). Two flags are the same whatever the case of their names.
public struct IMAPFlag: Sendable, Hashable, CustomStringConvertible {
    /// The name as written, with its backslash.
    public let name: String

    /// A flag from its octets; `nil` when they are none (an atom, with a backslash before it or not) or too long.
    public init?(_ octets: [UInt8]) {
        let word = octets.first == .backslash ? octets[1...] : octets[...]
        guard (1...IMAPFlag.maximumLength).contains(word.count), word.allSatisfy(\.isAtomCharacter) else { return nil }
        name = String(decoding: octets, as: UTF8.self)
    }

    /// A flag from its name.
    public init?(_ name: String) { self.init(Array(name.utf8)) }

    private init(known: String) { name = known }

    /// Octets of a name: what MSSStore keeps of a keyword.
    static let maximumLength = 64

    /// `\Seen`.
    public static let seen = IMAPFlag(known: "\\Seen")
    /// `\Answered`.
    public static let answered = IMAPFlag(known: "\\Answered")
    /// `\Flagged`.
    public static let flagged = IMAPFlag(known: "\\Flagged")
    /// `\Deleted`.
    public static let deleted = IMAPFlag(known: "\\Deleted")
    /// `\Draft`.
    public static let draft = IMAPFlag(known: "\\Draft")
    /// `\Recent`, of RFC 3501 only; no client can set it.
    public static let recent = IMAPFlag(known: "\\Recent")

    /// The flags with a meaning in the standard that clients can set.
    public static let system: [IMAPFlag] = [.answered, .flagged, .deleted, .seen, .draft]

    /// Whether it is a keyword, without a meaning in the standard.
    public var isKeyword: Bool { name.utf8.first != .backslash }
    /// Whether a client may set it.
    public var isSettable: Bool { isKeyword || IMAPFlag.system.contains(self) }

    /// Compares without regard to case.
    public static func == (left: IMAPFlag, right: IMAPFlag) -> Bool {
        left.name.utf8.elementsEqual(right.name.utf8) { $0.uppercased == $1.uppercased }
    }

    /// Hashes without regard to case.
    public func hash(into hasher: inout Hasher) { for octet in name.utf8 { hasher.combine(octet.uppercased) } }

    /// The name.
    public var description: String { name }
}
