import MSSMessage
import Testing

/// Everything of a structure that can be compared, headers as text.
func outline(_ structure: MessageStructure) -> [String] {
    structure.parts.map { part in
        "\(part.index) in \(part.parent ?? -1) depth \(part.depth) \(part.kind) \(part.headerRange) \(part.bodyRange) "
            + "lines \(part.bodyLines)/\(part.bodyBareLineFeeds) traits \(part.traits.rawValue) \(part.children) "
            + part.header.map { "\($0.name)@\($0.range)=\($0.text)" }.joined(separator: "|")
    } + structure.diagnostics.map { "\($0.kind) at \($0.offset) × \($0.count)" } + ["size \(structure.size)"]
}

/// The structure from chunks of one size.
func chunked(_ bytes: [UInt8], _ size: Int, limits: MessageLimits = .standard) -> MessageStructure {
    var parser = StructureParser(limits: limits)
    var index = 0
    while index < bytes.count {
        parser.append(bytes[index..<min(index + size, bytes.count)])
        index += size
    }
    return parser.finish()
}

func expectSameStructure(
    _ bytes: [UInt8], sizes: [Int], limits: MessageLimits = .standard, sourceLocation: SourceLocation = #_sourceLocation
) {
    let whole = outline(Message(bytes, limits: limits).structure)
    for size in sizes {
        let parts = outline(chunked(bytes, size, limits: limits))
        #expect(parts == whole, "chunks of \(size)", sourceLocation: sourceLocation)
    }
}
