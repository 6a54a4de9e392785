import CXMLSecShim
public import MSSCore
public import MSSXML

/// Verifies XML signatures under one profile and one trust. Any number of verifications may run at the same time.
///
/// The order is that of the W3C's best practices: the shape on the tree, then the signer's certificate, then the
/// cryptography, with exactly the key of that certificate. `KeyInfo` is read here, never by xmlsec.
public struct SignatureVerifier: Sendable {
    /// What a signature must look like.
    public let profile: SignatureProfile
    /// Whom it may come from.
    public let trust: SignatureTrust

    /// A verifier; by default for the whitelist.
    public init(profile: SignatureProfile = .whitelist, trust: SignatureTrust) {
        self.profile = profile
        self.trust = trust
    }

    /// Verifies a signed document.
    /// - Parameters:
    ///   - document: the document as received.
    ///   - time: the time at which certificates must be valid.
    /// - Returns: what was signed, by whom.
    /// - Throws: ``SignatureFailure``: EX_2.2_5040 (integrity) and EX_2.2_5050 (signer) for the whitelist.
    public func verify(_ document: some Sequence<UInt8>, at time: Timestamp) throws(SignatureFailure)
        -> VerifiedDocument
    {
        // Every refusal is the whole verification's (Decision 0025).
        if let verified = verifyByBytes(document, at: time) { return verified }
        return try verifyWhole(document, at: time)
    }

    /// Verifies by xmlsec, on the tree of the whole document.
    package func verifyWhole(_ document: some Sequence<UInt8>, at time: Timestamp) throws(SignatureFailure)
        -> VerifiedDocument
    {
        let tree: XMLTree
        do { tree = try XMLTree(document, limits: profile.limits) } catch {
            throw SignatureFailure(.document(error), profile)
        }
        let shape = try SignatureShape(tree, profile)
        let key = try SignatureKey.find(shape, profile, trust)
        var chain: [[UInt8]] = []
        var signer: [UInt8]?
        if case .certificates(let certificates) = key {
            signer = certificates[0]
            chain = try verifyChain(certificates, at: time)
        }
        // The tree was made here and is shared with no one: xmlsec may register ids in it.
        return VerifiedDocument(
            references: try compute(tree, shape, key), signerCertificateDER: signer, chainDER: chain)
    }

    // MARK: Signer

    /// RFC 5280 path validation of the signer's certificate (EX_2.2_5050).
    func verifyChain(_ certificates: [[UInt8]], at time: Timestamp) throws(SignatureFailure) -> [[UInt8]] {
        var facts = mxs_certificate_facts()
        guard certificates[0].withShim({ mxs_certificate_inspect($0, &facts) }) == 0 else {
            throw SignatureFailure(.unreadableKey, profile)
        }
        guard facts.may_sign != 0 && facts.is_ca == 0 else { throw SignatureFailure(.signerUsage, profile) }
        guard facts.is_rsa == 0 || facts.key_bits >= profile.minimumRSABits else {
            throw SignatureFailure(.algorithm("RSA key of \(facts.key_bits) bits"), profile)
        }
        var blobs = [mxs_blob](repeating: mxs_blob(), count: 16)
        var length = 0
        let verdict = withShim(certificates) {
            mxs_chain_verify(
                trust.store, $0, $0.count, time.seconds,
                CInt(trust.revocation == .required ? MXS_REVOCATION_REQUIRED : MXS_REVOCATION_LISTED),
                CInt(profile.chainSecurityLevel), &blobs, blobs.count, &length)
        }
        let chain = blobs.prefix(length).map { [UInt8](adopting: $0) }
        guard verdict.error != 0 else { return chain }
        let words = String(cString: mxs_chain_error_text(verdict.error))
        let reason: SignatureFailure.Reason =
            switch (Int(mxs_chain_error_family(verdict.error)), verdict.depth) {
            case (Int(MXS_CHAIN_EXPIRED), 0): .signerExpired
            case (Int(MXS_CHAIN_NOT_YET_VALID), 0): .signerNotYetValid
            case (Int(MXS_CHAIN_REVOKED), _): .signerRevoked
            case (Int(MXS_CHAIN_NO_CRL), _): .revocationUnknown
            default: .signerUntrusted(verdict.depth > 0 ? "\(words) (depth \(verdict.depth))" : words)
            }
        throw SignatureFailure(reason, profile)
    }

    // MARK: Cryptography

    private func compute(_ tree: XMLTree, _ shape: SignatureShape, _ key: SignatureKey) throws(SignatureFailure)
        -> [[UInt8]]
    {
        let (kind, bytes): (CInt, [UInt8]) =
            switch key {
            case .certificates(let list): (CInt(MXS_KEY_CERTIFICATE), list[0])
            case .secret(let secret): (CInt(MXS_KEY_SECRET), secret)
            case .keyValue: (CInt(MXS_KEY_FROM_KEYINFO), [])
            }
        let (uris, ids): (CInt, [String]) =
            switch profile.coverage {
            case .wholeDocument: (CInt(MXS_URI_EMPTY), [])
            case .root(let id): (CInt(MXS_URI_SAME_DOCUMENT), [id])
            case .anywhere(let ids): (CInt(MXS_URI_EMPTY | MXS_URI_SAME_DOCUMENT), ids)
            }
        var result = withCStrings(profile.referenceAlgorithms.map(\.uri)) { transforms in
            withCStrings(profile.canonicalizations.union([shape.method]).map(\.uri)) { signing in
                withCStrings(ids) { ids in
                    bytes.withShim { key in
                        var options = mxs_verify_options(
                            key_kind: kind, key: key, transforms: transforms.baseAddress,
                            transform_count: transforms.count - 1, signature_transforms: signing.baseAddress,
                            signature_transform_count: signing.count - 1, uris: uris, id_attributes: ids.baseAddress)
                        return tree.withDocument { mxs_verify($0, shape.signature.node, &options) }
                    }
                }
            }
        }
        defer { mxs_verification_free(&result) }
        let words = withUnsafeBytes(of: result.detail) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        switch Int(result.status) {
        case Int(MXS_VALID): break
        case Int(MXS_DIGEST_MISMATCH): throw SignatureFailure(.digestMismatch, profile)
        case Int(MXS_SIGNATURE_MISMATCH): throw SignatureFailure(.signatureMismatch, profile)
        case Int(MXS_NO_KEY): throw SignatureFailure(.unreadableKey, profile)
        default: throw SignatureFailure(.refused(words), profile)
        }
        guard result.reference_count == shape.references.count, result.reference_count > 0 else {
            throw SignatureFailure(.refused("references are missing"), profile)
        }
        return (0..<result.reference_count).map {
            Array(UnsafeBufferPointer(start: result.references[$0].bytes, count: result.references[$0].count))
        }
    }
}

/// Lends strings as a NULL-terminated array of C strings.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    let characters = strings.flatMap { Array($0.utf8CString) }
    return try characters.withUnsafeBufferPointer { memory in
        var offset = 0
        var pointers = strings.map { string -> UnsafePointer<CChar>? in
            defer { offset += string.utf8.count + 1 }
            return memory.baseAddress.map { $0 + offset }
        }
        pointers.append(nil)
        return try pointers.withUnsafeBufferPointer(body)
    }
}
