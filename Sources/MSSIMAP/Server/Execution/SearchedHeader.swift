import MSSMessage

/// The name of a header field that is looked for: as it was asked, and in capitals.
struct SearchedFieldName: Sendable, Hashable {
    let text: String
    let capitals: [UInt8]

    init(_ text: String) {
        self.text = text
        capitals = RawHeaderField.name(text)
    }
}

/// A message's header under search: read as it lies where that is enough, and parsed once where it is not.
final class SearchedHeader {
    private let octets: ArraySlice<UInt8>
    /// The fields.
    private(set) lazy var block = Message(Array(octets)).header

    /// - Parameter octets: the header, the empty line after it included.
    init(_ octets: ArraySlice<UInt8>) { self.octets = octets }

    /// Whether a field of this name holds a text; any value, where the text is empty.
    func contains(_ name: SearchedFieldName, _ text: FoldedText) -> Bool {
        if let found = plain(name, text) { return found }
        let fields = block.all(name.text)
        return text.isEmpty ? !fields.isEmpty : fields.contains { FoldedText($0.text).contains(text) }
    }

    /// The same by the octets alone; `nil` where a field of the name must be understood.
    func plain(_ name: SearchedFieldName, _ text: FoldedText) -> Bool? {
        var found: Bool? = false
        octets.withUnsafeBytes { bytes in
            RawHeaderField.forEach(in: bytes) { field in
                guard field.isNamed(name.capitals, in: bytes) else { return true }
                found = field.plainValue(in: bytes).map { text.isFound(inASCII: $0) }
                return found == false
            }
        }
        return found
    }

    /// Whether any field, its name included, holds a text.
    func contains(_ text: FoldedText) -> Bool {
        plain(text) ?? block.contains { FoldedText("\($0.name): \($0.text)").contains(text) }
    }

    /// The same by the octets alone where they are plain, and field by field where they are not; `nil` for a text that may
    /// span what lies between words, or between a name and its value.
    func plain(_ text: FoldedText) -> Bool? {
        guard text.isOneWord else { return nil }
        var found = false
        octets.withUnsafeBytes { bytes in
            RawHeaderField.forEach(in: bytes) { field in
                let whole = UnsafeRawBufferPointer(rebasing: bytes[field.start..<field.end])
                // A word lies within one line, whatever lines the field has.
                if RawHeaderField.isPlain(whole, folds: field.isFolded) {
                    found = text.isFound(inASCII: whole)
                } else {
                    // Not the first one, where a line may be one of mbox files.
                    let alone = Message(Array("X:\r\n".utf8) + whole + [0x0D, 0x0A, 0x0D, 0x0A]).header
                    found = alone.dropFirst().contains { FoldedText("\($0.name): \($0.text)").contains(text) }
                }
                return !found
            }
        }
        return found
    }
}
