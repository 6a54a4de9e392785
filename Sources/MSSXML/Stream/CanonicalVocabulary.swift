import Glibc

/// A vocabulary laid out for comparison with the bytes of names, as ``XMLCanonicalReader`` meets them.
struct CanonicalVocabulary {
    /// The number of no namespace.
    static let noSpace = -2
    /// The number of all namespaces that the vocabulary does not have.
    static let otherSpace = -1

    /// Where each local name stands in `locals`, and the number of its namespace: an index into `spaces`.
    private let names: [(local: Range<Int>, space: Int)]
    private let locals: [UInt8]
    private let spaces: [[UInt8]]

    init(_ vocabulary: XMLVocabulary) {
        var spaces: [[UInt8]] = []
        var locals: [UInt8] = []
        names = vocabulary.names.map { name in
            let start = locals.count
            locals += name.local.utf8
            guard let namespace = name.namespace.map({ Array($0.utf8) }) else {
                return (start..<locals.count, Self.noSpace)
            }
            if !spaces.contains(namespace) { spaces.append(namespace) }
            return (start..<locals.count, spaces.firstIndex(of: namespace) ?? Self.otherSpace)
        }
        self.locals = locals
        self.spaces = spaces
    }

    /// The number of a namespace.
    func space(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        spaces.firstIndex { $0.elementsEqual(name) } ?? Self.otherSpace
    }

    /// The id of a name; `nil` for one outside the vocabulary.
    func id(of local: UnsafeBufferPointer<UInt8>, in space: Int) -> XMLNameID? {
        guard let base = local.baseAddress else { return nil }
        return locals.withUnsafeBufferPointer { locals in
            guard let known = locals.baseAddress else { return nil }
            for index in names.indices {
                let name = names[index]
                guard name.space == space, name.local.count == local.count,
                    memcmp(known + name.local.lowerBound, base, local.count) == 0
                else { continue }
                return XMLNameID(rawValue: UInt32(index))
            }
            return nil
        }
    }
}
