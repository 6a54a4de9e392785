/// Why a text is not the CSV that is read here, and where.
package struct CSVFailure: Error, Hashable {
    package enum Reason: String, Hashable { case encoding, quote, control }
    package var reason: Reason
    package var line: Int
}

/// Records of RFC 4180, with the separators `,`, `;` (French spreadsheets) or tabulation, told by the header line.
package struct CSVReader {
    package struct Record: Hashable {
        package var fields: [String]
        package var line: Int
    }

    package static func read(_ bytes: [UInt8]) throws(CSVFailure) -> [Record] {
        var content = bytes[...]
        if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        guard String(validating: content, as: UTF8.self) != nil else {
            throw CSVFailure(reason: .encoding, line: line(ofFirstBadByteIn: content))
        }
        let separator = separator(content.prefix { $0 != 0x0A })
        var records: [Record] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var (line, start, index) = (1, 1, content.startIndex)
        /// Whether the field began with a quote, and whether that quote is closed.
        var (isQuoted, isClosed) = (false, false)

        func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
            (isQuoted, isClosed) = (false, false)
        }
        func endRecord() {
            endField()
            // An empty line is no record.
            if fields != [""] { records.append(Record(fields: fields, line: start)) }
            fields = []
        }

        while index < content.endIndex {
            let byte = content[index]
            index += 1
            if isQuoted, !isClosed {
                if byte == UInt8(ascii: "\"") {
                    if index < content.endIndex, content[index] == UInt8(ascii: "\"") {
                        field.append(byte)
                        index += 1
                    } else {
                        isClosed = true
                    }
                } else {
                    // RFC 4180 §2: quotes allow line ends and separators, not other controls.
                    if byte < 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 {
                        throw CSVFailure(reason: .control, line: line)
                    }
                    if byte == 0x0A { line += 1 }
                    field.append(byte)
                }
                continue
            }
            switch byte {
            case separator: endField()
            case 0x0D where index < content.endIndex && content[index] == 0x0A: break
            case 0x0A:
                endRecord()
                line += 1
                start = line
            case UInt8(ascii: "\""):
                guard field.isEmpty, !isClosed else { throw CSVFailure(reason: .quote, line: line) }
                isQuoted = true
            case 0..<0x20: throw CSVFailure(reason: .control, line: line)
            default:
                guard !isClosed else { throw CSVFailure(reason: .quote, line: line) }
                field.append(byte)
            }
        }
        guard !isQuoted || isClosed else { throw CSVFailure(reason: .quote, line: start) }
        if !field.isEmpty || !fields.isEmpty || isClosed { endRecord() }
        return records
    }

    /// The separator that stands most often in the header.
    private static func separator(_ header: some Collection<UInt8>) -> UInt8 {
        let candidates = [UInt8(ascii: ";"), UInt8(ascii: ","), 0x09]
        return candidates.max { left, right in header.count { $0 == left } < header.count { $0 == right } }!
    }

    private static func line(ofFirstBadByteIn content: ArraySlice<UInt8>) -> Int {
        var line = 1
        for text in content.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if String(validating: text, as: UTF8.self) == nil { return line }
            line += 1
        }
        return line
    }
}

/// Writes records with `;`, lines ended by CRLF (RFC 4180).
package enum CSVText {
    package static func record(_ fields: [String]) -> String {
        fields.map { field in
            // What a spreadsheet would run as a formula is quoted by an apostrophe that reading takes off again.
            let text = field.first.map { "=+-@\t\r'".contains($0) } ?? false ? "'" + field : field
            // By octets: as characters, CR LF is one of its own.
            return text.utf8.contains { "\";,\t".utf8.contains($0) || $0 == 0x0A || $0 == 0x0D }
                ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
        }.joined(separator: ";") + "\r\n"
    }

    /// The field as it was before ``record(_:)``.
    package static func unquoted(_ field: String) -> String {
        guard field.first == "'", let second = field.dropFirst().first, "=+-@\t\r'".contains(second) else {
            return field
        }
        return String(field.dropFirst())
    }
}
