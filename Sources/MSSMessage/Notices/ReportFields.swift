/// Fields of the machine part of a notice (`message/delivery-status`, `message/disposition-notification`): groups of
/// header fields, separated by empty lines.
struct ReportFields {
    private var fields: [(name: String, value: String)] = []

    /// The groups of a body; line ends may be CRLF or LF. Bytes beyond ASCII are read as UTF-8 (RFC 6533).
    ///
    /// At most 10,000 lines are read: a report on the 40 recipients of a message needs a few hundred.
    static func groups(_ body: some Sequence<UInt8>) -> [ReportFields] {
        var groups: [ReportFields] = []
        var current = ReportFields()
        let text = String(decoding: Array(body), as: UTF8.self)
        for line in text.split(maxSplits: 10_000, omittingEmptySubsequences: false, whereSeparator: \.isNewline).prefix(
            10_000)
        {
            if line.allSatisfy({ $0 == " " || $0 == "\t" }) {
                if !current.fields.isEmpty { groups.append(current) }
                current = ReportFields()
            } else if line.first == " " || line.first == "\t" {
                guard !current.fields.isEmpty else { continue }
                current.fields[current.fields.count - 1].value += " " + String(line).trimmed
            } else if let colon = line.firstIndex(of: ":") {
                let name = String(line[..<colon]).trimmed.lowercased()
                current.fields.append((name, String(line[line.index(after: colon)...]).trimmed))
            }
        }
        if !current.fields.isEmpty { groups.append(current) }
        return groups
    }

    func first(_ name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name == wanted }?.value
    }

    func all(_ name: String) -> [String] {
        let wanted = name.lowercased()
        return fields.filter { $0.name == wanted }.map(\.value)
    }
}

/// Writes the fields of a machine part: one a line, ASCII only, nothing that could end the line.
struct ReportFieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func field(_ name: String, _ value: String?) {
        guard let value else { return }
        // RFC 3464 §2.1: values are ASCII; text of others is not, and may hold anything.
        let safe = String(
            decoding: LatinText.withoutAccents(value).utf8.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        ).trimmed
        // Folded before 998 octets (RFC 5322 §2.1.1): long diagnostics are cut, whole words are of no use there.
        bytes += Array("\(name): \(safe.prefix(900))\r\n".utf8)
    }

    mutating func field(_ name: String, _ value: DeliveryReport.TypedValue?) {
        field(name, value.map { "\($0.type); \($0.value)" })
    }

    mutating func endGroup() { bytes += [0x0D, 0x0A] }
}

/// Text of ENVID and ORCPT (RFC 3461 §4).
public enum XText {
    /// `+` and two hexadecimal digits for everything but `!`–`~` without `+` and `=`.
    public static func encode(_ text: some StringProtocol) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        var result = ""
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "+\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }

    /// The text encoded; `nil` when it is not xtext or not UTF-8.
    public static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                // Upper-case digits only in the grammar; lower-case ones are read too.
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                    rest.first != UInt8(ascii: "+")
                else { return nil }
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                guard (0x21...0x7E).contains(byte), byte != UInt8(ascii: "=") else { return nil }
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
