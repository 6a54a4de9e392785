/// A mail address: the `Mailbox` of RFC 5321 §4.1.2, with a domain (never an address literal).
///
/// The comments and folding white space of RFC 5322 are not part of it. Equality is that of RFC 5321 §2.4: the domain
/// without regard to case, the local part exactly, whether it was quoted or not.
public struct MailAddress: Sendable, Hashable {
    /// The local part as meant: without quotes and backslashes.
    public let localPart: String
    /// The domain.
    public let domain: Domain

    /// Longest local part as written, in octets (RFC 5321 §4.5.3.1.1).
    public static let maximumLocalPartLength = 64
    /// Longest address in octets: a path of 256 (RFC 5321 §4.5.3.1.3) less its angle brackets.
    public static let maximumLength = 254

    /// Reads an address.
    ///
    /// - Parameter internationalized: whether UTF-8 is allowed in the local part and the domain: true only inside a
    ///   transaction opened with `SMTPUTF8` (RFC 6531 §3.3).
    public init(_ text: some StringProtocol, internationalized: Bool = false) throws(MailAddressError) {
        guard !text.isEmpty else { throw .empty }
        let bytes = Array(text.utf8.prefix(MailAddress.maximumLength + 1))
        guard bytes.count <= MailAddress.maximumLength else { throw .tooLong }
        guard internationalized || bytes.allSatisfy({ $0 < 0x80 }) else { throw .internationalized }
        var parser = LocalPartParser(bytes: bytes)
        let localPart = try parser.parse()
        let host = String(decoding: bytes[parser.hostStart...], as: UTF8.self)
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.count > 2, host.utf8.last == UInt8(ascii: "]"),
                let literal = AddressLiteral(host.dropFirst().dropLast())
            else { throw .malformedAddressLiteral }
            throw .addressLiteral(literal)
        }
        do { domain = try Domain(host) } catch { throw .domain(error) }
        self.localPart = localPart
        guard self.text.utf8.count <= MailAddress.maximumLength else { throw .tooLong }
    }

    /// An address from a local part as meant (unquoted) and a domain.
    public init(localPart: String, domain: Domain, internationalized: Bool = false) throws(MailAddressError) {
        try self.init(LocalPartParser.written(localPart) + "@" + domain.ascii, internationalized: internationalized)
    }

    /// The address as SMTP writes it: the local part quoted only when it must be, the domain in ASCII.
    ///
    /// It never holds a control character: it is safe in a command line.
    public var text: String { LocalPartParser.written(localPart) + "@" + domain.ascii }

    /// True when the address can only be sent with `SMTPUTF8` (RFC 6531).
    public var needsSMTPUTF8: Bool { !localPart.utf8.allSatisfy { $0 < 0x80 } }
}

extension MailAddress: CustomStringConvertible {
    /// The address, without the identity of a patient (see ``withoutPatientIdentity``).
    public var description: String { withoutPatientIdentity.text }
}

/// Reads the `Local-part` and the `@` of a mailbox (RFC 5321 §4.1.2, widened by RFC 6531 §3.3).
struct LocalPartParser {
    private let bytes: [UInt8]
    private(set) var hostStart = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse() throws(MailAddressError) -> String {
        guard bytes.first != UInt8(ascii: "@") else { throw .emptyLocalPart }
        return bytes.first == UInt8(ascii: "\"") ? try quoted() : try dotString()
    }

    private mutating func dotString() throws(MailAddressError) -> String {
        guard let at = bytes.firstIndex(of: UInt8(ascii: "@")) else { throw .missingAt }
        guard at <= MailAddress.maximumLocalPartLength else { throw .localPartTooLong }
        var previous = UInt8(ascii: ".")
        for byte in bytes[..<at] {
            if byte == UInt8(ascii: ".") {
                guard previous != byte else { throw .misplacedDot }
            } else {
                guard LocalPartParser.isAtomText(byte) else { throw .forbiddenCharacter }
            }
            previous = byte
        }
        guard previous != UInt8(ascii: ".") else { throw .misplacedDot }
        hostStart = at + 1
        return String(decoding: bytes[..<at], as: UTF8.self)
    }

    private mutating func quoted() throws(MailAddressError) -> String {
        var content: [UInt8] = []
        var index = 1
        while true {
            guard index < bytes.count else { throw .malformedQuotedString }
            var byte = bytes[index]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                // quoted-pairSMTP = %d92 %d32-126
                index += 1
                guard index < bytes.count else { throw .malformedQuotedString }
                byte = bytes[index]
                guard (32...126).contains(byte) else { throw .forbiddenCharacter }
            } else {
                // qtextSMTP = %d32-33 / %d35-91 / %d93-126, and UTF8-non-ascii (RFC 6531)
                guard byte >= 32, byte != 127 else { throw .forbiddenCharacter }
            }
            content.append(byte)
            index += 1
        }
        guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "@") else {
            throw index + 1 == bytes.count ? .missingAt : .malformedQuotedString
        }
        guard index + 1 <= MailAddress.maximumLocalPartLength else { throw .localPartTooLong }
        hostStart = index + 2
        return String(decoding: content, as: UTF8.self)
    }

    /// A local part as SMTP writes it.
    static func written(_ localPart: String) -> String {
        let bytes = localPart.utf8
        var previous = UInt8(ascii: ".")
        var plain = true
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                plain = plain && previous != byte
            } else {
                plain = plain && isAtomText(byte)
            }
            previous = byte
        }
        if plain, previous != UInt8(ascii: ".") { return localPart }
        var quoted: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { quoted.append(UInt8(ascii: "\\")) }
            quoted.append(byte)
        }
        quoted.append(UInt8(ascii: "\""))
        return String(decoding: quoted, as: UTF8.self)
    }

    /// `atext` of RFC 5322 §3.2.3, and `UTF8-non-ascii` of RFC 6531 §3.3.
    private static func isAtomText(_ byte: UInt8) -> Bool {
        if byte.isASCIIAlphanumeric || byte >= 0x80 { return true }
        return switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E, 0x5F, 0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
