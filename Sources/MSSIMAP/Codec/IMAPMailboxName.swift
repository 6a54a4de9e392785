import MSSSASL

/// The name of a mailbox (a folder of an account, in the words of everyone but IMAP), levels parted by `/`.
public struct IMAPMailboxName: Sendable, Hashable, Comparable {
    /// The name in Unicode; `INBOX` in upper case whatever was written (RFC 9051 §5.1).
    public let text: String

    /// The mark between levels.
    public static let separator: Character = "/"
    /// Where messages arrive.
    public static let inbox = IMAPMailboxName(known: "INBOX")

    private init(known: String) { text = known }

    /// A name; `nil` when it is empty, too long or holds control characters.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= IMAPGrammarLimits.mailboxName,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        else { return nil }
        // `INBOX` and what lies below it count without regard to case in this first level only.
        let first = text.prefix { $0 != IMAPMailboxName.separator }
        self.text = first.utf8.count == 5 && first.utf8.equalsIgnoringCase("INBOX") ? "INBOX" + text.dropFirst(5) : text
    }

    /// A name as a client writes it: in modified UTF-7 (RFC 3501 §5.1.3), or in UTF-8 once IMAP4rev2 is enabled
    /// (RFC 9051 §5.1). Clients that send bare UTF-8 without that are understood.
    public init?(wire octets: [UInt8], utf8: Bool) {
        if utf8 || octets.contains(where: { $0 >= 0x80 }) {
            guard let text = String(validating: octets, as: UTF8.self) else { return nil }
            self.init(text)
        } else {
            guard let text = ModifiedUTF7.decode(octets) else { return nil }
            self.init(text)
        }
    }

    /// The name as it is sent.
    public func wire(utf8: Bool) -> String { utf8 ? text : ModifiedUTF7.encode(text) }

    /// The levels.
    public var levels: [Substring] {
        text.split(separator: IMAPMailboxName.separator, omittingEmptySubsequences: false)
    }

    /// The name one level up; `nil` at the top.
    public var parent: IMAPMailboxName? {
        text.lastIndex(of: IMAPMailboxName.separator).flatMap { IMAPMailboxName(String(text[..<$0])) }
    }

    /// Whether a new mailbox may have the name: no empty level, no wildcard, which LIST could not name again.
    public var isCreatable: Bool {
        levels.allSatisfy { !$0.isEmpty } && !text.contains { $0 == "*" || $0 == "%" }
    }

    /// INBOX first, the others by their scalars.
    public static func < (left: IMAPMailboxName, right: IMAPMailboxName) -> Bool {
        if (left == .inbox) != (right == .inbox) { return left == .inbox }
        return left.text.unicodeScalars.lexicographicallyPrecedes(right.text.unicodeScalars)
    }
}

extension IMAPMailboxName: CustomStringConvertible {
    /// Nothing of the name: names of folders may be those of patients.
    public var description: String { self == .inbox ? "INBOX" : "‹mailbox›" }
}

/// Modified UTF-7 of RFC 3501 §5.1.3.
enum ModifiedUTF7 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,".utf8)
    private static let values: [UInt8: UInt32] = Dictionary(
        uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) })
    private static let ampersand = UInt8(ascii: "&")
    private static let minus = UInt8(ascii: "-")

    static func encode(_ text: String) -> String {
        var output: [UInt8] = []
        var pending: [UInt16] = []
        func flush() {
            guard !pending.isEmpty else { return }
            output.append(ampersand)
            var (group, bits): (UInt32, Int) = (0, 0)
            for unit in pending {
                (group, bits) = (group << 16 | UInt32(unit), bits + 16)
                while bits >= 6 {
                    output.append(alphabet[Int(group >> UInt32(bits - 6) & 0x3F)])
                    bits -= 6
                }
                group &= (1 << UInt32(bits)) - 1
            }
            if bits > 0 { output.append(alphabet[Int(group << UInt32(6 - bits) & 0x3F)]) }
            output.append(minus)
            pending = []
        }
        for unit in text.utf16 {
            if (0x20...0x7E).contains(unit) {
                flush()
                output.append(UInt8(unit))
                if unit == UInt16(ampersand) { output.append(minus) }
            } else {
                pending.append(unit)
            }
        }
        flush()
        return String(decoding: output, as: UTF8.self)
    }

    /// The text; `nil` when the octets are not what ``encode(_:)`` makes, so that two names never mean one mailbox.
    static func decode(_ octets: [UInt8]) -> String? {
        var units: [UInt16] = []
        var index = 0
        while index < octets.count {
            let octet = octets[index]
            guard (0x20...0x7E).contains(octet) else { return nil }
            index += 1
            guard octet == ampersand else {
                units.append(UInt16(octet))
                continue
            }
            guard let end = octets[index...].firstIndex(of: minus) else { return nil }
            if end == index {
                units.append(UInt16(ampersand))
            } else {
                var (group, bits): (UInt32, Int) = (0, 0)
                for character in octets[index..<end] {
                    guard let value = values[character] else { return nil }
                    (group, bits) = (group << 6 | value, bits + 6)
                    if bits >= 16 {
                        units.append(UInt16(truncatingIfNeeded: group >> UInt32(bits - 16)))
                        bits -= 16
                        group &= (1 << UInt32(bits)) - 1
                    }
                }
                guard bits < 6, group == 0 else { return nil }
            }
            index = end + 1
        }
        guard let text = String(validating: units, as: UTF16.self), encode(text).utf8.elementsEqual(octets) else {
            return nil
        }
        return text
    }
}
