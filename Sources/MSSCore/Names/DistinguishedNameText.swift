/// What a text was forgiven when it was read as a distinguished name; the meaning is not in doubt in any of them.
public enum DistinguishedNameIrregularity: Sendable, Hashable, CaseIterable {
    /// Spaces around a comma, a plus or an equals sign: RFC 2253 §4 allows reading them, RFC 4514 does not.
    case spaceAroundSeparator
    /// `;` in place of a comma (RFC 1779, RFC 2253 §4).
    case semicolon
    /// A value between quotation marks (RFC 2253 §4).
    case quotedValue
    /// A special character that should have been escaped: a quotation mark, `<` or `>` inside a value.
    case unescapedSpecial
    /// Two or more spaces in a row inside a value, or a space kept at its edge.
    case repeatedSpace
    /// A no-break space or a control character inside a value.
    case unusualSpace
    /// An attribute type written `OID.1.2.3`.
    case oidPrefix
    /// An attribute without a value.
    case emptyValue

    /// The English text for logs.
    public var description: String {
        switch self {
        case .spaceAroundSeparator: "spaces around a separator"
        case .semicolon: "semicolon as separator"
        case .quotedValue: "value in quotation marks"
        case .unescapedSpecial: "special character without escape"
        case .repeatedSpace: "repeated spaces"
        case .unusualSpace: "no-break space or control character"
        case .oidPrefix: "OID. prefix"
        case .emptyValue: "empty value"
        }
    }
}

extension DistinguishedName {
    /// Reads RFC 4514 or RFC 2253 text, for example `CN=mss.example.fr,OU=1750000000,O=CHU,ST=Paris (75),C=FR`.
    ///
    /// Forgiven: all of ``DistinguishedNameIrregularity``; ``parse(rfc4514:)`` tells which. The empty text is the
    /// empty name.
    public init(rfc4514 text: some StringProtocol) throws(DistinguishedNameError) {
        self = try DistinguishedName.parse(rfc4514: text).name
    }

    /// Reads RFC 4514 or RFC 2253 text and tells what had to be forgiven.
    public static func parse(
        rfc4514 text: some StringProtocol
    ) throws(DistinguishedNameError) -> (name: DistinguishedName, irregularities: Set<DistinguishedNameIrregularity>) {
        let bytes = Array(text.utf8.prefix(maximumLength + 1))
        guard bytes.count <= maximumLength else { throw .tooLong }
        var parser = DistinguishedNameParser(bytes: bytes)
        let relativeNames = try parser.parse()
        return (DistinguishedName(relativeNames: relativeNames.reversed()), parser.irregularities)
    }

    /// The name as RFC 4514 writes it, the most specific relative name first.
    public var rfc4514: String {
        var text = ""
        for (index, relativeName) in relativeNames.reversed().enumerated() {
            if index > 0 { text.append(",") }
            for (position, attribute) in relativeName.enumerated() {
                if position > 0 { text.append("+") }
                attribute.append(to: &text)
            }
        }
        return text
    }
}

extension DistinguishedName: CustomStringConvertible {
    /// The name as RFC 4514 writes it.
    public var description: String { rfc4514 }
}

extension DistinguishedName.Attribute {
    /// RFC 4514 §2.3 and §2.4: short name and escaped text, or dotted identifier and `#` hexadecimal.
    fileprivate func append(to text: inout String) {
        text.append(type.description)
        text.append("=")
        guard type.shortName != nil, !value.isOpaque else {
            text.append("#")
            for byte in value.der {
                if byte < 0x10 { text.append("0") }
                text.append(String(byte, radix: 16, uppercase: true))
            }
            return
        }
        let scalars = Array(value.text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "\"", "+", ",", ";", "<", ">", "\\": text.append("\\")
            case "#" where index == 0, " " where index == 0 || index == scalars.count - 1: text.append("\\")
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                text.append(scalar.value < 0x10 ? "\\0" : "\\")
                text.append(String(scalar.value, radix: 16, uppercase: true))
                continue
            default: break
            }
            text.unicodeScalars.append(scalar)
        }
    }
}
