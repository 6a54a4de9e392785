import CXMLSecShim
package import MSSCore
package import MSSXML

extension SignatureProfile {
    /// Whether a signature under this profile has the one shape that is verified by bytes: the whole document by
    /// enveloped signature and exclusive canonicalisation, SHA-256 and RSA, a certificate's key.
    var allowsLikelyForm: Bool {
        coverage == .wholeDocument && exactTransforms == [.enveloped, .exclusiveC14N]
            && canonicalizations == [.exclusiveC14N] && digestMethods == [.sha256] && signatureMethods == [.rsaSHA256]
            && keySources == [.certificate]
    }
}

extension SignatureVerifier {
    /// Verifies a document of the usual shape without building a tree of it.
    ///
    /// It accepts or declines: whatever it does not accept is judged by ``verifyWhole(_:at:)``, which words the refusal.
    package func verifyByBytes(_ document: some Sequence<UInt8>, at time: Timestamp) -> VerifiedDocument? {
        guard profile.allowsLikelyForm, let likely = LikelyForm(document, limits: profile.limits),
            // The outline holds the root and its signature: all that the shape depends on, as no other is in the rest.
            let outline = try? XMLTree(likely.outline, limits: profile.limits),
            let shape = try? SignatureShape(outline, profile), let parts = SignedParts(shape),
            case .certificates(let certificates)? = try? SignatureKey.find(shape, profile, trust),
            let chain = try? verifyChain(certificates, at: time)
        else { return nil }
        let isSigned = outline.withDocument { document in
            parts.signature.withShim { signature in
                certificates[0].withShim { mxs_rsa_sha256_matches(document, parts.signedInfo.node, signature, $0) }
            }
        }
        // W3C Best Practices, BP 1: the reference counts only once SignedInfo is known to be the signer's.
        guard isSigned == 1,
            likely.bytes.withShim({ form in parts.digest.withShim { mxs_sha256_matches(form, $0) } }) == 1
        else { return nil }
        return VerifiedDocument(references: [likely.bytes], signerCertificateDER: certificates[0], chainDER: chain)
    }

    /// libxml2's own exclusive canonical form of a tree: what canonical bytes are compared with.
    package static func exclusiveForm(of tree: XMLTree) -> [UInt8]? {
        var form = mxs_blob()
        guard tree.withDocument({ mxs_exclusive_form($0, &form) }) == 0 else { return nil }
        return [UInt8](adopting: form)
    }
}

/// What is compared in a signature of the strict shape; `nil` when something in it is left to xmlsec.
private struct SignedParts {
    let signedInfo: XMLTree.Element
    let signature: [UInt8]
    let digest: [UInt8]

    init?(_ shape: SignatureShape) {
        let namespace = SignatureShape.namespace
        guard let signedInfo = shape.signature.child(named: "SignedInfo", in: namespace),
            let reference = signedInfo.child(named: "Reference", in: namespace),
            let digestValue = reference.child(named: "DigestValue", in: namespace),
            let signatureValue = shape.signature.child(named: "SignatureValue", in: namespace),
            SignatureShape.children(digestValue).isEmpty,
            // Its prefixes change the canonical form.
            !signedInfo.selfAndDescendants.contains(where: { $0.localName == "InclusiveNamespaces" }),
            let digest = Base64.decode(digestValue.text), let signature = Base64.decode(signatureValue.text)
        else { return nil }
        self.signedInfo = signedInfo
        self.signature = signature
        self.digest = digest
    }
}
