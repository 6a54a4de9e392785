/// Writes parameters (RFC 2045 §5.1): a token, a quoted string, or RFC 2231 segments when neither serves.
struct ParameterEncoder {
    let utf8: Bool
    let field: String

    /// Longest `attribute=value` that is not split into segments; with a leading space and `;` it fits a line.
    private static let width = 74

    func pieces(_ parameters: Parameters) throws(WriterError) -> [String] {
        var pieces: [String] = []
        for entry in parameters.entries {
            guard !entry.name.isEmpty, entry.name.utf8.count <= 40,
                entry.name.utf8.allSatisfy({ Ascii.isMimeToken($0) && $0 < 127 && $0 != 39 && $0 != 42 && $0 != 37 })
            else { throw .invalidToken }
            for byte in entry.value.utf8 where byte == Ascii.cr || byte == Ascii.lf || byte == 0 {
                throw .forbiddenCharacter(field: field)
            }
            pieces += self.pieces(entry)
        }
        return pieces
    }

    private func pieces(_ entry: Parameters.Entry) -> [String] {
        let printable = entry.value.utf8.allSatisfy { $0 >= 32 && $0 < 127 }
        if printable, !entry.value.contains("=?") {
            if !entry.value.isEmpty, entry.value.utf8.allSatisfy(Ascii.isMimeToken),
                entry.name.utf8.count + 1 + entry.value.utf8.count <= Self.width
            {
                return [entry.name + "=" + entry.value]
            }
            var quoted = entry.name + "=\""
            for character in entry.value.unicodeScalars {
                if character == "\"" || character == "\\" { quoted.unicodeScalars.append("\\") }
                quoted.unicodeScalars.append(character)
            }
            quoted += "\""
            if quoted.utf8.count <= Self.width { return [quoted] }
        } else if entry.name == "name" {
            // The form that readers without RFC 2231 understand; RFC 2047 §5 forbids it, practice requires it. It
            // stands in Content-Type only: `filename` of Content-Disposition is written per RFC 2231 alone.
            return ["name=\"" + EncodedWordEncoder.words(entry.value) + "\""]
        }
        return extended(entry)
    }

    /// RFC 2231 §4, in segments (§3) when long: `name*0*=utf-8''…; name*1*=…`.
    private func extended(_ entry: Parameters.Entry) -> [String] {
        var units: [String] = []
        for scalar in entry.value.unicodeScalars {
            units.append(
                String(scalar).utf8.map { byte in
                    let plain = Ascii.isLetter(byte) || Ascii.isDigit(byte) || byte == 45 || byte == 46 || byte == 95
                    return plain
                        ? String(UnicodeScalar(byte))
                        : "%"
                            + String(
                                decoding: [Ascii.hexDigits[Int(byte >> 4)], Ascii.hexDigits[Int(byte & 15)]],
                                as: UTF8.self)
                }.joined())
        }
        let head = "utf-8'" + (entry.language ?? "") + "'"
        let single = entry.name + "*=" + head + units.joined()
        if single.utf8.count <= Self.width { return [single] }
        var segments: [String] = []
        var segment = entry.name + "*0*=" + head
        for unit in units {
            if segment.utf8.count + unit.utf8.count > Self.width {
                segments.append(segment)
                segment = entry.name + "*\(segments.count)*="
            }
            segment += unit
        }
        return segments + [segment]
    }
}
