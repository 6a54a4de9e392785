public import MSSXML

/// A signature found in a document, its shape checked against a profile, nothing computed yet.
package struct SignatureShape {
    package static let namespace = "http://www.w3.org/2000/09/xmldsig#"
    private static let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"

    /// `ds:Signature`.
    package let signature: XMLTree.Element
    /// `ds:KeyInfo`, when present.
    let keyInfo: XMLTree.Element?
    let method: SignatureAlgorithm
    /// The references' URIs, in order.
    package let references: [String]

    /// Finds the one signature of a document and checks all that can be told without cryptography.
    package init(_ tree: XMLTree, _ profile: SignatureProfile) throws(SignatureFailure) {
        func refuse(_ fault: String) -> SignatureFailure { SignatureFailure(.shape(fault), profile) }
        let root = tree.root

        // Where: exactly one signature in the whole document.
        let signatures = root.selfAndDescendants.filter { $0.isNamed("Signature", in: Self.namespace) }
        guard let signature = signatures.first else { throw SignatureFailure(.notSigned, profile) }
        guard signatures.count == 1 else { throw SignatureFailure(.severalSignatures, profile) }
        let strictPlace = if case .anywhere = profile.coverage { false } else { true }
        if strictPlace && signature.parent != root { throw refuse("Signature is not a child of the root") }
        self.signature = signature

        // The children of Signature, in the order of XMLDSig §4.1.
        var parts = Self.children(signature)
        guard let signedInfo = parts.first, signedInfo.isNamed("SignedInfo", in: Self.namespace) else {
            throw refuse("SignedInfo missing")
        }
        parts.removeFirst()
        guard let value = parts.first, value.isNamed("SignatureValue", in: Self.namespace) else {
            throw refuse("SignatureValue missing")
        }
        guard Self.children(value).isEmpty else { throw refuse("SignatureValue has children") }
        parts.removeFirst()
        var keyInfo: XMLTree.Element?
        if let next = parts.first, next.isNamed("KeyInfo", in: Self.namespace) {
            keyInfo = next
            parts.removeFirst()
        }
        self.keyInfo = keyInfo
        guard parts.allSatisfy({ profile.allowsObjects && $0.isNamed("Object", in: Self.namespace) }) else {
            throw refuse("unexpected element in Signature")
        }
        // Anything that could make a verifier fetch or run something, wherever it hides.
        for element in signature.selfAndDescendants where element.namespace == Self.namespace {
            switch element.localName {
            case "RetrievalMethod": throw refuse("RetrievalMethod")
            case "Manifest" where !profile.allowsObjects, "Object" where !profile.allowsObjects:
                throw refuse(element.localName)
            default: break
            }
        }

        // SignedInfo.
        var items = Self.children(signedInfo)
        guard items.count >= 3, items[0].isNamed("CanonicalizationMethod", in: Self.namespace),
            items[1].isNamed("SignatureMethod", in: Self.namespace)
        else { throw refuse("SignedInfo is incomplete") }
        _ = try Self.algorithm(items[0], in: profile.canonicalizations, profile)
        try Self.checkInclusiveNamespaces(items[0], profile)
        method = try Self.algorithm(items[1], in: profile.signatureMethods, profile)
        for parameter in Self.children(items[1]) {
            // XMLDSig §6.3.1; a document that asks for few bits asks to be forged (CVE-2009-0217).
            guard !strictPlace, parameter.isNamed("HMACOutputLength", in: Self.namespace) else {
                throw refuse("SignatureMethod has parameters")
            }
            guard let bits = Int(parameter.text), bits >= profile.minimumHMACBits else {
                throw refuse("HMAC too short")
            }
        }
        items.removeFirst(2)
        guard items.allSatisfy({ $0.isNamed("Reference", in: Self.namespace) }) else {
            throw refuse("unexpected element in SignedInfo")
        }
        guard items.count == 1 || !strictPlace else { throw refuse("not exactly one Reference") }
        guard items.count <= profile.maximumItems else { throw refuse("too many References") }
        var references: [String] = []
        for reference in items {
            try Self.check(reference, profile)
            guard let uri = reference.attribute("URI") else { throw refuse("Reference without URI") }
            try Self.check(uri: uri, of: tree, profile)
            references.append(uri)
        }
        self.references = references
    }

    /// One reference: exactly Transforms, DigestMethod, DigestValue.
    private static func check(_ reference: XMLTree.Element, _ profile: SignatureProfile) throws(SignatureFailure) {
        func refuse(_ fault: String) -> SignatureFailure { SignatureFailure(.shape(fault), profile) }
        var parts = children(reference)
        var transforms: [XMLTree.Element] = []
        if let first = parts.first, first.isNamed("Transforms", in: namespace) {
            transforms = children(first)
            parts.removeFirst()
        }
        guard parts.count == 2, parts[0].isNamed("DigestMethod", in: namespace),
            parts[1].isNamed("DigestValue", in: namespace)
        else { throw refuse("Reference is incomplete") }
        _ = try algorithm(parts[0], in: profile.digestMethods, profile)
        guard transforms.count <= profile.maximumItems else { throw refuse("too many Transforms") }
        guard transforms.allSatisfy({ $0.isNamed("Transform", in: namespace) }) else {
            throw refuse("unexpected element in Transforms")
        }
        if let exact = profile.exactTransforms {
            for transform in transforms { _ = try algorithm(transform, in: Set(exact), profile) }
            guard transforms.map({ $0.attribute("Algorithm") }) == exact.map(\.uri) else {
                throw refuse("Transforms are not exactly those expected")
            }
            for transform in transforms { try checkInclusiveNamespaces(transform, profile) }
        } else {
            for transform in transforms { _ = try algorithm(transform, in: profile.allowedTransforms, profile) }
        }
    }

    /// What a reference names.
    private static func check(uri: String, of tree: XMLTree, _ profile: SignatureProfile) throws(SignatureFailure) {
        func refuse(_ fault: String) -> SignatureFailure { SignatureFailure(.shape(fault), profile) }
        switch profile.coverage {
        case .wholeDocument:
            guard uri.isEmpty else { throw refuse("Reference does not name the whole document") }
        case .root(let attribute):
            guard let id = tree.root.attribute(attribute), !id.isEmpty, uri == "#" + id else {
                throw refuse("Reference does not name the root")
            }
            // Only an NCName: no XPointer can hide in the id.
            guard
                id.utf8.allSatisfy({
                    $0 >= 0x80 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || (0x30...0x39).contains($0)
                        || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                })
            else { throw refuse("id is not an NCName") }
            let holders = tree.root.selfAndDescendants.filter { element in
                element.attributes.contains { $0.name.local.lowercased() == "id" && $0.value == id }
            }
            guard holders.count == 1 else { throw refuse("the id is not unique") }
        case .anywhere:
            guard uri.isEmpty || uri.hasPrefix("#") else { throw refuse("Reference outside the document") }
        }
    }

    private static func algorithm(
        _ element: XMLTree.Element, in allowed: Set<SignatureAlgorithm>, _ profile: SignatureProfile
    ) throws(SignatureFailure) -> SignatureAlgorithm {
        guard let uri = element.attribute("Algorithm") else {
            throw SignatureFailure(.shape("\(element.localName) without Algorithm"), profile)
        }
        let algorithm = SignatureAlgorithm(uri)
        guard allowed.contains(algorithm) else {
            // The identifier comes from the document: bounded before it goes into a log.
            throw SignatureFailure(.algorithm(String(uri.prefix(120))), profile)
        }
        return algorithm
    }

    /// A canonicalisation has no child but, where allowed, `InclusiveNamespaces`.
    private static func checkInclusiveNamespaces(_ element: XMLTree.Element, _ profile: SignatureProfile)
        throws(SignatureFailure)
    {
        let allowed = children(element).allSatisfy {
            profile.allowsInclusiveNamespaces && $0.isNamed("InclusiveNamespaces", in: exclusive)
                && $0.children.first { _ in true } == nil
        }
        guard allowed && children(element).count <= 1 else {
            throw SignatureFailure(.shape("\(element.localName) has parameters"), profile)
        }
    }

    static func children(_ element: XMLTree.Element) -> [XMLTree.Element] { Array(element.children) }
}
