import CLibXML2Shim

/// How much of everything a document may hold before it is refused.
///
/// A document comes from outside: each limit stops one way of exhausting memory or time. The defaults fit every
/// document of MSSanté that is read as a tree (signed list, SOAP message, IHE metadata); ``streaming`` fits documents
/// of any size that are read as events, in constant memory.
public struct XMLLimits: Sendable, Hashable {
    /// Bytes of the whole document, before decoding. 64 MiB: twenty times the whitelist of 2025.
    public var totalBytes: UInt64 = 64 << 20
    /// Elements inside one another, the root counted. libxml2 stops trees at 256 in any case.
    public var depth: Int = 128
    /// Bytes (UTF-8) of one local name.
    public var nameLength: Int = 1024
    /// Attributes of one element, namespace declarations not counted.
    public var attributesPerElement: Int = 256
    /// Namespace declarations of one element.
    public var namespacesPerElement: Int = 64
    /// Different qualified names, of elements and attributes together. Each costs memory for the life of a reader.
    public var distinctNames: Int = 16_384
    /// Bytes (UTF-8) of one run of text. libxml2 stops trees at 10,000,000 in any case.
    public var textLength: Int = 4 << 20
    /// Bytes of one piece of markup (tag with its attributes, comment, processing instruction), give or take the
    /// 32 KiB that are parsed at a time. Also bounds the time that repeated attributes cost (quadratic in libxml2).
    public var markupLength: Int = 128 << 10
    /// Elements, attributes, runs of text, comments and processing instructions together.
    public var nodeCount: UInt64 = 4_000_000

    /// The default limits.
    public init() {}

    /// For documents read as events: no bound on size and number of nodes, 1 MiB for one run of text.
    public static var streaming: XMLLimits {
        var limits = XMLLimits()
        limits.totalBytes = .max
        limits.nodeCount = .max
        limits.textLength = 1 << 20
        return limits
    }

    /// A limit, as named in a failure.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// ``XMLLimits/totalBytes``.
        case totalBytes
        /// ``XMLLimits/nodeCount``.
        case nodeCount
        /// ``XMLLimits/depth``.
        case depth
        /// ``XMLLimits/nameLength``.
        case nameLength
        /// ``XMLLimits/attributesPerElement``.
        case attributesPerElement
        /// ``XMLLimits/namespacesPerElement``.
        case namespacesPerElement
        /// ``XMLLimits/distinctNames``.
        case distinctNames
        /// ``XMLLimits/textLength``.
        case textLength
        /// ``XMLLimits/markupLength``.
        case markupLength
    }

    /// The limits in C. Lengths are kept below 2³⁰, so that offsets into a batch fit 32 bits.
    var shim: mxml_limits {
        func bounded(_ value: Int) -> UInt32 { UInt32(clamping: min(max(value, 0), 1 << 30)) }
        return mxml_limits(
            total_bytes: totalBytes, nodes: nodeCount, depth: bounded(depth), name_length: bounded(nameLength),
            attributes: bounded(attributesPerElement), namespaces: bounded(namespacesPerElement),
            distinct_names: bounded(distinctNames), text_length: bounded(textLength),
            markup_length: bounded(markupLength))
    }
}
