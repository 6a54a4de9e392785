import MSSXML
import MSSXMLSignature

/// Arbitrary bytes cut by ``LikelyForm`` and read as canonical form, within their bounds; and the canonical form of what is
/// a document, whose events are those of the event reader.
let fuzzXMLCanonical: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let document = Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    _ = events(document)
    let tree = try? XMLTree(document)
    if let likely = LikelyForm(document, limits: XMLLimits()) {
        precondition(likely.bytes.count < 2 * document.count)
        // Of a document that is one, the outline is one: its root and one child.
        if let tree, let outline = try? XMLTree(likely.outline) {
            precondition(outline.root.name == tree.root.name)
        }
    }
    guard let tree, let form = SignatureVerifier.exclusiveForm(of: tree) else { return 0 }
    guard let canonical = events(form) else { return 0 }
    var lines: [String] = []
    do {
        try XMLEventReader.read(form) { event in
            if event.kind == .text, event.isWhitespace { return }
            let name = event.kind == .end ? "" : "\(event.expandedName)"
            lines.append("\(event.kind) \(event.depth) \(name) \(event.text)")
        }
    } catch { return 0 }  // a limit of the event reader
    precondition(lines == canonical, "other events")
    return 0
}

private func events(_ form: [UInt8]) -> [String]? {
    form.withUnsafeBufferPointer { bytes in
        var reader = XMLCanonicalReader(bytes, vocabulary: XMLVocabulary())
        var lines: [String] = []
        while reader.next() {
            if reader.kind == .text, reader.isWhitespace { continue }
            let text = reader.kind == .start ? "" : reader.withText { String(decoding: $0, as: UTF8.self) }
            let name = reader.kind == .end ? "" : "\(reader.expandedName)"
            lines.append("\(reader.kind) \(reader.depth) \(name) \(text)")
        }
        return reader.hasDeclined ? nil : lines
    }
}
