import MSSXML

/// An element of a document's header. The body (`component`) is passed over as it is read: a document that embeds a
/// large PDF takes no more memory than its longest run of text.
final class CDANode {
    static let namespace = "urn:hl7-org:v3"

    let name: XMLName
    let attributes: [String: String]
    var children: [CDANode] = []
    var text = ""

    private init(_ name: XMLName, _ attributes: [String: String]) {
        self.name = name
        self.attributes = attributes
    }

    subscript(path: String...) -> CDANode? {
        path.reduce(self as CDANode?) { node, name in node?.children.first { $0.isNamed(name) } }
    }

    func all(_ name: String) -> [CDANode] { children.filter { $0.isNamed(name) } }

    func isNamed(_ local: String) -> Bool { name.local == local && name.namespace == CDANode.namespace }

    /// Limits for a document of health: base64 files inside may be long, headers are small.
    static var limits: XMLLimits {
        var limits = XMLLimits.streaming
        limits.textLength = 64 << 20
        limits.totalBytes = 256 << 20
        return limits
    }

    /// Reads the header of a document; `hasStructuredBody` tells the level of its body.
    static func read(_ document: [UInt8]) throws -> (root: CDANode, hasStructuredBody: Bool) {
        var open: [CDANode] = []
        var root: CDANode?
        var nodes = 0
        var structured = false
        var bodyDepth: Int?
        let handle: XMLEventReader.Handler = { event in
            switch event.kind {
            case .start:
                if let bodyDepth {
                    if event.depth == bodyDepth + 1 {
                        structured = event.expandedName.local == "structuredBody" || structured
                    }
                    return
                }
                let name = event.expandedName
                if event.depth == 2, name.local == "component" {
                    bodyDepth = 2
                    return
                }
                nodes += 1
                guard nodes <= 20_000 else { throw CDAFailure.missing("component") }
                let attributes = Dictionary(
                    event.attributes.filter { $0.name.namespace == nil }.map { ($0.name.local, $0.value) },
                    uniquingKeysWith: { first, _ in first })
                let node = CDANode(name, attributes)
                open.last?.children.append(node)
                if open.isEmpty { root = node }
                open.append(node)
            case .text:
                if bodyDepth == nil { open.last?.text += event.text }
            case .end:
                if bodyDepth != nil {
                    if event.depth == bodyDepth { bodyDepth = nil }
                } else {
                    open.removeLast()
                }
            }
        }
        let reader = XMLEventReader(limits: limits)
        try reader.feed(document, handle)
        try reader.finish(handle)
        guard let root, root.isNamed("ClinicalDocument") else { throw CDAFailure.notCDA }
        return (root, structured)
    }
}

extension CDANode {
    /// An `II`; `nil` for a null flavour.
    var identifier: InstanceIdentifier? {
        attributes["root"].map { InstanceIdentifier(root: $0, extension: attributes["extension"]) }
    }

    /// A `CE` or `CD`; `nil` for a null flavour.
    var code: CodedValue? {
        attributes["code"].map {
            CodedValue($0, system: attributes["codeSystem"] ?? "", displayName: attributes["displayName"] ?? "")
        }
    }

    /// A `TS`.
    var time: HL7Time? { attributes["value"].flatMap { HL7Time($0) } }

    /// The text, blanks folded.
    var words: String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
