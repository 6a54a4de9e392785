import CLibXML2Shim

extension XMLTree {
    /// Parses a document once into the exclusive canonical form (without comments) of all but the root's children of one
    /// name, and an outline of the rest: the root with its attributes and these children alone.
    ///
    /// - Returns: `nil` when the document is not acceptable, or holds what is not settled in one pass (an element of
    ///   that name elsewhere, a relative namespace name, more than 128 rendered namespaces): parse it whole then.
    package static func canonical(
        _ bytes: some Sequence<UInt8>, leavingOut name: XMLName, limits: XMLLimits = XMLLimits()
    ) -> (form: [UInt8], outline: XMLTree)? {
        var shim = limits.shim
        func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> (form: [UInt8], outline: XMLTree)? {
            var form: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard
                let document = mxml_document_canonical(
                    bytes.baseAddress, bytes.count, &shim, name.local, name.namespace ?? "", &form, &count)
            else { return nil }
            defer { mxml_canonical_bytes_free(form) }
            return (Array(UnsafeBufferPointer(start: form, count: count)), XMLTree(adopting: document))
        }
        return bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
    }
}
