/// An address literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3), without its brackets.
///
/// MSSanté mail never goes to one: the type exists so that `EHLO [192.0.2.1]` can be read and `<x@[192.0.2.1]>`
/// refused for what it is.
public enum AddressLiteral: Sendable, Hashable {
    /// Four octets.
    case ipv4(UInt8, UInt8, UInt8, UInt8)
    /// Eight groups of sixteen bits.
    case ipv6([UInt16])
    /// `tag:content`, a standardized tag other than `IPv6` (none exists so far).
    case general(tag: String, content: String)

    /// Reads what stands between the brackets; `nil` when it is no address literal.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(AddressLiteral.maximumLength + 1))
        guard bytes.count <= AddressLiteral.maximumLength else { return nil }
        if let octets = AddressLiteral.ipv4(bytes[...]) {
            self = .ipv4(octets[0], octets[1], octets[2], octets[3])
            return
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let tag = String(decoding: bytes[..<colon], as: UTF8.self)
        let content = bytes[(colon + 1)...]
        if tag.lowercased() == "ipv6" {
            guard let groups = AddressLiteral.ipv6(content) else { return nil }
            self = .ipv6(groups)
            return
        }
        // Standardized-tag = Ldh-str; dcontent = %d33-90 / %d94-126.
        guard let last = bytes[..<colon].last, last.isASCIIAlphanumeric,
            bytes[..<colon].allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }), !content.isEmpty,
            content.allSatisfy({ (33...90).contains($0) || (94...126).contains($0) })
        else { return nil }
        self = .general(tag: tag, content: String(decoding: content, as: UTF8.self))
    }

    /// Longest literal: what a mailbox of 254 octets leaves for it.
    static let maximumLength = 250

    private static func ipv4(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            // Snum = 1*3DIGIT; a leading zero would be octal to some readers.
            guard (1...3).contains(part.count), part.allSatisfy(\.isASCIIDigit),
                part.count == 1 || part.first != UInt8(ascii: "0"),
                let octet = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    /// RFC 5321 §4.1.3: full, compressed (`::` for two groups or more), each possibly ending in IPv4.
    private static func ipv6(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        var parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.count <= 9 else { return nil }
        var tail: [UInt16] = []
        if let last = parts.last, last.contains(UInt8(ascii: ".")) {
            guard let octets = ipv4(last) else { return nil }
            tail = [UInt16(octets[0]) << 8 | UInt16(octets[1]), UInt16(octets[2]) << 8 | UInt16(octets[3])]
            parts.removeLast()
        } else if parts.last?.isEmpty == true {
            // A final "::" leaves two empty parts; a single final colon is an error.
            parts.removeLast()
            guard parts.last?.isEmpty == true else { return nil }
        }
        if parts.first?.isEmpty == true {
            parts.removeFirst()
            guard parts.first?.isEmpty == true else { return nil }
        }
        var before: [UInt16] = []
        var after: [UInt16] = []
        var compressed = false
        for part in parts {
            if part.isEmpty {
                guard !compressed else { return nil }
                compressed = true
                continue
            }
            guard part.count <= 4, let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
                part.allSatisfy({ $0.hexadecimalValue != nil })
            else { return nil }
            if compressed { after.append(group) } else { before.append(group) }
        }
        after += tail
        if !compressed {
            let groups = before + after
            return groups.count == 8 ? groups : nil
        }
        // "::" stands for at least two groups (RFC 5321 §4.1.3: "no more than 6 groups in addition to the ::").
        let zeros = 8 - before.count - after.count
        guard zeros >= 2 else { return nil }
        return before + Array(repeating: 0, count: zeros) + after
    }
}

extension AddressLiteral: CustomStringConvertible {
    /// The literal without brackets, IPv6 in full groups.
    public var description: String {
        switch self {
        case .ipv4(let a, let b, let c, let d): "\(a).\(b).\(c).\(d)"
        case .ipv6(let groups): "IPv6:" + groups.map { String($0, radix: 16) }.joined(separator: ":")
        case .general(let tag, let content): "\(tag):\(content)"
        }
    }
}
