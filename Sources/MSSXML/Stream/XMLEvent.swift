import CLibXML2Shim

/// What a reader met: a tag or a run of text.
///
/// An event is lent to the caller's closure and cannot leave it; what it gives (`String`, arrays) is a copy, and
/// ``withText(_:)`` lends the bytes themselves.
public struct XMLEvent: ~Copyable {
    /// The kinds of events.
    public enum Kind: UInt8, Sendable {
        /// A start tag, or the start of an empty-element tag.
        case start = 1
        /// An end tag, or the end of an empty-element tag.
        case end = 2
        /// Character data: everything between two tags in one piece, CDATA and character references resolved,
        /// comments and processing instructions left out.
        case text = 3
    }

    let raw: RawEvent

    /// What was met.
    public var kind: Kind { Kind(rawValue: raw.record.pointee.kind)! }

    /// The element's name; for text, the name of the element that holds it.
    public var name: XMLNameID { XMLNameID(rawValue: raw.record.pointee.name) }

    /// The element's name, spelled out.
    public var expandedName: XMLName { raw.spell(raw.record.pointee.name) }

    /// How many elements are open, this one counted: 1 at the root.
    public var depth: Int { Int(raw.record.pointee.depth) }

    /// The line where the tag or text stands, from 1.
    public var line: Int { Int(raw.record.pointee.line) }

    // MARK: Text

    /// The text (kind `.text`), or for `.end` what stood between the previous tag and this one: the whole content of
    /// an element without child elements. Empty for `.start`.
    public var text: String { String(decoding: raw.text, as: UTF8.self) }

    /// Lends the UTF-8 bytes of ``text``.
    public func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        try body(raw.text)
    }

    /// Bytes of ``text``.
    public var textLength: Int { Int(raw.record.pointee.text_length) }

    /// Whether ``text`` equals a literal; no string is made.
    public func textEquals(_ literal: StaticString) -> Bool {
        raw.text.elementsEqual(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Whether a `.text` event holds white space only.
    public var isWhitespace: Bool { raw.record.pointee.blank != 0 }

    // MARK: Attributes and namespaces

    /// How many attributes a start tag has.
    public var attributeCount: Int { Int(raw.record.pointee.attributes) }

    /// The value of an attribute of a start tag; `nil` when absent.
    public func attribute(_ name: XMLNameID) -> String? { raw.attribute(name.rawValue) }

    /// The attributes of a start tag, in document order.
    public var attributes: [(name: XMLName, value: String)] { raw.attributes }

    /// The namespaces that a start tag declares; an empty prefix for the default one, an empty name to undeclare it.
    public var namespaceDeclarations: [(prefix: String, namespace: String)] { raw.namespaceDeclarations }
}
