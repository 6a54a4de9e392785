import CLibXML2Shim

/// A whole document, parsed once and never changed: elements with namespaces, attributes and text.
public final class XMLTree: @unchecked Sendable {
    // Proof of @unchecked Sendable: the libxml2 document is built by the initialiser, on one thread, and owned by this
    // object alone. Afterwards it is only read, through accessors of CLibXML2Shim that follow pointers and call no
    // function of libxml2 that fills a cache (xmlSearchNs, XPath, xmlGetID do; they are not used). MSSXMLSignature
    // changes trees that it made itself and shares with no one (``withDocument(_:)``). The document is freed by deinit,
    // when no element holds this object any more.
    private let document: OpaquePointer

    /// Parses a document.
    /// - Throws: ``XMLFailure`` when it is not well-formed, holds a DTD, or passes a limit.
    public convenience init(_ bytes: some Sequence<UInt8>, limits: XMLLimits = XMLLimits()) throws(XMLFailure) {
        var shim = limits.shim
        var failure = mxml_failure()
        func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> OpaquePointer? {
            mxml_document_parse(bytes.baseAddress, bytes.count, &shim, &failure)
        }
        let parsed = bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
        guard let document = parsed else {
            throw XMLFailure(failure) ?? XMLFailure(.malformed(code: 0))
        }
        self.init(adopting: document)
    }

    init(adopting document: OpaquePointer) { self.document = document }

    deinit { mxml_document_free(document) }

    /// The document element.
    public var root: Element { Element(tree: self, node: mxml_document_root(document)!) }

    /// The document as libxml2's `xmlDocPtr`, for the sibling library that signs and verifies.
    package func withDocument<Result>(_ body: (OpaquePointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(document) }
    }

    /// The document serialised as UTF-8 with an XML declaration.
    package var bytes: [UInt8] {
        var count = 0
        guard let bytes = mxml_document_bytes(document, &count) else { return [] }
        defer { mxml_bytes_free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// An element of a tree; keeps the whole tree alive.
    public struct Element: @unchecked Sendable {
        // Proof of @unchecked Sendable: `node` belongs to `tree`, which is never changed and kept alive by it.

        /// The tree that the element belongs to.
        public let tree: XMLTree
        package let node: OpaquePointer
    }
}

extension XMLTree.Element: Hashable {
    /// The same element of the same tree.
    public static func == (left: Self, right: Self) -> Bool { left.node == right.node }

    /// Hashes the element's identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(node) }
}
