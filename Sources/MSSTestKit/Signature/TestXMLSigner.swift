internal import Crypto
internal import FoundationEssentials
internal import _CryptoExtras

/// Signs XML documents with an enveloped XMLDSig, as the whitelist is signed (Référentiel §6.6.2, table 45): rsa-sha256,
/// exc-c14n, SHA-256, certificate in X509Data. Or badly, when asked.
public struct TestXMLSigner: Sendable, Hashable {
    /// What the signature says of the key.
    public enum KeyInfo: Sendable, Hashable {
        /// `X509Data` with the signer's certificate.
        case certificate
        /// `X509Data` with the signer's certificate and the intermediate.
        case chain
        /// A bare `KeyValue`: whoever verifies must not believe it.
        case bareKey
        /// No `KeyInfo` at all.
        case none
    }

    /// Who signs.
    public var credential: TestCredential
    /// What the signature says of the key.
    public var keyInfo: KeyInfo
    /// Whether SHA-1 replaces SHA-256 in the signature and in the digest.
    public var usesSHA1: Bool
    /// URI of one more transform to declare, which nothing carries out.
    public var extraTransform: String?
    /// `URI` of the reference; the digest stays that of the whole document.
    public var referenceURI: String

    /// A signer; only the credential is needed for a good signature.
    public init(
        _ credential: TestCredential, keyInfo: KeyInfo = .certificate, usesSHA1: Bool = false,
        extraTransform: String? = nil, referenceURI: String = ""
    ) {
        self.credential = credential
        self.keyInfo = keyInfo
        self.usesSHA1 = usesSHA1
        self.extraTransform = extraTransform
        self.referenceURI = referenceURI
    }

    /// The document with its signature as last child of the root; every other byte is kept.
    ///
    /// - Throws: ``TestFormatError`` when the document is not UTF-8, has no end tag, or uses XML beyond lists.
    public func sign(_ document: [UInt8]) throws -> [UInt8] {
        guard let text = String(validating: document, as: UTF8.self), let end = text.range(ofLast: "</") else {
            throw TestFormatError("not an XML document in UTF-8")
        }
        let digest = try digest(Self.canonical(text))
        let info = signedInfo(digest: digest)
        let canonicalInfo = try Self.canonical(
            info.replacing("<SignedInfo>", with: "<SignedInfo xmlns=\"\(Self.namespace)\">"))
        let key = try _RSA.Signing.PrivateKey(pemRepresentation: credential.privateKeyPEM)
        let bytes = Array(canonicalInfo.utf8)
        let value =
            usesSHA1
            ? try key.signature(for: Insecure.SHA1.hash(data: bytes), padding: .insecurePKCS1v1_5)
            : try key.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
        let signature =
            "<Signature xmlns=\"\(Self.namespace)\">\(info)<SignatureValue>"
            + value.rawRepresentation.base64EncodedString() + "</SignatureValue>" + (try keyInfoElement(key))
            + "</Signature>"
        return Array((text[..<end.lowerBound] + signature + text[end.lowerBound...]).utf8)
    }

    private static let namespace = "http://www.w3.org/2000/09/xmldsig#"

    private static func canonical(_ text: String) throws -> String {
        do { return try CanonicalXML.canonicalize(text) } catch let error as CanonicalXML.Unsupported {
            throw TestFormatError(error.description)
        }
    }

    private func digest(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let digest = usesSHA1 ? Data(Insecure.SHA1.hash(data: bytes)) : Data(SHA256.hash(data: bytes))
        return digest.base64EncodedString()
    }

    private func signedInfo(digest: String) -> String {
        let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
        let signatureMethod =
            usesSHA1 ? "\(Self.namespace)rsa-sha1" : "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
        let digestMethod = usesSHA1 ? "\(Self.namespace)sha1" : "http://www.w3.org/2001/04/xmlenc#sha256"
        let extra = extraTransform.map { "<Transform Algorithm=\"\($0)\"/>" } ?? ""
        return "<SignedInfo><CanonicalizationMethod Algorithm=\"\(exclusive)\"/>"
            + "<SignatureMethod Algorithm=\"\(signatureMethod)\"/><Reference URI=\"\(referenceURI)\"><Transforms>"
            + "<Transform Algorithm=\"\(Self.namespace)enveloped-signature\"/><Transform Algorithm=\"\(exclusive)\"/>\(extra)"
            + "</Transforms><DigestMethod Algorithm=\"\(digestMethod)\"/><DigestValue>\(digest)</DigestValue></Reference>"
            + "</SignedInfo>"
    }

    private func keyInfoElement(_ key: _RSA.Signing.PrivateKey) throws -> String {
        switch keyInfo {
        case .certificate, .chain:
            let certificates = keyInfo == .chain ? credential.chainDER : [credential.certificateDER]
            let elements = certificates.map {
                "<X509Certificate>\(Data($0).base64EncodedString())</X509Certificate>"
            }
            return "<KeyInfo><X509Data>\(elements.joined())</X509Data></KeyInfo>"
        case .bareKey:
            let primitives = try key.publicKey.getKeyPrimitives()
            return "<KeyInfo><KeyValue><RSAKeyValue><Modulus>\(primitives.modulus.base64EncodedString())</Modulus>"
                + "<Exponent>\(primitives.publicExponent.base64EncodedString())</Exponent></RSAKeyValue></KeyValue></KeyInfo>"
        case .none: return ""
        }
    }
}

/// A text that is not what it should be.
public struct TestFormatError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}

extension String {
    /// The last occurrence of `part`.
    func range(ofLast part: String) -> Range<String.Index>? {
        let wanted = Array(part.utf8)
        let bytes = utf8
        var index = bytes.endIndex
        while index > bytes.startIndex {
            index = bytes.index(before: index)
            if bytes[index...].starts(with: wanted) {
                return index..<bytes.index(index, offsetBy: wanted.count)
            }
        }
        return nil
    }
}
