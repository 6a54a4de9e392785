import CLibXML2Shim
import Glibc

extension XMLTree.Element {
    // MARK: Name and place

    /// The expanded name.
    public var name: XMLName { XMLName(localName, in: namespace) }

    /// The local part of the name.
    public var localName: String { String(cString: mxml_node_local(node)) }

    /// The namespace name; `nil` for none.
    public var namespace: String? { mxml_node_uri(node).map { String(cString: $0) } }

    /// The prefix used in the document; `nil` for none.
    public var prefix: String? { mxml_node_prefix(node).map { String(cString: $0) } }

    /// The line of the start tag, from 1.
    public var line: Int { mxml_node_line(node) }

    /// The element that holds this one; `nil` at the root.
    public var parent: XMLTree.Element? {
        mxml_node_parent_element(node).map { XMLTree.Element(tree: tree, node: $0) }
    }

    /// Whether the element has this name.
    public func isNamed(_ local: String, in namespace: String? = nil) -> Bool {
        matches(mxml_node_local(node), local) && matches(mxml_node_uri(node), namespace)
    }

    /// The namespace that a prefix names here (`""`: the default one); `nil` when it names none.
    public func namespace(forPrefix prefix: String) -> String? {
        mxml_node_lookup(node, prefix).map { String(cString: $0) }
    }

    // MARK: Attributes

    /// The attributes, in document order; namespace declarations are not among them.
    public var attributes: [(name: XMLName, value: String)] {
        sequence(first: mxml_node_first_attr(node), next: { mxml_attr_next($0!) }).prefix { $0 != nil }.map {
            let uri = mxml_attr_uri($0!).map { String(cString: $0) }
            return (XMLName(String(cString: mxml_attr_local($0!)), in: uri), String(cString: mxml_attr_value($0!)))
        }
    }

    /// The value of an attribute; `nil` when absent.
    public func attribute(_ local: String, in namespace: String? = nil) -> String? {
        var next = mxml_node_first_attr(node)
        while let attribute = next {
            if matches(mxml_attr_local(attribute), local) && matches(mxml_attr_uri(attribute), namespace) {
                return String(cString: mxml_attr_value(attribute))
            }
            next = mxml_attr_next(attribute)
        }
        return nil
    }

    // MARK: Children

    /// The child elements, in document order.
    public var children: ChildElements { ChildElements(parent: self) }

    /// The child elements of one name, in document order.
    public func children(named local: String, in namespace: String? = nil) -> [XMLTree.Element] {
        children.filter { $0.isNamed(local, in: namespace) }
    }

    /// The first child element of one name; `nil` when there is none.
    public func child(named local: String, in namespace: String? = nil) -> XMLTree.Element? {
        children.first { $0.isNamed(local, in: namespace) }
    }

    /// This element and all elements below it, in document order.
    public var selfAndDescendants: some Sequence<XMLTree.Element> {
        // Depth-first by pointers, without recursion.
        sequence(first: self) { [self] current in
            if let child = current.firstElement(from: mxml_node_first_child(current.node)) { return child }
            var place = current
            while place != self {
                if let sibling = firstElement(from: mxml_node_next(place.node)) { return sibling }
                guard let parent = place.parent else { return nil }
                place = parent
            }
            return nil
        }
    }

    // MARK: Text

    /// The element's own text: its text and CDATA children joined; comments and child elements left out.
    ///
    /// A comment inside the text does not cut it: `a<!-- x -->b` reads `ab`.
    public var text: String {
        var joined = ""
        var next = mxml_node_first_child(node)
        while let child = next {
            if mxml_node_kind(child) == MXML_NODE_TEXT { joined += String(cString: mxml_node_content(child)) }
            next = mxml_node_next(child)
        }
        return joined
    }

    /// All text in the element and below it, in document order (XPath's string value).
    public var deepText: String {
        var joined = ""
        for content in content {
            switch content {
            case .text(let text): joined += text
            case .element(let element): joined += element.deepText
            }
        }
        return joined
    }

    /// A piece of an element's content.
    public enum Content: Sendable, Hashable {
        /// A child element.
        case element(XMLTree.Element)
        /// Character data.
        case text(String)
    }

    /// The child elements and texts, in document order; comments and processing instructions left out, text around
    /// them joined.
    public var content: [Content] {
        var pieces: [Content] = []
        var text = ""
        var next = mxml_node_first_child(node)
        while let child = next {
            switch mxml_node_kind(child) {
            case Int32(MXML_NODE_TEXT): text += String(cString: mxml_node_content(child))
            case Int32(MXML_NODE_ELEMENT):
                if !text.isEmpty { pieces.append(.text(text)) }
                text = ""
                pieces.append(.element(XMLTree.Element(tree: tree, node: child)))
            default: break
            }
            next = mxml_node_next(child)
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        return pieces
    }

    // MARK: Within

    /// The first element among a node and its following siblings.
    fileprivate func firstElement(from node: OpaquePointer?) -> XMLTree.Element? {
        var next = node
        while let candidate = next {
            if mxml_node_kind(candidate) == MXML_NODE_ELEMENT { return XMLTree.Element(tree: tree, node: candidate) }
            next = mxml_node_next(candidate)
        }
        return nil
    }

    private func matches(_ string: UnsafePointer<CChar>?, _ wanted: String?) -> Bool {
        guard let string else { return wanted == nil || wanted == "" }
        return wanted.map { strcmp(string, $0) == 0 } ?? false
    }

    /// The child elements of an element, in document order.
    public struct ChildElements: Sequence, IteratorProtocol, Sendable {
        /// Elements of a tree.
        public typealias Element = XMLTree.Element

        private let parent: XMLTree.Element
        private var upcoming: XMLTree.Element?

        fileprivate init(parent: XMLTree.Element) {
            self.parent = parent
            self.upcoming = parent.firstElement(from: mxml_node_first_child(parent.node))
        }

        /// The next child element.
        public mutating func next() -> XMLTree.Element? {
            guard let element = upcoming else { return nil }
            upcoming = parent.firstElement(from: mxml_node_next(element.node))
            return element
        }
    }
}
