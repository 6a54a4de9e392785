/// An expanded name: local part and namespace (Namespaces in XML 1.0 §2.1). The prefix is not part of it.
public struct XMLName: Sendable, Hashable, CustomStringConvertible {
    /// The local part.
    public let local: String
    /// The namespace name; `nil` for none.
    public let namespace: String?

    /// A name; the empty namespace is the same as none.
    public init(_ local: String, in namespace: String? = nil) {
        self.local = local
        self.namespace = namespace?.isEmpty == true ? nil : namespace
    }

    /// James Clark's notation, `{namespace}local`.
    public var description: String { namespace.map { "{\($0)}\(local)" } ?? local }
}

/// A name of a ``XMLVocabulary``, or one met by a reader: compares in one machine instruction.
///
/// Only meaningful between a vocabulary and the readers made with it.
public struct XMLNameID: Sendable, Hashable {
    let rawValue: UInt32
}

/// The names that the caller of an ``XMLEventReader`` knows, registered before reading.
///
/// ```swift
/// var vocabulary = XMLVocabulary()
/// let nom = vocabulary.id("Nom", in: "https://listeblanche.mssante.fr/schema")
/// ```
/// Then `event.name == nom` tells the element apart without a string being made.
public struct XMLVocabulary: Sendable {
    private(set) var names: [XMLName] = []
    private var known: [XMLName: XMLNameID] = [:]

    /// An empty vocabulary.
    public init() {}

    /// The id of a name, registered on first use.
    public mutating func id(_ local: String, in namespace: String? = nil) -> XMLNameID {
        let name = XMLName(local, in: namespace)
        if let id = known[name] { return id }
        let id = XMLNameID(rawValue: UInt32(names.count))
        names.append(name)
        known[name] = id
        return id
    }
}
