/// Writes sections as YAML with the comment of each key; what has its default is written too, commented out, so that the
/// file shows everything that can be set.
enum SettingsWriting {
    static func section<Section: SettingsSection>(_ section: Section) -> SettingsText {
        let defaults = Section()
        return .section(
            Section.fields.map { field in
                let value = field.write(section)
                let standard = field.write(defaults)
                let isDefault = !field.isRequired && value == standard
                return (field.key, field.comment, value ?? .text("…"), isDefault)
            })
    }

    static func lines(_ value: SettingsText, indent: Int = 0, commented: Bool = false) -> [String] {
        guard case .section(let parts) = value else { return [] }
        var lines: [String] = []
        let margin = String(repeating: " ", count: indent)
        for part in parts {
            if indent == 0, !lines.isEmpty { lines.append("") }
            lines += comment(part.comment, margin)
            let isOff = commented || part.isDefault && !part.value.hasRequiredParts
            let mark = isOff ? "#" : ""
            switch part.value {
            case .text(let text): lines.append("\(margin)\(mark)\(part.field): \(text == "…" ? text : quoted(text))")
            case .list(let texts):
                lines.append("\(margin)\(mark)\(part.field): [\(texts.map(quoted).joined(separator: ", "))]")
            case .section:
                let below = SettingsWriting.lines(part.value, indent: indent + 2, commented: commented)
                // A section of which nothing is set would be an empty mapping.
                let isEmpty = below.allSatisfy { $0.trimmed.hasPrefix("#") }
                lines.append("\(margin)\(isEmpty ? "#" : "")\(part.field):")
                lines += below
            case .sections(let sections):
                lines.append("\(margin)\(mark)\(part.field):\(sections.isEmpty ? " []" : "")")
                for one in sections { lines += item(one, indent: indent + 2) }
            }
        }
        return lines
    }

    /// A section as an element of a list: its first key that is set stands behind the dash.
    private static func item(_ section: SettingsText, indent: Int) -> [String] {
        var lines = lines(section, indent: indent + 2)
        let margin = String(repeating: " ", count: indent)
        guard let first = lines.firstIndex(where: { !$0.trimmed.hasPrefix("#") }) else { return ["\(margin)- {}"] }
        let body = lines[first].dropFirst(indent + 2)
        lines[first] = "\(margin)- \(body)"
        return lines
    }

    private static func comment(_ text: String, _ margin: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, margin.count + line.count + word.count > 100 {
                lines.append("\(margin)# \(line)")
                line = ""
            }
            line += line.isEmpty ? "\(word)" : " \(word)"
        }
        if !line.isEmpty { lines.append("\(margin)# \(line)") }
        return lines
    }

    /// A text as a YAML scalar of one line.
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"): true
            case UInt8(ascii: "@"), UInt8(ascii: ":"): true
            default: false
            }
        }
        let begins = text.utf8.first.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "/"): true
            default: false
            }
        }
        if plain, begins == true, text.utf8.last != UInt8(ascii: ":") { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                quoted += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension SettingsText {
    /// A section that holds something to be set is opened, though all of it were as by default.
    fileprivate var hasRequiredParts: Bool {
        guard case .section(let parts) = self else { return false }
        return parts.contains { !$0.isDefault }
    }
}

extension String {
    fileprivate var trimmed: Substring { drop { $0 == " " } }
}
