/// A domain name of the DNS in presentation form, without its final dot; the root is the empty name.
///
/// Equality ignores ASCII case (RFC 4343). Underscores are allowed, since service names use them (RFC 2782 `_imap._tcp`).
public struct DNSName: Hashable, Sendable, CustomStringConvertible {
    /// Limits of RFC 1035 §2.3.4.
    public enum Limits {
        /// Octets in one label.
        public static let label = 63
        /// Octets in a name as written, without the final dot (255 on the wire).
        public static let name = 253
    }

    /// The name in lower case, without its final dot.
    public let text: String

    /// The root of the tree, written `.`.
    public static let root = DNSName(unchecked: "")

    /// Reads a name as written in a zone, with or without a final dot.
    ///
    /// Labels hold letters, digits, `-` and `_`: other characters, which the DNS itself would carry, name no host and no
    /// service, and are refused.
    /// - Throws: ``DNSFailure/malformedName(_:)``.
    public init(_ text: some StringProtocol) throws(DNSFailure) {
        var body = Substring(text)
        if body.hasSuffix(".") { body.removeLast() }
        guard !body.isEmpty || text == "." else { throw .malformedName("empty") }
        guard body.utf8.count <= Limits.name else { throw .malformedName("longer than \(Limits.name) octets") }
        if !body.isEmpty {
            for label in body.split(separator: ".", omittingEmptySubsequences: false) {
                guard !label.isEmpty else { throw .malformedName("empty label") }
                guard label.utf8.count <= Limits.label else {
                    throw .malformedName("label longer than \(Limits.label) octets")
                }
                guard label.utf8.allSatisfy(Self.isAllowed) else { throw .malformedName("character not allowed") }
            }
        }
        self.text = body.lowercased()
    }

    init(unchecked text: String) { self.text = text }

    /// Whether this is the root.
    public var isRoot: Bool { text.isEmpty }

    /// The name as written in a zone, with its final dot.
    public var absolute: String { text + "." }

    /// The name itself; `.` for the root.
    public var description: String { isRoot ? "." : text }

    /// The name below this one: `_imap._tcp` under `ch.mssante.fr` is `_imap._tcp.ch.mssante.fr`.
    /// - Throws: ``DNSFailure/malformedName(_:)`` when the whole is too long.
    public func prefixed(_ labels: String) throws(DNSFailure) -> DNSName {
        try DNSName(isRoot ? labels : "\(labels).\(text)")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
