/// An ASN.1 object identifier, compared by its DER content.
public struct OID: Sendable, Hashable {
    /// The content octets of its DER encoding (X.690 §8.19), without tag and length.
    public let derContent: [UInt8]

    /// Longest content accepted: real identifiers take fewer than twenty octets.
    static let maximumLength = 64

    /// Takes DER content octets; `nil` when they are not the encoding of an identifier.
    public init?(derContent: some Sequence<UInt8>) {
        let content = Array(derContent.prefix(OID.maximumLength + 1))
        guard !content.isEmpty, content.count <= OID.maximumLength, content[content.count - 1] < 0x80 else {
            return nil
        }
        // X.690 §8.19.2: no component starts with a padding octet; and none beyond 63 bits.
        var start = true
        var length = 0
        for byte in content {
            if start, byte == 0x80 { return nil }
            length = start ? 1 : length + 1
            guard length <= 9 else { return nil }
            start = byte < 0x80
        }
        self.derContent = content
    }

    /// Reads dotted decimals, for example `2.5.4.3`; leading zeros are refused.
    public init?(dotted text: some StringProtocol) {
        guard text.utf8.count <= 4 * OID.maximumLength else { return nil }
        var components: [UInt64] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part.utf8.allSatisfy(\.isASCIIDigit), part == "0" || part.utf8.first != 0x30,
                let component = UInt64(part), component < 1 << 63
            else { return nil }
            components.append(component)
        }
        guard components.count >= 2, components[0] <= 2, components[0] == 2 || components[1] < 40 else { return nil }
        var content = OID.base128(components[0] * 40 + components[1])
        for component in components.dropFirst(2) { content += OID.base128(component) }
        self.init(derContent: content)
    }

    private static func base128(_ value: UInt64) -> [UInt8] {
        var bytes = [UInt8(value & 0x7F)]
        var rest = value >> 7
        while rest > 0 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes.reversed()
    }

    /// The components, the root arc first.
    public var components: [UInt64] {
        var components: [UInt64] = []
        var value: UInt64 = 0
        for byte in derContent {
            value = value << 7 | UInt64(byte & 0x7F)
            guard byte < 0x80 else { continue }
            if components.isEmpty {
                let root = min(value / 40, 2)
                components = [root, value - root * 40]
            } else {
                components.append(value)
            }
            value = 0
        }
        return components
    }

    /// An identifier under 2.5.4, the X.520 attribute types.
    init(x520 number: UInt8) { derContent = [0x55, 0x04, number] }

    /// An identifier known to be right, from its DER content.
    init(known derContent: [UInt8]) { self.derContent = derContent }
}

extension OID: CustomStringConvertible {
    /// Dotted decimals.
    public var description: String { components.map { String($0) }.joined(separator: ".") }
}
