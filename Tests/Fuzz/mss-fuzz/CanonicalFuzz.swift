import MSSXML
import MSSXMLSignature

private let signature = XMLName("Signature", in: SignatureShape.namespace)

/// The canonical form written in one pass: libxml2's own, and a fixed point; its events are those of the event reader.
let fuzzXMLCanonical: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let document = Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    // Arbitrary bytes as canonical form: read within their bounds, or declined.
    _ = events(document)
    guard let (form, outline) = XMLTree.canonical(document, leavingOut: signature) else { return 0 }
    guard let tree = try? XMLTree(document) else { preconditionFailure("accepted in one pass only") }
    let left = tree.root.children(named: signature.local, in: signature.namespace)
    precondition(outline.root.children(named: signature.local, in: signature.namespace).count == left.count)
    precondition(outline.root.name == tree.root.name)
    // libxml2 canonicalises the whole tree; the two are the same where nothing was left out.
    if left.isEmpty, let theirs = SignatureVerifier.exclusiveForm(of: tree) {
        precondition(form == theirs, "another canonical form")
    }
    if let again = XMLTree.canonical(form, leavingOut: signature) {
        precondition(again.form == form, "not a fixed point")
    }
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
