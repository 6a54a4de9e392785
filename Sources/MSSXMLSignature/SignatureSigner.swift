import CXMLSecShim
public import MSSXML

/// Signs documents in the form that ``SignatureProfile/strict`` and ``SignatureProfile/samlAssertion`` verify:
/// enveloped, rsa-sha256, sha256, exclusive canonicalisation, the certificates in `X509Data`.
public struct SignatureSigner: Sendable {
    private let key: SigningKey
    private let limits: XMLLimits

    /// Why a document was not signed.
    public enum Failure: Error, Sendable, Hashable {
        /// Not acceptable XML.
        case document(XMLFailure)
        /// The document already holds a signature.
        case alreadySigned
        /// Not a SAML 2.0 assertion with `ID` and `Issuer` (SAML core §2.3.3).
        case notAnAssertion
        /// The cryptographic layer failed; its words.
        case refused(String)
    }

    /// A signer.
    public init(key: SigningKey, limits: XMLLimits = XMLLimits()) {
        self.key = key
        self.limits = limits
    }

    /// Signs a whole document: the signature becomes the root's last child, its reference is `URI=""`.
    /// - Returns: the signed document, in UTF-8.
    public func sign(_ document: some Sequence<UInt8>) throws(Failure) -> [UInt8] {
        let tree = try parse(document)
        return try sign(tree, uri: "", idAttribute: nil, after: nil)
    }

    /// Signs a SAML 2.0 assertion: the signature follows `Issuer`, its reference names the assertion's `ID`
    /// (SAML core §5.4.1 and §5.4.2).
    /// - Returns: the signed assertion, in UTF-8.
    public func sign(assertion: some Sequence<UInt8>) throws(Failure) -> [UInt8] {
        let saml = "urn:oasis:names:tc:SAML:2.0:assertion"
        let tree = try parse(assertion)
        // SAML core §1.3.4: an xs:ID.
        guard tree.root.isNamed("Assertion", in: saml), let id = tree.root.attribute("ID"), !id.isEmpty,
            let issuer = tree.root.children.first(where: { _ in true }), issuer.isNamed("Issuer", in: saml)
        else { throw .notAnAssertion }
        return try sign(tree, uri: "#" + id, idAttribute: "ID", after: issuer)
    }

    private func parse(_ document: some Sequence<UInt8>) throws(Failure) -> XMLTree {
        let tree: XMLTree
        do { tree = try XMLTree(document, limits: limits) } catch { throw .document(error) }
        let signed = tree.root.selfAndDescendants.contains { $0.isNamed("Signature", in: SignatureShape.namespace) }
        if signed { throw .alreadySigned }
        return tree
    }

    private func sign(_ tree: XMLTree, uri: String, idAttribute: String?, after: XMLTree.Element?) throws(Failure)
        -> [UInt8]
    {
        var words = [CChar](repeating: 0, count: 256)
        let texts = [
            SignatureAlgorithm.exclusiveC14N.uri, SignatureAlgorithm.rsaSHA256.uri, SignatureAlgorithm.sha256.uri, uri,
            idAttribute ?? "",
        ]
        let result = withCStrings(texts) { text in
            withShim(key.certificatesDER) { certificates in
                certificates.withUnsafeBufferPointer { list in
                    var options = mxs_sign_options(
                        canonicalization: text[0], signature: text[1], digest: text[2], uri: text[3],
                        id_attribute: idAttribute == nil ? nil : text[4], certificates: list.baseAddress,
                        certificate_count: list.count)
                    // The tree was made by this call and is shared with no one.
                    return tree.withDocument { mxs_sign($0, after?.node, key.key, &options, &words) }
                }
            }
        }
        guard result == 0 else {
            throw .refused(String(decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return tree.bytes
    }
}
