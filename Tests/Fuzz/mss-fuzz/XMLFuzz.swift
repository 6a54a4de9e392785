import MSSCore
import MSSXML
import MSSXMLSignature

private func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

/// Events as text, or `nil` when the document is refused.
private func events(_ document: [UInt8], piece: Int, chunk: Int) -> [String]? {
    var lines: [String] = []
    let reader = XMLEventReader(limits: .streaming, block: piece)
    let note: XMLEventReader.Handler = { event in
        lines.append("\(event.kind) \(event.depth) \(event.expandedName) \(event.text)")
        for attribute in event.attributes { lines.append("\(attribute.name)=\(attribute.value)") }
        for declaration in event.namespaceDeclarations {
            lines.append("\(declaration.prefix):\(declaration.namespace)")
        }
    }
    do {
        var at = 0
        while at < document.count {
            let end = min(document.count, at + chunk)
            try reader.feed(document[at..<end], note)
            at = end
        }
        try reader.finish(note)
        return lines
    } catch { return nil }
}

/// The tree: what is accepted can be walked, holds no forbidden character, and the streaming reader agrees.
let fuzzXMLTree: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let document = bytes(start, count)
    let tree = try? XMLTree(document, limits: .streaming)
    let streamed = events(document, piece: 0, chunk: count + 1)
    precondition((tree == nil) == (streamed == nil), "tree and reader disagree")
    guard let tree, let streamed else { return 0 }
    let names = tree.root.selfAndDescendants.map { "\($0.name)" }
    precondition(streamed.count >= 2 * names.count)
    for element in tree.root.selfAndDescendants {
        precondition(!element.localName.isEmpty && !element.localName.contains(":"))
        precondition(element.line > 0)
        for attribute in element.attributes {
            precondition(element.attribute(attribute.name.local, in: attribute.name.namespace) == attribute.value)
        }
        precondition(element.text.unicodeScalars.allSatisfy { $0.value >= 0x20 || [9, 10, 13].contains($0.value) })
    }
    return 0
}

/// The streaming reader: the same events however the document is cut, by the caller and by the parser.
let fuzzXMLStream: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    guard count > 2 else { return 0 }
    let input = bytes(start, count)
    let (piece, chunk) = (max(1, Int(input[0])), max(1, Int(input[1])))
    let document = Array(input.dropFirst(2))
    let whole = events(document, piece: 0, chunk: document.count + 1)
    precondition(events(document, piece: 0, chunk: chunk) == whole, "cut by the caller")
    precondition(events(document, piece: piece, chunk: chunk) == whole, "cut for libxml2")
    return 0
}

/// The writer: what it accepts reads back as written.
let fuzzXMLWriter: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let parts = bytes(start, count).split(separator: 0xFF, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count >= 5 else { return 0 }
    var writer = XMLWriter(prefixes: ["p": "urn:p"])
    // libxml2 refuses namespace names that are no URI, which the writer does not check.
    func uri(_ text: String) -> String? {
        text.isEmpty ? nil : "urn:x-" + text.utf8.prefix(64).map { String($0, radix: 16) }.joined()
    }
    let namespace = uri(parts[1])
    do {
        try writer.start(parts[0], in: namespace, [XMLAttribute(parts[2], in: "urn:p", parts[3])])
        try writer.text(parts[4])
        for part in parts.dropFirst(5) { try writer.element("e", in: uri(part), [XMLAttribute("a", part)], text: part) }
        try writer.end()
    } catch { return 0 }
    guard let document = try? writer.finish() else { preconditionFailure("cannot finish") }
    var limits = XMLLimits.streaming
    limits.nameLength = 1 << 20
    limits.markupLength = 1 << 24
    let tree: XMLTree
    do throws(XMLFailure) { tree = try XMLTree(document, limits: limits) } catch {
        // libxml2 has its own limits for names (50,000 bytes).
        precondition(parts.contains { $0.utf8.count > 9_000 } || error.reason == .limit(.distinctNames), "\(error)")
        return 0
    }
    func equal(_ left: String?, _ right: String?) -> Bool {
        left.map { Array($0.unicodeScalars) } == right.map { Array($0.unicodeScalars) }
    }
    precondition(equal(tree.root.localName, parts[0]) && equal(tree.root.namespace, namespace))
    precondition(equal(tree.root.attribute(parts[2], in: "urn:p"), parts[3]))
    precondition(equal(tree.root.text, parts[4]))
    for (child, part) in zip(tree.root.children, parts.dropFirst(5)) {
        precondition(equal(child.text, part) && equal(child.attribute("a"), part))
        precondition(child.namespace == uri(part))
    }
    return 0
}

private let verifier: SignatureVerifier = {
    guard let trust = try? SignatureTrust(roots: []) else { preconditionFailure() }
    return SignatureVerifier(trust: trust)
}()

/// The shape checker and the verifier: no document verifies when nobody is trusted, and a shape that is accepted is
/// that of the Référentiel.
let fuzzXMLSignature: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let document = bytes(start, count)
    do throws(SignatureFailure) {
        _ = try verifier.verify(document, at: Timestamp(seconds: 1_800_000_000))
        preconditionFailure("verified without trust")
    } catch { precondition(error.requirement == "EX_2.2_5040" || error.requirement == "EX_2.2_5050") }
    if let tree = try? XMLTree(document), let shape = try? SignatureShape(tree, .whitelist) {
        precondition(shape.references == [""] && shape.signature.parent == tree.root)
        let signatures = tree.root.selfAndDescendants.filter { $0.isNamed("Signature", in: SignatureShape.namespace) }
        precondition(signatures == [shape.signature])
    }
    return 0
}
