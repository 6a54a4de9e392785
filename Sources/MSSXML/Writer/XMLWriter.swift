/// Writes one XML 1.0 document in UTF-8: escaped everywhere, well-formed by construction, the same bytes for the same
/// calls.
///
/// ```swift
/// var writer = XMLWriter(prefixes: ["": "urn:example"])
/// try writer.element("a", in: "urn:example", [XMLAttribute("id", "1 & 2")]) { try $0.text("<b>") }
/// let bytes = try writer.finish()   // …<a xmlns="urn:example" id="1 &amp; 2">&lt;b&gt;</a>
/// ```
/// Namespaces are given by name; the writer declares them where they are first used, with the preferred prefixes or
/// with `ns1`, `ns2`… Nothing can be written raw. With a sink, memory stays constant whatever the document's size.
/// A failed call leaves the document unusable: every further call throws the same failure.
public struct XMLWriter {
    /// Receives the document piece by piece; what it throws ends the writing.
    public typealias Sink = (_ bytes: UnsafeRawBufferPointer) throws -> Void

    var buffer: [UInt8] = []
    private let sink: Sink?
    private var open: [OpenElement] = []
    private var tagOpen = false
    private var rootWritten = false
    private var failure: (any Error)?
    var namespaces: NamespaceScope

    private struct OpenElement {
        /// The qualified name as written, in UTF-8.
        let name: [UInt8]
        /// Bindings in scope before this element's own.
        let bindings: Int
    }

    /// A writer that keeps the document in memory until ``finish()``.
    /// - Parameter prefixes: preferred prefix → namespace; `""` for the default namespace of elements.
    public init(prefixes: [String: String] = [:]) {
        self.init(prefixes: prefixes, sink: nil)
    }

    /// A writer that hands the document to `sink` in pieces of about 32 KiB.
    public init(prefixes: [String: String] = [:], to sink: @escaping Sink) {
        self.init(prefixes: prefixes, sink: sink)
    }

    private init(prefixes: [String: String], sink: Sink?) {
        self.sink = sink
        self.namespaces = NamespaceScope(preferred: prefixes)
        if !namespaces.preferencesAreValid { failure = XMLWriterFailure.invalidPrefix }
        buffer.append(contentsOf: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
    }

    // MARK: Writing

    /// Opens an element.
    public mutating func start(_ name: String, in namespace: String? = nil, _ attributes: [XMLAttribute] = []) throws {
        try guarded { writer in try writer.writeStart(XMLName(name, in: namespace), attributes) }
    }

    /// Closes the element opened last.
    public mutating func end() throws {
        try guarded { writer in
            guard let element = writer.open.popLast() else { throw XMLWriterFailure.nothingOpen }
            if writer.tagOpen {
                writer.buffer.append(contentsOf: "/>".utf8)
                writer.tagOpen = false
            } else {
                writer.buffer.append(contentsOf: "</".utf8)
                writer.buffer.append(contentsOf: element.name)
                writer.buffer.append(UInt8(ascii: ">"))
            }
            writer.namespaces.close(to: element.bindings)
            try writer.flush(beyond: 32 << 10)
        }
    }

    /// Writes character data inside the open element.
    public mutating func text(_ text: some StringProtocol) throws {
        try guarded { writer in
            guard !writer.open.isEmpty else { throw XMLWriterFailure.outsideRoot }
            if text.isEmpty { return }
            writer.closeTag()
            try XMLEscape.append(text, to: &writer.buffer, attribute: false)
            try writer.flush(beyond: 32 << 10)
        }
    }

    /// Writes an element whose content `body` writes; it is closed whatever `body` left open.
    public mutating func element(
        _ name: String, in namespace: String? = nil, _ attributes: [XMLAttribute] = [],
        _ body: (inout XMLWriter) throws -> Void = { _ in }
    ) throws {
        try start(name, in: namespace, attributes)
        let depth = open.count
        try body(&self)
        guard open.count >= depth else { throw remember(XMLWriterFailure.nothingOpen) }
        while open.count >= depth { try end() }
    }

    /// Writes an element that holds text only.
    public mutating func element(
        _ name: String, in namespace: String? = nil, _ attributes: [XMLAttribute] = [], text: some StringProtocol
    ) throws {
        try start(name, in: namespace, attributes)
        try self.text(text)
        try end()
    }

    /// Ends the document; gives its bytes, or with a sink hands over the rest and gives none.
    /// - Throws: ``XMLWriterFailure/incomplete`` while elements are open or when none was written.
    public mutating func finish() throws -> [UInt8] {
        try guarded { writer in
            guard writer.open.isEmpty && writer.rootWritten else { throw XMLWriterFailure.incomplete }
            try writer.flush(beyond: 0)
        }
        defer { buffer = [] }
        return buffer
    }

    // MARK: Within

    private mutating func writeStart(_ name: XMLName, _ attributes: [XMLAttribute]) throws {
        if open.isEmpty && rootWritten { throw XMLWriterFailure.outsideRoot }
        rootWritten = true
        closeTag()
        let before = namespaces.count
        let qualified = try namespaces.qualify(name, attribute: false)
        buffer.append(UInt8(ascii: "<"))
        buffer.append(contentsOf: qualified)
        var seen = Set<XMLName>()
        var written: [(name: [UInt8], value: String)] = []
        for attribute in attributes {
            guard seen.insert(attribute.name).inserted else { throw XMLWriterFailure.duplicateAttribute }
            written.append((try namespaces.qualify(attribute.name, attribute: true), attribute.value))
        }
        for (prefix, namespace) in namespaces.declared(since: before) {
            buffer.append(contentsOf: (prefix.isEmpty ? " xmlns" : " xmlns:" + prefix).utf8)
            try appendValue(namespace)
        }
        for (name, value) in written {
            buffer.append(UInt8(ascii: " "))
            buffer.append(contentsOf: name)
            try appendValue(value)
        }
        open.append(OpenElement(name: qualified, bindings: before))
        tagOpen = true
    }

    private mutating func appendValue(_ value: String) throws {
        buffer.append(contentsOf: "=\"".utf8)
        try XMLEscape.append(value, to: &buffer, attribute: true)
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func closeTag() {
        guard tagOpen else { return }
        buffer.append(UInt8(ascii: ">"))
        tagOpen = false
    }

    private mutating func flush(beyond size: Int) throws {
        guard let sink, buffer.count > size else { return }
        try buffer.withUnsafeBytes(sink)
        buffer.removeAll(keepingCapacity: true)
    }

    private mutating func guarded(_ body: (inout XMLWriter) throws -> Void) throws {
        if let failure { throw failure }
        do { try body(&self) } catch { throw remember(error) }
    }

    private mutating func remember(_ error: any Error) -> any Error {
        failure = error
        return error
    }
}

/// An attribute to write.
public struct XMLAttribute: Sendable, Hashable {
    /// The expanded name.
    public var name: XMLName
    /// The value, not escaped.
    public var value: String

    /// An attribute.
    public init(_ name: String, in namespace: String? = nil, _ value: String) {
        self.name = XMLName(name, in: namespace)
        self.value = value
    }
}
