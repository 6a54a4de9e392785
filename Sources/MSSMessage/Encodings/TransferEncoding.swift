/// A `Content-Transfer-Encoding` (RFC 2045 §6; uuencode as found in old mail).
public enum TransferEncoding: Hashable, Sendable {
    /// Lines of at most 998 US-ASCII octets.
    case sevenBit
    /// Lines of at most 998 octets, any but NUL.
    case eightBit
    /// Any octets.
    case binary
    /// Quoted-printable (RFC 2045 §6.7).
    case quotedPrintable
    /// Base64 (RFC 2045 §6.8).
    case base64
    /// uuencode, under its names `x-uuencode`, `uuencode`, `x-uue` and `x-uu`.
    case uuencode
    /// Another name, in lower case: the content is left as it is.
    case other(String)

    /// The encoding of a field value; comments, blanks and case do not matter.
    public init(_ value: String) {
        var scanner = TokenScanner(Array(value.utf8))
        self.init(token: scanner.restOfToken())
    }

    init(token: [UInt8]) {
        let name = String(decoding: token, as: UTF8.self).lowercased()
        switch name {
        case "7bit", "7-bit", "": self = .sevenBit
        case "8bit", "8-bit": self = .eightBit
        case "binary": self = .binary
        case "quoted-printable": self = .quotedPrintable
        case "base64": self = .base64
        case "x-uuencode", "uuencode", "x-uue", "x-uu": self = .uuencode
        default: self = .other(name)
        }
    }

    /// The name as written on the wire.
    public var name: String {
        switch self {
        case .sevenBit: "7bit"
        case .eightBit: "8bit"
        case .binary: "binary"
        case .quotedPrintable: "quoted-printable"
        case .base64: "base64"
        case .uuencode: "x-uuencode"
        case .other(let name): name
        }
    }

    /// Whether the encoded octets are the content itself (RFC 2045 §6.2).
    public var isIdentity: Bool {
        switch self {
        case .sevenBit, .eightBit, .binary, .other: true
        case .quotedPrintable, .base64, .uuencode: false
        }
    }
}
