/// The namespace declarations in scope while writing, and the prefixes to prefer.
struct NamespaceScope {
    private static let xml = "http://www.w3.org/XML/1998/namespace"
    private static let xmlns = "http://www.w3.org/2000/xmlns/"

    private let preferred: [String: String]  // namespace → prefix
    let preferencesAreValid: Bool
    private var bindings: [(prefix: String, namespace: String)] = []
    private var generated = 0

    init(preferred prefixes: [String: String]) {
        var preferred: [String: String] = [:]
        var valid = true
        // Two prefixes for one namespace would make the output depend on the dictionary's order.
        for (prefix, namespace) in prefixes {
            if namespace.isEmpty || preferred.updateValue(prefix, forKey: namespace) != nil { valid = false }
            if !prefix.isEmpty && !XMLEscape.isNCName(prefix) { valid = false }
            // Namespaces in XML 1.0 §3: prefixes that begin with "xml" are reserved.
            if prefix.lowercased().hasPrefix("xml") || namespace == Self.xml || namespace == Self.xmlns {
                valid = false
            }
        }
        self.preferred = preferred
        self.preferencesAreValid = valid
    }

    /// How many bindings are in scope.
    var count: Int { bindings.count }

    /// The bindings made since there were `count`.
    func declared(since count: Int) -> ArraySlice<(prefix: String, namespace: String)> { bindings[count...] }

    /// Forgets the bindings of the elements that were closed.
    mutating func close(to count: Int) { bindings.removeSubrange(count...) }

    /// The qualified name to write, in UTF-8; binds the namespace first when it is not in scope.
    mutating func qualify(_ name: XMLName, attribute: Bool) throws(XMLWriterFailure) -> [UInt8] {
        guard XMLEscape.isNCName(name.local) else { throw .invalidName }
        guard let namespace = name.namespace else {
            // Namespaces in XML 1.0 §6.2: an unprefixed attribute is in no namespace; an unprefixed element is in the
            // default one, which must then be undeclared.
            if attribute && name.local == "xmlns" { throw .invalidName }
            if !attribute && current("") != nil { bindings.append(("", "")) }
            return Array(name.local.utf8)
        }
        if namespace == Self.xml { return Array(("xml:" + name.local).utf8) }
        if namespace == Self.xmlns { throw .invalidPrefix }
        let prefix = bound(to: namespace, attribute: attribute) ?? bind(namespace, attribute: attribute)
        return Array((prefix.isEmpty ? name.local : prefix + ":" + name.local).utf8)
    }

    /// The namespace that a prefix names now.
    private func current(_ prefix: String) -> String? {
        bindings.last { $0.prefix == prefix }.flatMap { $0.namespace.isEmpty ? nil : $0.namespace }
    }

    /// A prefix in scope for a namespace, the innermost first.
    private func bound(to namespace: String, attribute: Bool) -> String? {
        bindings.reversed().first {
            $0.namespace == namespace && !(attribute && $0.prefix.isEmpty) && current($0.prefix) == namespace
        }?.prefix
    }

    private mutating func bind(_ namespace: String, attribute: Bool) -> String {
        var prefix = preferred[namespace]
        if attribute && prefix == "" { prefix = nil }
        if prefix == nil {
            repeat { generated += 1 } while preferred.values.contains("ns\(generated)")
            prefix = "ns\(generated)"
        }
        bindings.append((prefix!, namespace))
        return prefix!
    }
}
