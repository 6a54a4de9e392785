/// A capability by its name in upper case, but for `IMAP4rev1` and `IMAP4rev2` (RFC 9051 §7.2.2).
public struct IMAPCapability: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name.
    public let name: String

    /// A capability, whatever the case of its name.
    public init(_ name: String) {
        let upper = name.uppercased()
        self.name = upper.hasPrefix("IMAP4REV") ? "IMAP4rev" + upper.dropFirst(8) : upper
    }
    /// A capability.
    public init(stringLiteral name: String) { self.init(name) }
    /// The name.
    public var description: String { name }

    /// The mechanism of `AUTH=…`.
    public static func auth(_ mechanism: String) -> IMAPCapability { IMAPCapability("AUTH=\(mechanism)") }
    /// RFC 3501.
    public static let rev1: IMAPCapability = "IMAP4rev1"
    /// RFC 9051, to be enabled.
    public static let rev2: IMAPCapability = "IMAP4rev2"
    /// `STARTTLS`.
    public static let startTLS: IMAPCapability = "STARTTLS"
    /// `LOGINDISABLED`.
    public static let loginDisabled: IMAPCapability = "LOGINDISABLED"
    /// `SASL-IR` (RFC 4959).
    public static let saslIR: IMAPCapability = "SASL-IR"
    /// `LITERAL+` (RFC 7888).
    public static let literalPlus: IMAPCapability = "LITERAL+"
    /// `LITERAL-` (RFC 7888): up to 4,096 octets.
    public static let literalMinus: IMAPCapability = "LITERAL-"
    /// `ENABLE` (RFC 5161).
    public static let enable: IMAPCapability = "ENABLE"
    /// `ID` (RFC 2971).
    public static let id: IMAPCapability = "ID"
    /// `IDLE` (RFC 2177).
    public static let idle: IMAPCapability = "IDLE"
    /// `MOVE` (RFC 6851).
    public static let move: IMAPCapability = "MOVE"
    /// `UIDPLUS` (RFC 4315).
    public static let uidPlus: IMAPCapability = "UIDPLUS"
    /// `CONDSTORE` (RFC 7162).
    public static let condstore: IMAPCapability = "CONDSTORE"
    /// `QRESYNC` (RFC 7162).
    public static let qresync: IMAPCapability = "QRESYNC"
    /// `COMPRESS=DEFLATE` (RFC 4978).
    public static let compressDeflate: IMAPCapability = "COMPRESS=DEFLATE"
    /// `UNSELECT` (RFC 3691).
    public static let unselect: IMAPCapability = "UNSELECT"
    /// `ESEARCH` (RFC 4731).
    public static let esearch: IMAPCapability = "ESEARCH"

    /// What is offered to every client once it is authenticated, beside `APPENDLIMIT` and `COMPRESS=DEFLATE`.
    static let afterLogin: [IMAPCapability] = [
        .rev1, .rev2, .literalPlus, .enable, .id, .idle, "NAMESPACE", .unselect, .uidPlus, .move, "CHILDREN",
        "LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CREATE-SPECIAL-USE", .esearch, "SEARCHRES", "SORT",
        "THREAD=REFERENCES", .condstore, .qresync, "BINARY", "MULTIAPPEND", "QUOTA", "QUOTA=RES-STORAGE", "STATUS=SIZE",
    ]
}
